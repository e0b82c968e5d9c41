"""Node templates against their types: properties, capabilities, requirements, interfaces (1.3, 3.8.3)."""

from __future__ import annotations

from typing import Any

from mattone.checks.calls import check_call, check_calls
from mattone.checks.context import Context, Here
from mattone.checks.operations import check_unfilled
from mattone.checks.refinement import check_copy, check_filter
from mattone.checks.requirements import check_requirements
from mattone.checks.typedefs import check_artifacts, check_interface
from mattone.tosca.definitions import CapabilityDef, PropertyDef, capabilities_of, properties_of, requirements_of
from mattone.tosca.operations import interface_type
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import ValueChecker


def check_nodes(context: Context) -> None:
    """Check every node template of the document."""
    for node in context.template.nodes.values():
        check_node(context, node)


def check_node(context: Context, node: NodeTemplate) -> None:
    """Check one node template; with an unknown type only what needs no type."""
    kind = context.type("node", node.type_name, node.spot.at("type")) if node.type_name else None
    here = Here(kind, node)
    check_copy(context, node)
    if context.scope.dialect.refines:
        from mattone.checks.templates_2_0 import check_template_2_0

        check_template_2_0(context, node, here)
    else:
        check_filter(context, node.raw.get("node_filter"), kind, node.spot.at("node_filter"))
    if kind is None or "copy" in node.raw:
        for section in ("properties", "attributes", "capabilities", "interfaces"):
            check_calls(context, node.raw.get(section), node.spot.at(section), here)
        return
    check_assigned(context, node.raw, kind, node.spot, here, f"node `{show(node.name)}`")
    _capabilities(context, node, kind, here)
    check_requirements(context, node, kind)
    _relationships(context, node, kind)
    for name, raw, keys in named(node.raw.get("interfaces")):
        found = interface_type(kind, name)
        check_interface(context, name, raw, node.spot.at("interfaces", *keys), here, found)
    check_unfilled(context, node, kind)
    check_artifacts(context, node.raw.get("artifacts"), node.spot.at("artifacts"), here)


def check_assigned(context: Context, raw: Any, kind: TypeDef, spot: Spot, here: Here, label: str) -> None:
    """Check the properties and attributes given to an entity of a type."""
    values = raw.get("properties") if isinstance(raw, dict) else None
    at = spot.at("properties")
    known = properties_of(kind)
    _fields(context, values, known, at if isinstance(values, dict) else spot, kind, here, label)
    attributes = raw.get("attributes") if isinstance(raw, dict) else None
    if isinstance(attributes, dict):
        readable = {**known, **properties_of(kind, "attributes")}
        checker = ValueChecker(context.out, lambda value, schema, at: check_call(context, value, schema, at, here))
        for name, value in attributes.items():
            definition = readable.get(name)
            if definition is not None:
                checker.check(value, definition.schema, spot.at("attributes", name), f"attribute `{show(name)}`")
                continue
            if name not in readable and kind.whole:
                place = spot.key_place("attributes", name)
                message = f"{kind.name} has no attribute `{show(name)}`"
                context.out.add("TOSCA1026", message, place, did_you_mean(name, readable))
            check_calls(context, value, spot.at("attributes", name), here)


def _fields(
    context: Context,
    values: Any,
    known: dict[str, PropertyDef | None],
    spot: Spot,
    kind: TypeDef,
    here: Here,
    label: str,
) -> None:
    given = {} if values is None else values
    if not isinstance(given, dict):
        return  # the grammar reported it
    checker = ValueChecker(context.out, lambda value, schema, at: check_call(context, value, schema, at, here))
    if context.scope.dialect.refines and _is_selected(here.node):  # what exists already has its values
        known = {name: one._replace(required=False) if one is not None else None for name, one in known.items()}
    checker.fields(given, known, spot, kind.name, label, kind.whole)
    for name, value in given.items():
        definition = known.get(name)
        if definition is None:
            check_calls(context, value, spot.at(name), here)
            continue
        if definition.fixed:
            _fixed(context, definition, name, spot)
        if definition.status == "deprecated":
            message = f"property `{show(name)}` is deprecated"
            context.out.add("TOSCA2011", message, spot.key_place(name), show(definition.description, 120))


def _is_selected(node: NodeTemplate | None) -> bool:
    """Whether a node template of 2.0 only stands for a node that exists already (7.2)."""
    return node is not None and node.raw.get("directives") == ["select"]


def _fixed(context: Context, definition: PropertyDef, name: str, spot: Spot) -> None:
    """A value that a definition fixes cannot be assigned (2.0, 9.5)."""
    message = f"the value of `{show(name)}` is fixed, and cannot be given here"
    context.out.add("TOSCA1028", message, spot.key_place(name), f"It is fixed at {definition.spot.key_place()}.")


def _relationships(context: Context, node: NodeTemplate, kind: TypeDef) -> None:
    """Properties and interfaces that a requirement assignment gives its relationship (1.3, 3.8.2.2.2)."""
    known = requirements_of(kind)
    for name, raw, keys in named(node.raw.get("requirements")):
        relationship = raw.get("relationship") if isinstance(raw, dict) else None
        if not isinstance(relationship, dict):
            continue
        spot = node.spot.at("requirements", *keys, "relationship")
        written = relationship.get("type")
        definition = known.get(name)
        found = context.scope.find("relationship", written)
        if written is None and definition is not None:
            found = definition.relationship_type
        if found is None:
            check_calls(context, relationship, spot, Here(None, node))
            continue
        here = Here(found, node)
        check_assigned(context, relationship, found, spot, here, f"the relationship of `{show(name)}`")
        for interface, body, inner in named(relationship.get("interfaces")):
            at = spot.at("interfaces", *inner)
            check_interface(context, interface, body, at, here, interface_type(found, interface))


def _capabilities(context: Context, node: NodeTemplate, kind: TypeDef, here: Here) -> None:
    known = capabilities_of(kind)
    for name, raw, keys in named(node.raw.get("capabilities")):
        spot = node.spot.at("capabilities", *keys)
        definition = known.get(name)
        if definition is None:
            if kind.whole:
                message = f"{kind.name} has no capability `{show(name)}`"
                context.out.add("TOSCA1030", message, spot.key_place(), did_you_mean(name, known))
        elif definition.type is not None:
            _capability(context, raw, definition, definition.type, spot, here)
    given = node.raw.get("capabilities")
    for definition in kind.once("capabilities to fill", _to_fill):
        if definition.type is not None and not (isinstance(given, dict) and definition.name in given):
            spot = node.spot.at("capabilities", definition.name)
            _capability(context, {}, definition, definition.type, spot, here)


def _to_fill(kind: TypeDef) -> list[CapabilityDef]:
    """The capabilities that have a required property without a default."""
    return [one for one in capabilities_of(kind).values() if any(map(_must_be_given, one.properties.values()))]


def _must_be_given(definition: PropertyDef | None) -> bool:
    return definition is not None and definition.required and not definition.has_default


def _capability(context: Context, raw: Any, definition: CapabilityDef, kind: TypeDef, spot: Spot, here: Here) -> None:
    values = raw.get("properties") if isinstance(raw, dict) else None
    at = spot.at("properties") if isinstance(values, dict) else spot
    label = f"capability `{show(definition.name)}`"
    _fields(context, values, definition.properties, at, kind, here, label)
