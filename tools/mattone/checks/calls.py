"""Do intrinsic functions refer to something that exists, and does its type fit (1.3, chapter 4)."""

from __future__ import annotations

from typing import Any

from mattone.checks.context import Context, Here
from mattone.tosca.definitions import PropertyDef, Schema, capabilities_of, requirements_of
from mattone.tosca.functions import (
    NoSuchStep,
    argument_of,
    bare,
    calls,
    fits,
    follow,
    function_of,
    is_call,
    readable,
    spell,
)
from mattone.tosca.operations import bodies, interface_type, operations_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import TypeDef, named


def check_call(context: Context, value: Any, schema: Schema | None, spot: Spot, here: Here) -> bool:
    """Check a mapping if it calls a function; False when it is a plain value.

    schema  what is wanted where the call stands, if that is known
    """
    dialect = context.scope.dialect
    name = function_of(value, dialect)
    if not name:
        return bool(dialect.sigil) and isinstance(value, dict) and _malformed(context, value, spot)
    argument, keys = argument_of(value, name)
    result = _caller(context, here).result(bare(name), argument, spot.at(*keys))
    if result is not None and schema is not None and not fits(result, schema):
        message = f"`{name}` gives a value of type {spell(result)}, and one of type {spell(schema)} is needed here"
        context.out.add("TOSCA1045", message, spot.place())
    return True


def _malformed(context: Context, value: dict[Any, Any], spot: Spot) -> bool:
    """Whether a mapping of 2.0 has a call beside other keys, which makes it neither a call nor a value (10.1)."""
    for key in value:
        if isinstance(key, str) and is_call(key) and len(value) > 1 and not any(letter.isspace() for letter in key):
            message = f"`{show(key)}` calls a function, and must be the only key of its mapping"
            context.out.add("TOSCA1044", message, spot.key_place(key), f"For a plain key write `${show(key)}`.")
            return True
    return False


def check_calls(context: Context, value: Any, spot: Spot, here: Here) -> None:
    """Check every call anywhere inside a value whose type is not known."""
    for name, argument, keys in calls(value, context.scope.dialect):
        _caller(context, here).result(bare(name), argument, spot.at(*keys))


def _caller(context: Context, here: Here) -> Call:
    if not context.scope.dialect.sigil:
        return Call(context, here)
    from mattone.checks.calls_2_0 import GraphCall

    return GraphCall(context, here)


