"""A rendered template with its functions evaluated: what each node, property and output comes to.

Machines exist, and have addresses, before a template is handed to IM; so every function that the
TOSCA Simple Profile 1.3, chapter 4, defines for values can be evaluated here, and IM receives plain
values. What only IM can know (what Ansible printed) stays a function and is marked as `Later`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from mattone.engines.interface import Value
from mattone.errors import InputError, RemoteError
from mattone.tosca.definitions import capabilities_of, properties_of, requirements_of
from mattone.tosca.spots import show
from mattone.tosca.template import NodeTemplate, ServiceTemplate, load_template, mapping
from mattone.tosca.types import TypeDef, named

COMPUTE = "tosca.nodes.Compute"
BLOCK_STORAGE = "tosca.nodes.BlockStorage"
_ADDRESSES = ("private_address", "public_address", "ip_address")
_LATER = ("ctxt_log", "ansible_output")
_DEEPEST = 50  # functions that refer to each other in a circle end here


class Later(Exception):
    """The value depends on what IM alone will know; `function` is what IM is to evaluate."""

    def __init__(self, function: Mapping[str, Any]) -> None:
        super().__init__("later")
        self.function = function


@dataclass(frozen=True, slots=True)
class Link:
    """One requirement of a node template: its name, the node it points to, and its relationship."""

    name: str
    target: str
    lineage: tuple[str, ...]
    properties: Mapping[str, Any]

    def is_a(self, relationship: str) -> bool:
        return f"tosca.relationships.{relationship}" in self.lineage


def read(document: Mapping[str, Value]) -> ServiceTemplate:
    """The typed view of a rendered template. Raises RemoteError when it is none."""
    data = yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True).encode()
    template, findings = load_template(
        "template", lambda _base, name: ("template", data) if name == "template" else None
    )
    if template is None:
        raise RemoteError("the submitted template is no service template")
    if template.imports or findings:
        said = findings[0].message if findings else "it imports other files"
        raise RemoteError(f"the submitted template is not self-contained: {said}")
    return template


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value


class Topology:
    """The nodes of a template. `addresses` gives those of each Compute node's machines, in order."""

    def __init__(self, template: ServiceTemplate, addresses: Mapping[str, Sequence[str]] | None = None) -> None:
        self.template = template
        self.nodes = template.nodes
        self._addresses = addresses or {}
        self._depth = 0
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "get_input": self._get_input,
            "get_property": self._get_property,
            "get_attribute": self._get_attribute,
            "concat": self._concat,
            "join": self._join,
            "token": self._token,
        }

    def is_a(self, node: str, type_name: str) -> bool:
        """Whether a node's type is, or derives from, the named type."""
        return any(one.name == type_name for one in self._type(node).lineage)

    def computes(self) -> tuple[str, ...]:
        """The names of the nodes that are machines, as the template orders them."""
        return tuple(name for name in self.nodes if self.is_a(name, COMPUTE))

    def links(self, node: str) -> tuple[Link, ...]:
        """The requirements of a node that name a node template."""
        found = []
        for name, raw, _ in named(self._node(node).raw.get("requirements")):
            long = raw if isinstance(raw, dict) else {"node": raw}
            if long.get("node") in self.nodes:
                lineage, properties = self._relationship(node, name, long.get("relationship"))
                found.append(Link(name, long["node"], lineage, properties))
        return tuple(found)

    def host(self, node: str) -> str | None:
        """The Compute node that a node is hosted on, through any number of nodes; itself when it is one."""
        seen: set[str] = set()
        while node not in seen:
            if self.is_a(node, COMPUTE):
                return node
            seen.add(node)
            node = next((link.target for link in self.links(node) if link.is_a("HostedOn")), node)
        return None

    def property(self, node: str, name: str) -> Any:
        """The value of a property: assigned, or the type's default, or None."""
        assigned = mapping(self._node(node).raw, "properties")
        if name in assigned:
            return self.value(assigned[name], node)
        defined = properties_of(self._type(node)).get(name)
        return self.value(defined.default, node) if defined is not None and defined.has_default else None

    def capability(self, node: str, capability: str, name: str) -> Any:
        """The value of a property of a capability: assigned, or its default, or None."""
        assigned = mapping(mapping(mapping(self._node(node).raw, "capabilities"), capability), "properties")
        if name in assigned:
            return self.value(assigned[name], node)
        known = capabilities_of(self._type(node)).get(capability)
        defined = known.properties.get(name) if known is not None else None
        return self.value(defined.default, node) if defined is not None and defined.has_default else None

    def value(self, expression: Any, node: str = "") -> Any:
        """An expression of the template with its functions evaluated, as seen from a node.

        Raises Later, and InputError for a function that has no value or is not known here.
        """
        if isinstance(expression, list):
            return [self.value(item, node) for item in expression]
        if not isinstance(expression, dict):
            return expression
        name = next(iter(expression), None)
        if len(expression) == 1 and name in self._functions:
            self._depth += 1
            try:
                if self._depth > _DEEPEST:
                    raise InputError(f"`{show(expression)}` refers to itself")
                return self._functions[name](expression[name], node)
            finally:
                self._depth -= 1
        if len(expression) == 1 and isinstance(name, str) and name.startswith("get_"):
            raise InputError(f"the embedded engine cannot evaluate `{show(name)}`")
        return {key: self.value(inner, node) for key, inner in expression.items()}

    def outputs(self) -> dict[str, Any]:
        """Every output: its value, or the function that IM is to evaluate once it has configured."""
        found = {}
        for name, output in self.template.outputs.items():
            try:
                found[name] = self.value(output.value)
            except Later as later:
                found[name] = dict(later.function)
        return found

    def _node(self, name: str) -> NodeTemplate:
        if name not in self.nodes:
            raise InputError(f"the template has no node `{show(name)}`")
        return self.nodes[name]

    def _type(self, node: str) -> TypeDef:
        found = self._node(node).type
        if found is None:
            raise InputError(f"node `{show(node)}` has the unknown type `{show(self._node(node).type_name)}`")
        return found

    def _relationship(self, node: str, requirement: str, raw: Any) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        """The lineage and the property assignments of a relationship, however it is written."""
        templates = mapping(self.template.topology, "relationship_templates")
        body: Any = templates.get(raw, {"type": raw}) if isinstance(raw, str) else raw or {}
        known = requirements_of(self._type(node)).get(requirement)
        type_name = body.get("type") or (known.relationship if known is not None else "")
        found = self.template.scope.find("relationship", type_name)
        if found is None and requirement == "host":
            return ("tosca.relationships.HostedOn",), {}
        properties = {key: self.value(value, node) for key, value in mapping(body, "properties").items()}
        return tuple(one.name for one in found.lineage) if found else (), properties

    def _get_input(self, arguments: Any, node: str) -> Any:
        name, *rest = arguments if isinstance(arguments, list) else [arguments]
        definition = self.template.inputs.get(name)
        if definition is None or not definition.has_default:
            raise InputError(f"input `{show(name)}` has no value")
        return _inside(self.value(definition.default, node), rest)

    def _get_property(self, arguments: Any, node: str) -> Any:
        entity, names = self._entity(arguments, node)
        first, *rest = names
        if rest and first not in properties_of(self._type(entity)):
            if first in capabilities_of(self._type(entity)):
                return _inside(self.capability(entity, first, rest[0]), rest[1:])
            target = next((link.target for link in self.links(entity) if link.name == first), None)
            if target is not None:
                return self._get_property([target, *rest], node)
        return _inside(self.property(entity, first), rest)

    def _get_attribute(self, arguments: Any, node: str) -> Any:
        entity, names = self._entity(arguments, node)
        first, *rest = names
        if first in _LATER or (rest and rest[0] in _LATER):
            raise Later({"get_attribute": [entity, *names]})
        if first in _ADDRESSES:
            return _inside(self._address(entity, first), rest)
        if first == "tosca_name":
            return entity
        defined = properties_of(self._type(entity), "attributes").get(first)
        if defined is not None and defined.has_default:
            return _inside(self.value(defined.default, entity), rest)
        return self._get_property([entity, *names], node)

    def _address(self, node: str, attribute: str) -> Any:
        """All addresses where the type says list (as the INDIGO types do), else the first."""
        host = self.host(node)
        if host is None:
            raise InputError(f"node `{show(node)}` is hosted on no machine and has no `{attribute}`")
        addresses = list(self._addresses.get(host, ()))
        defined = properties_of(self._type(node), "attributes").get(attribute)
        if defined is not None and defined.schema.type == "list":
            return addresses
        return addresses[0] if addresses else ""

    def _entity(self, arguments: Any, node: str) -> tuple[str, list[Any]]:
        if not (isinstance(arguments, list) and len(arguments) >= 2 and isinstance(arguments[0], str)):
            raise InputError(f"`{show(arguments)}` names no property of a node")
        entity, *names = arguments
        if entity == "SELF":
            return node, names
        if entity == "HOST":
            host = self.host(node)
            if host is None:
                raise InputError(f"node `{show(node)}` is hosted on no machine")
            return host, names
        return entity, names

    def _concat(self, parts: Any, node: str) -> str:
        return "".join(_text(self.value(part, node)) for part in _items(parts))

    def _join(self, arguments: Any, node: str) -> str:
        parts, *delimiter = _items(arguments)
        return _text(delimiter[0] if delimiter else "").join(_text(part) for part in _items(self.value(parts, node)))

    def _token(self, arguments: Any, node: str) -> str:
        text, characters, index = (self.value(item, node) for item in _items(arguments))
        table = str.maketrans(dict.fromkeys(str(characters), "\0"))
        return str(_inside(str(text).translate(table).split("\0"), [index]))


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InputError(f"`{show(value)}` is no list of arguments")
    return value


def _inside(value: Any, path: Sequence[Any]) -> Any:
    """What lies in a list or map at the rest of a function's arguments."""
    for step in path:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise InputError(f"there is no `{show(step)}` in `{show(value)}`") from None
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def hosted(topology: Topology, compute: str) -> Iterator[str]:
    """The nodes that lie on a Compute node, itself first."""
    yield compute
    yield from (name for name in topology.nodes if name != compute and topology.host(name) == compute)
