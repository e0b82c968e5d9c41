"""Workflows, and the activities that their steps and the triggers of policies begin (1.3, 3.6.23 and 3.6.26)."""

from __future__ import annotations

from typing import Any

from mattone.checks.calls import check_calls
from mattone.checks.conditions import check_clause, known_of
from mattone.checks.context import Context, Here
from mattone.tosca.operations import interface_type, operations_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import mapping
from mattone.tosca.types import TypeDef, named

ACTIVITIES = ("delegate", "set_state", "call_operation", "inline")
_LONG = {"delegate": "workflow", "call_operation": "operation", "inline": "workflow"}  # the name in the long form


def check_workflows(context: Context, spot: Spot) -> None:
    """Check every workflow of a topology, whose section stands at `spot`."""
    for name, raw, _ in named(mapping(context.template.topology, "workflows")):
        for index, one in enumerate(_list(raw.get("preconditions") if isinstance(raw, dict) else None)):
            if isinstance(one, dict):
                at = spot.at(name, "preconditions", index)
                known = known_of(_target(context, one, at))
                check_clause(context, one.get("condition"), at.at("condition"), known)
        steps = mapping(raw, "steps")
        for step, body, _ in named(steps):
            if isinstance(body, dict):
                own = frozenset(map(str, mapping(raw, "inputs")))
                _step(context, name, body, steps, spot.at(name, "steps", step), own)


def _step(
    context: Context, workflow: str, body: dict[Any, Any], steps: Any, spot: Spot, inputs: frozenset[str]
) -> None:
    kind = _target(context, body, spot)
    if not context.scope.dialect.refines:  # in 2.0 it is an expression
        check_clause(context, body.get("filter"), spot.at("filter"), known_of(kind))
    check_activities(context, body.get("activities"), spot.at("activities"), kind, inputs)
    for key in ("on_success", "on_failure"):
        for index, other in enumerate(_list(body.get(key))):
            if not isinstance(other, str) or other not in steps:
                message = f"workflow `{show(workflow)}` has no step `{show(other)}`"
                hint = did_you_mean(other, (str(one) for one in steps))
                context.out.add("TOSCA1064", message, spot.place(key, index), hint)


def _target(context: Context, body: dict[Any, Any], spot: Spot) -> TypeDef | None:
    """The type of the node template that a step or precondition is about; None when it cannot be told."""
    target = body.get("target")
    topology = context.whole.topology
    targets = {*context.whole.nodes, *mapping(topology, "node_templates"), *mapping(topology, "groups")}
    if isinstance(target, str) and target not in targets and not context.open:
        message = f"there is no node template or group `{show(target)}`"
        context.out.add("TOSCA1063", message, spot.place("target"), did_you_mean(target, targets))
    node = context.whole.nodes.get(target) if isinstance(target, str) else None
    return node.type if node is not None and "target_relationship" not in body else None


def check_activities(
    context: Context, activities: Any, spot: Spot, kind: TypeDef | None, inputs: frozenset[str] = frozenset()
) -> None:
    """Check a list of activities.

    kind    the type of the node that operations are called on, where that can be told
    inputs  names of the inputs of the workflow that they stand in
    """
    for index, activity in enumerate(_list(activities)):
        for name, value in activity.items() if isinstance(activity, dict) else ():
            if name not in ACTIVITIES:
                message = f"there is no workflow activity `{show(name)}`"
                context.out.add("TOSCA1065", message, spot.key_place(index, name), did_you_mean(name, ACTIVITIES))
            elif name in _LONG:
                _activity(context, name, value, spot.at(index, name), Here(kind, inputs=inputs))


def _activity(context: Context, name: str, value: Any, spot: Spot, here: Here) -> None:
    kind = here.kind
    if isinstance(value, dict):
        check_calls(context, value.get("inputs"), spot.at("inputs"), here)
        value, spot = value.get(_LONG[name]), spot.at(_LONG[name])
    if not isinstance(value, str):
        given = "nothing" if value is None else f"`{show(value)}`"
        context.out.add("TOSCA1068", f"`{name}` needs the name of its {_LONG[name]}, not {given}", spot.place())
    elif name == "inline" and not context.open:
        known = mapping(context.whole.topology, "workflows")
        if value not in known:
            message = f"there is no workflow `{show(value)}`"
            context.out.add("TOSCA1068", message, spot.place(), did_you_mean(value, known))
    elif name == "call_operation":
        _operation(context, value, spot, kind)


def _operation(context: Context, value: str, spot: Spot, kind: TypeDef | None) -> None:
    """An operation is named by its interface and its name, with a dot between (1.3, 3.6.23.3)."""
    interface, dot, operation = value.rpartition(".")
    if not dot:
        hint = f"For example `Standard.{value}`."
        context.out.add("TOSCA1068", f"`{show(value)}` names no interface", spot.place(), hint)
    elif kind is not None and kind.whole and context.scope.complete:
        known = kind.members("interfaces")
        found, declared = interface_type(kind, interface)
        if interface not in known and found is None and not declared:
            message = f"{kind.name} has no interface `{show(interface)}`"
            context.out.add("TOSCA1068", message, spot.place(), did_you_mean(interface, known))
        elif found is not None and found.whole and operation not in operations_of(found, kind, interface):
            message = f"interface `{show(interface)}` of {kind.name} has no operation `{show(operation)}`"
            hint = did_you_mean(operation, operations_of(found, kind, interface))
            context.out.add("TOSCA1068", message, spot.place(), hint)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
