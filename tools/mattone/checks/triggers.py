"""Triggers of policies: what they watch, when they fire, what they begin (1.3, 3.6.21 and 3.6.22)."""

from __future__ import annotations

from typing import Any

from mattone.checks.conditions import Known, check_condition, known_of, version
from mattone.checks.context import Context
from mattone.checks.workflows import check_activities
from mattone.tosca.definitions import CapabilityDef, capabilities_of, requirements_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import TypeDef, named


def check_triggers(context: Context, section: Any, spot: Spot, template: bool = True) -> None:
    """Check the triggers of a policy or policy type.

    template  they stand in a topology, where node templates have names; not in a type definition
    """
    if version(context) >= "2.0":
        return
    for name, raw, keys in named(section):
        if not isinstance(raw, dict):
            continue
        at = spot.at(*keys)
        if raw.get("event") is None and raw.get("event_type") is None:
            context.out.add("TOSCA1004", f"a trigger definition `{show(name)}` lacks `event`", at.key_place())
        known = _filter(context, raw.get("target_filter"), at.at("target_filter"), template)
        check_condition(context, raw.get("condition"), at.at("condition"), known)
        _action(context, raw.get("action"), at.at("action"), template)


def _action(context: Context, action: Any, spot: Spot, template: bool) -> None:
    if isinstance(action, list):
        if template:
            check_activities(context, action, spot, None)
    elif action is not None and version(context) >= "1.3":  # before, an action was an operation (1.2, 3.6.20)
        hint = "For example `[{call_operation: Standard.stop}]`."
        context.out.add("TOSCA1065", "the action of a trigger is a list of activities", spot.place(), hint)


def _filter(context: Context, raw: Any, spot: Spot, template: bool) -> Known:
    """Check an event filter; what a condition about the entity that it chooses can compare."""
    if not isinstance(raw, dict):
        return None
    for key in raw:
        if key not in _FILTER:
            message = f"an event filter has no keyname `{show(key)}`"
            context.out.add("TOSCA1067", message, spot.key_place(key), did_you_mean(key, _FILTER))
    node = context.whole.nodes.get(str(raw.get("node"))) if template else None
    kind = node.type if node is not None else context.scope.find("node", raw.get("node"))
    if kind is None:
        _nobody(context, raw.get("node"), spot, template)
        return None
    if not kind.whole:
        return None
    requirement = raw.get("requirement")
    if requirement is None:
        return _with_capability(context, raw, kind, spot)
    if not isinstance(requirement, str) or requirement not in requirements_of(kind):
        message = f"{kind.name} has no requirement `{show(requirement)}`"
        context.out.add(
            "TOSCA1067", message, spot.place("requirement"), did_you_mean(requirement, requirements_of(kind))
        )
        return None
    other = _fulfils(context, node, kind, requirement)
    return _with_capability(context, raw, other, spot) if other is not None and other.whole else None


_FILTER = ("node", "requirement", "capability")


def _nobody(context: Context, name: Any, spot: Spot, template: bool) -> None:
    """Report a filter's node that is nothing; a group may stand there, and in a type a name not yet given."""
    topology = context.whole.topology
    others = {**mapping(topology, "groups"), **mapping(topology, "node_templates")}
    if name is None:
        context.out.add("TOSCA1067", "an event filter names the `node` that it is about", spot.place())
    elif template and not (isinstance(name, str) and name in others) and not context.open and context.scope.complete:
        message = f"there is no node template or node type `{show(name)}`"
        context.out.add("TOSCA1067", message, spot.place("node"), did_you_mean(name, context.whole.nodes))


def _fulfils(context: Context, node: NodeTemplate | None, kind: TypeDef, requirement: str) -> TypeDef | None:
    """The type of the node at the other end of a requirement, as far as it is written."""
    for name, raw, _ in named(node.raw.get("requirements") if node else None):
        target = raw.get("node") if isinstance(raw, dict) else raw
        if name == requirement and isinstance(target, str):
            found = context.whole.nodes.get(target)
            return found.type if found is not None else None
    definition = requirements_of(kind)[requirement]
    return definition.owner.scope.find("node", definition.node)


def _with_capability(context: Context, raw: Any, kind: TypeDef, spot: Spot) -> Known:
    """What can be compared: of the filter's capability, named by its own name or its type's, or else of the node."""
    name = raw.get("capability")
    if name is None:
        return known_of(kind)
    offered = capabilities_of(kind)
    wanted = context.scope.find("capability", name)
    chosen = offered.get(str(name)) or next((one for one in offered.values() if _is(one, wanted)), None)
    if chosen is None:
        message = f"{kind.name} has no capability `{show(name)}`"
        context.out.add("TOSCA1067", message, spot.place("capability"), did_you_mean(name, offered))
        return None
    if chosen.type is None or not chosen.type.whole:
        return None
    return {**chosen.properties, **chosen.attributes}


def _is(one: CapabilityDef, wanted: TypeDef | None) -> bool:
    return one.type is not None and wanted is not None and one.type.is_a(wanted)
