"""What a place of a template belongs to: the type behind a node, the schema behind a value, a function's arguments."""

from __future__ import annotations

from typing import Any

from mattone.lsp.language import Where
from mattone.lsp.model import Model
from mattone.tosca.definitions import (
    CapabilityDef,
    PropertyDef,
    RequirementDef,
    Schema,
    capabilities_of,
    properties_of,
    requirements_of,
)
from mattone.tosca.functions import FUNCTIONS, NoSuchStep, follow, readable
from mattone.tosca.source import Key
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import resolve

_KINDS = {
    "node_template": "node",
    "relationship_template": "relationship",
    "relationship_assignment": "relationship",
    "group_definition": "group",
    "policy_definition": "policy",
    "artifact_definition": "artifact",
}


def type_at(model: Model, element: str, base: tuple[Key, ...]) -> TypeDef | None:
    """The type of the template or definition that stands at a path."""
    kind = _KINDS.get(element, "")
    written = model.raw(base).get("type")
    if kind and isinstance(written, str):
        return model.type(kind, written)
    if element == "relationship_assignment":
        requirement = requirement_at(model, base[:-1])
        return requirement.owner.scope.find("relationship", requirement.relationship) if requirement else None
    if element.endswith("_type") and len(base) == 2:
        return model.type(element.removesuffix("_type"), base[-1])
    return None


def requirement_at(model: Model, path: tuple[Key, ...]) -> RequirementDef | None:
    """The definition of the requirement that is assigned at a path, which ends in its index and its name."""
    owner = type_at(model, "node_template", path[:-3])
    return requirements_of(owner).get(str(path[-1])) if owner is not None and len(path) > 3 else None


def capability_at(model: Model, path: tuple[Key, ...]) -> CapabilityDef | None:
    """The definition of the capability that is assigned at a path, which ends in its name."""
    owner = type_at(model, "node_template", path[:-2])
    return capabilities_of(owner).get(str(path[-1])) if owner is not None else None


def properties_at(model: Model, one: Where) -> dict[str, PropertyDef | None]:
    """The properties (or attributes) that may be set where a `properties` section stands."""
    section = one.keyname
    if one.element == "capability_assignment":
        capability = capability_at(model, one.base)
        if capability is None:
            return {}
        return capability.properties if section == "properties" else capability.attributes
    kind = type_at(model, one.element, one.base)
    return properties_of(kind, section) if kind is not None else {}


def schema_at(model: Model, one: Where) -> tuple[PropertyDef | None, Schema | None]:
    """Definition of the property that a place lies in, and the schema of the place itself."""
    if one.slot == ("parameter_definition", "default") or one.slot == ("property_definition", "default"):
        return None, _own_schema(model, one)
    if one.keyname not in ("properties", "attributes") or not one.rest:
        return None, None
    definition = properties_at(model, one).get(str(one.rest[0]))
    if definition is None:
        return None, None
    return definition, inner(definition.schema, one.rest[1:])


def _own_schema(model: Model, one: Where) -> Schema | None:
    from mattone.tosca.definitions import schema_of
    from mattone.tosca.spots import Spot

    schema = schema_of(model.raw(one.base), Spot(model.document, one.base), model.template.scope)
    return inner(schema, one.rest) if schema is not None else None


def inner(schema: Schema | None, steps: tuple[Key, ...]) -> Schema | None:
    """The schema of a part of a value; None when there is none."""
    try:
        return follow(schema, list(steps))
    except NoSuchStep:
        return None


def fields(schema: Schema | None) -> dict[str, PropertyDef | None]:
    """The fields of a value of a complex type; none for any other."""
    kind = resolve(schema)[0] if schema is not None else None
    return properties_of(kind) if kind is not None else {}


def call_at(path: tuple[Key, ...]) -> tuple[str, tuple[Key, ...], int] | None:
    """The innermost call that a path leads into: function, path of its argument, index in it (0 for a single one)."""
    for depth in range(len(path) - 1, -1, -1):
        if path[depth] in FUNCTIONS:
            rest = path[depth + 1 :]
            if not rest:
                return str(path[depth]), path[: depth + 1], 0
            return (str(path[depth]), path[: depth + 1], rest[0]) if isinstance(rest[0], int) else None
    return None


def holder_at(model: Model, path: tuple[Key, ...]) -> tuple[TypeDef | None, str]:
    """What SELF means at a path: the type, and the node's name when it is a node template."""
    if len(path) > 2 and path[1] == "node_templates":
        node = model.node(path[2])
        if node is not None:
            return node.type, node.name
    if len(path) > 1 and str(path[0]).endswith("_types"):
        return model.type(str(path[0]).removesuffix("_types"), path[1]), ""
    return None, ""


def entity(model: Model, name: object, path: tuple[Key, ...]) -> tuple[TypeDef | None, str]:
    """The type and the name of the node that the first argument of a function means."""
    if name == "SELF":
        return holder_at(model, path)
    if name == "HOST":
        _, own = holder_at(model, path)
        return target_of(model, own, "host")
    node = model.node(name)
    return (node.type, node.name) if node is not None else (None, "")


def target_of(model: Model, node_name: str, requirement: str) -> tuple[TypeDef | None, str]:
    """The node that a requirement of a node is assigned to."""
    node = model.node(node_name)
    for name, raw, _ in named(node.raw.get("requirements") if node else None):
        found = model.node(raw.get("node") if isinstance(raw, dict) else raw)
        if name == requirement and found is not None:
            return found.type, found.name
    return None, ""


def steps(model: Model, path: tuple[Key, ...], call: tuple[Key, ...], index: int) -> dict[str, Any]:
    """Names that may stand at an index (1 or more) of `get_property` or `get_attribute`, with what each is."""
    written = model.value(call)
    arguments = written if isinstance(written, list) else []
    kind, name = entity(model, arguments[0] if arguments else None, path)
    attributes = call[-1] == "get_attribute"
    if kind is None:
        return {}
    if index == 1:
        through: dict[str, Any] = {**capabilities_of(kind), **requirements_of(kind)} if kind.kind == "node" else {}
        return {**through, **readable(kind, attributes)}
    first = str(arguments[1]) if len(arguments) > 1 else ""
    known = readable(kind, attributes)
    if first in known:
        definition = known[first]
        return dict(fields(inner(definition.schema if definition else None, tuple(arguments[2:index]))))
    if kind.kind != "node" or index != 2:
        return {}
    capability = capabilities_of(kind).get(first)
    if capability is not None:
        return {**capability.properties, **(capability.attributes if attributes else {})}
    target, _ = target_of(model, name, first)
    return {**readable(target, attributes), **capabilities_of(target)} if target is not None else {}
