"""What type an output has: the one it declares, or what its value is by the functions in it (1.3, chapter 4)."""

from __future__ import annotations

from typing import Any

from mattone.tosca.definitions import Schema, capabilities_of, schema_of
from mattone.tosca.functions import NoSuchStep, follow, function_of, readable
from mattone.tosca.spots import Spot
from mattone.tosca.template import Output, ServiceTemplate, mapping

_TEXTS = ("concat", "join", "token")


def schema_of_output(template: ServiceTemplate, one: Output) -> Schema | None:
    """The schema of an output's values; None when it cannot be told."""
    raw = mapping(mapping(template.topology, "outputs"), one.name)
    declared = schema_of(raw, one.spot, template.scope) if isinstance(raw, dict) else None
    return declared or schema_of_value(template, one.value, one.spot)


def schema_of_value(template: ServiceTemplate, value: Any, spot: Spot) -> Schema | None:
    """The schema of what a value of a topology evaluates to; None when it cannot be told."""
    name = function_of(value)
    if name in _TEXTS:
        return Schema("string", template.scope, spot)
    if name == "get_input":
        return _input(template, value[name])
    if name in ("get_property", "get_attribute"):
        return _member(template, value[name], name == "get_attribute")
    if name:
        return None
    kind = _KINDS.get(type(value))
    return Schema(kind, template.scope, spot) if kind is not None else None


_KINDS = {str: "string", bool: "boolean", int: "integer", float: "float"}


def _input(template: ServiceTemplate, argument: Any) -> Schema | None:
    steps = argument if isinstance(argument, list) else [argument]
    found = template.inputs.get(steps[0]) if steps and isinstance(steps[0], str) else None
    return _follow(found.schema, steps[1:]) if found is not None else None


def _member(template: ServiceTemplate, steps: Any, attributes: bool) -> Schema | None:
    if not (isinstance(steps, list) and len(steps) > 1 and all(isinstance(one, (str, int)) for one in steps)):
        return None
    node = template.nodes.get(steps[0])
    if node is None or node.type is None:
        return None
    known = readable(node.type, attributes)
    if steps[1] in known:
        found = known[steps[1]]
        return _follow(found.schema if found else None, steps[2:])
    capability = capabilities_of(node.type).get(steps[1])
    if capability is None or len(steps) < 3:
        return None
    inner = {**capability.properties, **(capability.attributes if attributes else {})}.get(steps[2])
    return _follow(inner.schema if inner else None, steps[3:])


def _follow(schema: Schema | None, steps: list[Any]) -> Schema | None:
    try:
        return follow(schema, steps)
    except NoSuchStep:
        return None
