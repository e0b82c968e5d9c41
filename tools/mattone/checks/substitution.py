"""Substitution mappings: what a topology offers in the place of a node of its type (1.3, 3.8.8 to 3.8.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mattone.checks.calls import check_call
from mattone.checks.context import Context, Here
from mattone.checks.refinement import check_filter
from mattone.tosca.definitions import PropertyDef, capabilities_of, properties_of, requirements_of
from mattone.tosca.operations import interface_type, operations_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import mapping
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import ValueChecker, resolve


def check_substitution(context: Context, spot: Spot) -> None:
    """Check the substitution mapping of a topology, which stands at `spot`."""
    raw = mapping(context.template.topology, "substitution_mappings")
    kind = context.type("node", raw.get("node_type"), spot.at("node_type")) if raw else None
    if kind is None or not kind.whole:
        return
    for section, ends, what in (
        ("capabilities", capabilities_of(kind), "capability"),
        ("requirements", requirements_of(kind), "requirement"),
    ):
        for target, at in _known(context, raw, section, kind, ends, what, spot):
            _mapped(context, target, section, what, at)
    properties, attributes = properties_of(kind), properties_of(kind, "attributes")
    mapped = list(_known(context, raw, "properties", kind, properties, "property", spot))
    if context.scope.dialect.refines:
        from mattone.checks.templates_2_0 import check_mappings_2_0

        check_mappings_2_0(context, raw, kind, spot)
        return
    check_filter(context, raw.get("substitution_filter"), kind, spot.at("substitution_filter"))
    _interfaces(context, raw, kind, spot.at("interfaces"))
    for target, at in mapped:
        _property(context, target, properties[str(at.keys[-1])], at)
    for target, at in _known(context, raw, "attributes", kind, attributes, "attribute", spot):
        _parameter(context, target, context.whole.outputs, "output", at)


def _known(
    context: Context, raw: Any, section: str, kind: TypeDef, known: Mapping[str, Any], what: str, spot: Spot
) -> Iterator[tuple[Any, Spot]]:
    """What each name of a section is mapped to, if the node type has it; the others are reported."""
    for name, target, keys in named(raw.get(section)):
        at = spot.at(section, *keys)
        if name in known:
            yield target, at
        else:
            message = f"{kind.name} has no {what} `{show(name)}`"
            context.out.add("TOSCA1070", message, at.key_place(), did_you_mean(name, known))


def _mapped(context: Context, target: Any, section: str, what: str, spot: Spot) -> None:
    """The other end of a mapping: `[node template, capability or requirement]`."""
    if context.scope.dialect.refines and section == "requirements":
        from mattone.checks.templates_2_0 import check_requirement_mapping

        check_requirement_mapping(context, target, spot)
        return
    if isinstance(target, dict):
        target, spot = target.get("mapping"), spot.at("mapping")
    if not (isinstance(target, list) and len(target) == 2 and all(isinstance(one, str) for one in target)):
        message = f"a {what} is mapped to two names, `[node template, {what}]`"
        context.out.add("TOSCA1071", message, spot.place())
        return
    node = context.whole.nodes.get(target[0])
    if node is None:
        message = f"there is no node template `{show(target[0])}`"
        context.out.add("TOSCA1071", message, spot.place(0), did_you_mean(target[0], context.whole.nodes))
    elif node.type is not None and node.type.whole and target[1] not in node.type.members(section):
        message = f"{node.type.name} has no {what} `{show(target[1])}`"
        context.out.add("TOSCA1071", message, spot.place(1), did_you_mean(target[1], node.type.members(section)))


def _property(context: Context, target: Any, definition: PropertyDef | None, spot: Spot) -> None:
    """A property is mapped to an input, `[input]` or `{mapping: [input]}`, or has a value (3.8.8)."""
    long = target.keys() & {"mapping", "value"} if isinstance(target, dict) and len(target) == 1 else set()
    for key in long:
        target, spot = target[key], spot.at(key)
    single = isinstance(target, list) and len(target) == 1 and isinstance(target[0], str)
    if definition is None or resolve(definition.schema)[1] == "list":
        return  # a list of one text may be the value
    if single or long == {"mapping"}:
        _parameter(context, target, context.whole.inputs, "input", spot)
    else:
        here = Here(None)
        checker = ValueChecker(context.out, lambda value, schema, at: check_call(context, value, schema, at, here))
        checker.check(target, definition.schema, spot, f"the mapped property `{show(definition.name)}`")


def _parameter(context: Context, target: Any, known: Mapping[str, Any], what: str, spot: Spot) -> None:
    """An input or output, by its name alone or in a list (3.8.8 and 3.8.9)."""
    if isinstance(target, dict) and "mapping" in target:
        target, spot = target["mapping"], spot.at("mapping")
    listed = isinstance(target, list) and len(target) == 1
    name = target[0] if listed else target
    if not isinstance(name, str):
        context.out.add("TOSCA1071", f"this is mapped to the name of one {what}", spot.place())
    elif name not in known and not context.open:
        message = f"there is no {what} `{show(name)}`"
        context.out.add("TOSCA1071", message, spot.place(*([0] if listed else [])), did_you_mean(name, known))


def _interfaces(context: Context, raw: Any, kind: TypeDef, spot: Spot) -> None:
    """Operations of the node type are mapped to workflows of the topology (3.8.12)."""
    workflows = mapping(context.whole.topology, "workflows")
    for name, operations, _ in named(mapping(raw, "interfaces")):
        found, _ = interface_type(kind, name)
        if name not in kind.members("interfaces") and found is None:
            message = f"{kind.name} has no interface `{show(name)}`"
            context.out.add("TOSCA1070", message, spot.key_place(name), did_you_mean(name, kind.members("interfaces")))
            continue
        for operation, workflow, _ in named(operations):
            if found is not None and found.whole and operation not in operations_of(found, kind, name):
                message = f"interface `{show(name)}` of {kind.name} has no operation `{show(operation)}`"
                hint = did_you_mean(operation, operations_of(found, kind, name))
                context.out.add("TOSCA1070", message, spot.key_place(name, operation), hint)
            if isinstance(workflow, str) and workflow not in workflows and not context.open:
                message = f"there is no workflow `{show(workflow)}`"
                context.out.add("TOSCA1071", message, spot.place(name, operation), did_you_mean(workflow, workflows))