class Call:
    """The functions of the Simple Profile; `calls_2_0` builds on it."""

    def __init__(self, context: Context, here: Here) -> None:
        self.context = context
        self.here = here
        self.entities = context.scope.dialect.entities

    def result(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        """Check one call; the schema of what it gives, where that can be told."""
        if name == "get_input":
            return self.get_input(argument, spot)
        if name in ("get_property", "get_attribute"):
            return self._read(name, argument, spot)
        if name in ("concat", "join", "token"):
            return self._text(name, argument, spot)
        if name == "get_nodes_of_type":
            self.context.type("node", argument, spot)
        elif not isinstance(argument, list) or len(argument) < 2:
            self.malformed(spot, f"`{name}` needs a list of names")
        else:
            self._inner(name, argument, spot)
        return None

    def _inner(self, name: str, argument: list[Any], spot: Spot) -> None:
        """An artifact or an operation of an entity (1.3, 4.6.1 and 4.8.1)."""
        kind, node_name = self._entity(argument[0], spot)
        if kind is None or not kind.whole or not isinstance(argument[1], str):
            return
        section, what = ("artifacts", "artifact") if name == "get_artifact" else ("interfaces", "interface")
        node = self.context.whole.nodes.get(node_name)
        known = {*kind.members(section), *(one for one, _, _ in named(node.raw.get(section) if node else None))}
        if argument[1] not in known:
            message = f"{kind.name} has no {what} `{show(argument[1])}`"
            self.context.out.add("TOSCA1048", message, spot.place(1), did_you_mean(argument[1], known))
        elif name == "get_operation_output":
            self._operation(kind, node, argument, spot)

    def _operation(self, kind: TypeDef, node: NodeTemplate | None, argument: list[Any], spot: Spot) -> None:
        """The interface's operation whose output is read; which outputs it has only its script knows (1.3, 4.6.1)."""
        if len(argument) < 4:
            hint = "`get_operation_output: [node, interface, operation, output]`"
            self.malformed(
                spot, "`get_operation_output` needs an entity, an interface, an operation and an output", hint
            )
            return
        interface, _ = interface_type(kind, argument[1])
        if interface is None or not interface.whole or not isinstance(argument[2], str):
            return
        own = mapping(node.raw, "interfaces").get(argument[1]) if node is not None else None
        known = {*operations_of(interface, kind, argument[1]), *(one for one, _, _ in bodies(own, spot))}
        if argument[2] not in known:
            message = f"interface `{show(argument[1])}` of {kind.name} has no operation `{show(argument[2])}`"
            self.context.out.add("TOSCA1048", message, spot.place(2), did_you_mean(argument[2], known))

    def malformed(self, spot: Spot, message: str, hint: str = "") -> None:
        self.context.out.add("TOSCA1044", message, spot.place(), hint)

    def get_input(self, argument: Any, spot: Spot) -> Schema | None:
        steps = argument if isinstance(argument, list) else [argument]
        if not steps or not isinstance(steps[0], str):
            self.malformed(spot, "`get_input` needs the name of an input")
            return None
        if steps[0] in self.here.inputs:
            return None
        template = self.context.whole
        definition = template.inputs.get(steps[0])
        if definition is not None:
            return self.nested(definition.schema, steps, 1, spot)
        declared = mapping(template.topology, "inputs")
        if steps[0] not in declared and not self.context.open and (template.topology or self.here.node is not None):
            place = (spot.at(0) if isinstance(argument, list) else spot).place()
            message = f"input `{show(steps[0])}` is not declared"
            self.context.out.add("TOSCA1040", message, place, did_you_mean(steps[0], declared))
        return None

    def nested(self, schema: Schema | None, steps: list[Any], begin: int, spot: Spot) -> Schema | None:
        try:
            return follow(schema, steps[begin:])
        except NoSuchStep as error:
            at = begin + error.index
            message = f"`{show(steps[at])}` cannot be read: `{show(steps[at - 1])}` {error}"
            self.context.out.add("TOSCA1047", message, spot.place(at), did_you_mean(steps[at], error.known))
            return None

    def _text(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        if not isinstance(argument, list):
            self.malformed(spot, f"`{name}` needs a list")
            return None
        if name == "token" and len(argument) != 3:
            self.malformed(spot, "`token` needs a text, the separators and an index", '`token: [text, ":", 0]`')
        elif name == "join" and not (1 <= len(argument) <= 2 and isinstance(argument[0], (list, dict))):
            self.malformed(spot, "`join` needs a list and a delimiter", '`join: [[a, b], ","]`')
        elif name == "concat" and not argument:
            self.malformed(spot, "`concat` needs at least one text", '`concat: [a, ":", b]`')
        for index, part in enumerate(argument):
            for inner, value, keys in calls(part, self.context.scope.dialect):
                self.result(bare(inner), value, spot.at(index, *keys))
                break  # what is inside the outermost call is its own affair
        return Schema("string", self.context.scope, spot)

    def _read(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        if not isinstance(argument, list) or len(argument) < 2:
            self.malformed(spot, f"`{name}` needs at least an entity and a name", f"`{name}: [SELF, name]`")
            return None
        kind, node_name = self._entity(argument[0], spot)
        if kind is None or not kind.whole or not isinstance(argument[1], str):
            return None
        attributes = name == "get_attribute"
        known = readable(kind, attributes)
        if argument[1] in known:
            return self.nested(_schema(known[argument[1]]), argument, 2, spot)
        if kind.kind == "node":
            through = self._through(kind, node_name, argument, attributes)
            if through is not None:
                return self.member(through, argument, 2, name, spot)
        members = set(known) | (
            set(capabilities_of(kind)) | set(requirements_of(kind)) if kind.kind == "node" else set()
        )
        what = "attribute" if attributes else "property"
        message = f"{kind.name} has no {what} `{show(argument[1])}`"
        rule = "TOSCA1043" if attributes else "TOSCA1042"
        self.context.out.add(rule, message, spot.place(1), did_you_mean(argument[1], members))
        return None

    def member(
        self, known: dict[str, PropertyDef | None], steps: list[Any], at: int, name: str, spot: Spot
    ) -> Schema | None:
        if not known or len(steps) <= at or not isinstance(steps[at], str):
            return None
        if steps[at] in known:
            return self.nested(_schema(known[steps[at]]), steps, at + 1, spot)
        what, rule = ("attribute", "TOSCA1043") if name == "get_attribute" else ("property", "TOSCA1042")
        message = f"`{show(steps[at - 1])}` has no {what} `{show(steps[at])}`"
        self.context.out.add(rule, message, spot.place(at), did_you_mean(steps[at], known))
        return None

    def _through(
        self, kind: TypeDef, node_name: str, steps: list[Any], attributes: bool
    ) -> dict[str, PropertyDef | None] | None:
        """What is readable through the capability or requirement that the second name is; None if it is neither.

        An empty mapping means that it cannot be told, and nothing is reported.
        """
        capability = capabilities_of(kind).get(steps[1])
        if capability is not None:
            if capability.type is None:
                return {}
            return {**capability.properties, **(capability.attributes if attributes else {})}
        if steps[1] not in requirements_of(kind):
            return None
        target = self.target(node_name, steps[1])
        if target is None or not target.whole:
            return {}
        found = dict(readable(target, attributes))
        for one in capabilities_of(target).values():
            if one.type is None or not one.type.whole:
                return {}
            found.update(one.properties)
            found.update(one.attributes if attributes else {})
            found[one.name] = None
        return found

    def target(self, node_name: str, requirement: str) -> TypeDef | None:
        node = self.context.whole.nodes.get(node_name)
        for name, raw, _ in named(node.raw.get("requirements") if node else None):
            target = raw.get("node") if isinstance(raw, dict) else raw
            if name == requirement and isinstance(target, str) and target in self.context.whole.nodes:
                return self.context.whole.nodes[target].type
        return None

    def _entity(self, name: Any, spot: Spot) -> tuple[TypeDef | None, str]:
        """Type and name of the entity that the first argument names; (None, "") when it cannot be told."""
        if name == "SELF":
            return self.here.kind, self.here.node.name if self.here.node else ""
        if name == "HOST":
            self._host(spot)
        if not isinstance(name, str) or name in self.entities:
            return None, ""
        if self.here.node is None and self.here.kind is not None and not self.here.template:
            message = (
                f"a type knows no node templates: `{show(name)}` must be one of {', '.join(sorted(self.entities))}"
            )
            self.context.out.add("TOSCA1041", message, spot.place(0), did_you_mean(name, self.entities))
            return None, ""
        node = self.context.whole.nodes.get(name)
        if node is not None:
            return node.type, name
        topology = self.context.whole.topology
        others = {**mapping(topology, "relationship_templates"), **mapping(topology, "groups")}
        if name not in others and name not in mapping(topology, "node_templates") and not self.context.open:
            message = f"there is no node template `{show(name)}`"
            known = [*self.context.whole.nodes, *others, *self.entities]
            self.context.out.add("TOSCA1041", message, spot.place(0), did_you_mean(name, known))
        return None, ""

    def _host(self, spot: Spot) -> None:
        """HOST needs a requirement that something hosts the node (1.3, 4.1); a type may leave it to its children."""
        kind, node = self.here.kind, self.here.node
        if kind is None or node is None or kind.kind != "node" or not kind.whole:
            return
        hosted = any(
            one.name == "host" or one.relationship.endswith("HostedOn") for one in requirements_of(kind).values()
        )
        written = any(name == "host" for name, _, _ in named(node.raw.get("requirements")))
        if not hosted and not written:
            message = f"`HOST` leads nowhere: {kind.name} is hosted by nothing"
            self.context.out.add("TOSCA1041", message, spot.place(0), "Name the node itself, or `SELF`.")


def _schema(definition: PropertyDef | None) -> Schema | None:
    return definition.schema if definition else None
