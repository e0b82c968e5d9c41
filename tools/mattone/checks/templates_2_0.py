"""Templates of TOSCA 2.0: directives, conditions, allocations, activities and mappings (2.0, 7.2, 8.5, 13.2, 15)."""

from __future__ import annotations

from typing import Any

from mattone.checks.calls import check_calls
from mattone.checks.context import Context, Here
from mattone.checks.validations import check_condition
from mattone.checks.workflows import check_activities
from mattone.tosca.definitions import RequirementDef, capabilities_of, properties_of, requirements_of
from mattone.tosca.functions import function_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import TypeDef, named

_NODE = ("create", "select", "substitute")
_REQUIREMENT = ("internal", "external")
_ALLOCATABLE = frozenset({"integer", "float", "scalar"})


def check_template_2_0(context: Context, node: NodeTemplate, here: Here) -> None:
    """Check what 2.0 asks of a node template besides its type's members."""
    if not node.type_name and "copy" not in node.raw:
        context.out.add("TOSCA1004", f"a node template `{show(node.name)}` lacks `type`", node.spot.key_place())
    _directives(context, node.raw.get("directives"), node.spot.at("directives"), _NODE)
    check_condition(context, node.raw.get("node_filter"), node.spot.at("node_filter"), here)
    count = node.raw.get("count")
    if isinstance(count, int) and not isinstance(count, bool) and count < 0:
        context.out.add("TOSCA1003", "`count` must be at least 0", node.spot.place("count"))
    check_calls(context, count, node.spot.at("count"), here)
    for _, raw, keys in named(node.raw.get("capabilities")):
        if isinstance(raw, dict):
            at = node.spot.at("capabilities", *keys, "directives")
            _directives(context, raw.get("directives"), at, _REQUIREMENT)


def _directives(context: Context, written: Any, spot: Spot, known: tuple[str, ...]) -> None:
    for index, one in enumerate(written if isinstance(written, list) else ()):
        if isinstance(one, str) and one not in known and not function_of(one, context.scope.dialect):
            message = f"there is no directive `{show(one)}`"
            context.out.add("TOSCA1029", message, spot.place(index), did_you_mean(one, known))


def check_assignment_2_0(
    context: Context, node: NodeTemplate, definition: RequirementDef | None, raw: dict[Any, Any], spot: Spot
) -> None:
    """Check the condition, directives, count and allocation of a requirement assignment (8.5)."""
    relationship = definition.relationship_type if definition is not None else None
    here = Here(relationship, node, True, definition.name if definition is not None else "")
    check_condition(context, raw.get("node_filter"), spot.at("node_filter"), here)
    _directives(context, raw.get("directives"), spot.at("directives"), _REQUIREMENT)
    for key in ("count", "node", "allocation"):
        check_calls(context, raw.get(key), spot.at(key), here)
    count = raw.get("count")
    if isinstance(count, int) and not isinstance(count, bool) and count < 0:
        context.out.add("TOSCA1003", "`count` must be at least 0", spot.place("count"))
    allocation = raw.get("allocation")
    target = _target_capability(context, definition, raw)
    if not isinstance(allocation, dict) or target is None or not target.whole:
        return
    known = properties_of(target)
    for name in allocation:
        at = spot.at("allocation", name)
        if name == "properties" and isinstance(allocation[name], dict):
            continue
        if name not in known:
            message = f"capability {target.name} has no property `{show(name)}` to allocate"
            context.out.add("TOSCA1020", message, at.key_place(), did_you_mean(name, known))


def _target_capability(context: Context, definition: RequirementDef | None, raw: dict[Any, Any]) -> TypeDef | None:
    """The type of the capability that an assignment leads to; of the target node where it is named."""
    if definition is None:
        return None
    target = raw.get("node")
    node = context.whole.nodes.get(target) if isinstance(target, str) else None
    wanted = definition.capability_type
    if node is None or node.type is None or wanted is None:
        return wanted
    offered = [one.type for one in capabilities_of(node.type).values() if one.type is not None]
    fitting = [one for one in offered if one.is_a(wanted)]
    return fitting[0] if len(fitting) == 1 else wanted


def check_service_2_0(context: Context, spot: Spot) -> None:
    """Check relationship templates, conditions of workflows and triggers, and what triggers begin."""
    topology = context.template.topology
    for name, raw, _ in named(mapping(topology, "relationship_templates")):
        if isinstance(raw, dict) and raw.get("type") is None and "copy" not in raw:
            at = spot.at("relationship_templates", name)
            context.out.add("TOSCA1004", f"a relationship template `{show(name)}` lacks `type`", at.key_place())
    for name, raw, _ in named(mapping(topology, "workflows")):
        if isinstance(raw, dict):
            at = spot.at("workflows", name)
            check_condition(context, raw.get("precondition"), at.at("precondition"), Here(None))
            for step, body, _ in named(mapping(raw, "steps")):
                filters = body.get("filter") if isinstance(body, dict) else None
                for index, one in enumerate(filters if isinstance(filters, list) else [filters]):
                    place = at.at("steps", step, "filter", *([index] if isinstance(filters, list) else []))
                    check_condition(context, one, place, Here(None))
    for _, raw, keys in named(topology.get("policies")):
        for trigger, body, _ in named(mapping(raw, "triggers")):
            at = spot.at("policies", *keys, "triggers", trigger)
            if isinstance(body, dict):
                check_condition(context, body.get("condition"), at.at("condition"), Here(None))
                check_activities(context, body.get("action"), at.at("action"), None)


def check_mappings_2_0(context: Context, raw: Any, kind: TypeDef, spot: Spot) -> None:
    """Check what a substitution maps attributes and interfaces to, and its filter (15.1 to 15.6)."""
    check_condition(context, raw.get("substitution_filter"), spot.at("substitution_filter"), Here(kind))
    topology = context.whole.topology
    for section, known, what in (
        ("properties", mapping(topology, "inputs"), "input"),
        ("attributes", mapping(topology, "outputs"), "output"),
    ):
        for name, target, keys in named(raw.get(section)):
            if isinstance(target, str) and target not in known and not context.open:
                message = f"`{show(name)}` is mapped to {what} `{show(target)}`, which the template has not"
                context.out.add("TOSCA1071", message, spot.place(section, *keys), did_you_mean(target, known))
        for key in mapping(raw, section):
            if isinstance(key, tuple):
                _part(context, kind, key, section, spot.at(section, key))
    attributes = {**properties_of(kind), **properties_of(kind, "attributes")}
    for name, _, keys in named(raw.get("attributes")):
        if name not in attributes:
            message = f"{kind.name} has no attribute `{show(name)}`"
            context.out.add("TOSCA1070", message, spot.key_place("attributes", *keys), did_you_mean(name, attributes))
    _interface_mappings(context, raw, kind, spot)


def _interface_mappings(context: Context, raw: Any, kind: TypeDef, spot: Spot) -> None:
    interfaces, workflows = kind.members("interfaces"), mapping(context.whole.topology, "workflows")
    for name, operations, keys in named(raw.get("interfaces")):
        at = spot.at("interfaces", *keys)
        if name not in interfaces:
            message = f"{kind.name} has no interface `{show(name)}`"
            context.out.add("TOSCA1070", message, at.key_place(), did_you_mean(name, interfaces))
        for operation, workflow, inner in named(operations):
            if isinstance(workflow, str) and workflow not in workflows:
                message = f"operation `{show(operation)}` is mapped to workflow `{show(workflow)}`, which is not there"
                context.out.add("TOSCA1071", message, at.place(*inner), did_you_mean(workflow, workflows))


def _part(context: Context, kind: TypeDef, path: tuple[Any, ...], section: str, spot: Spot) -> None:
    """A member of a capability, or of the relationship of a requirement, of the substituted node (15.2 and 15.3)."""
    capability = capabilities_of(kind).get(path[1]) if path[:1] == ("CAPABILITY",) and len(path) == 3 else None
    requirement = requirements_of(kind).get(path[1]) if path[:1] == ("RELATIONSHIP",) and len(path) > 2 else None
    owner = capability.type if capability else requirement.relationship_type if requirement else None
    if capability is None and requirement is None:
        message = f"{kind.name} has nothing at `{show(', '.join(map(str, path)))}`"
        hint = "Write `[CAPABILITY, name, property]` or `[RELATIONSHIP, requirement, property]`."
        context.out.add("TOSCA1070", message, spot.key_place(), hint)
    elif owner is not None and owner.whole:
        known = {**properties_of(owner), **(properties_of(owner, "attributes") if section == "attributes" else {})}
        if path[-1] not in known:
            message = f"{owner.name} has no {'property' if section == 'properties' else 'attribute'} `{show(path[-1])}`"
            context.out.add("TOSCA1070", message, spot.key_place(), did_you_mean(path[-1], known))


def check_requirement_mapping(context: Context, target: Any, spot: Spot) -> None:
    """The other end of a requirement mapping: `[node, requirement]`, a selectable node, or a list of them (15.5)."""
    if isinstance(target, str):
        _selectable(context, target, spot)
        return
    if not isinstance(target, list) or not target:
        message = "a requirement is mapped to `[node template, requirement]`, or to a selectable node"
        context.out.add("TOSCA1071", message, spot.place())
        return
    names = all(isinstance(one, str) for one in target)
    if names and len(target) == 2 and not _both_selectable(context, target):
        _pair(context, target, spot)
        return
    for index, one in enumerate(target):
        if isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one):
            _pair(context, one, spot.at(index))
        elif isinstance(one, str):
            _selectable(context, one, spot.at(index))
        else:
            message = "a requirement is mapped to `[node template, requirement]`, or to a selectable node"
            context.out.add("TOSCA1071", message, spot.place(index))


def _both_selectable(context: Context, names: list[Any]) -> bool:
    """Whether a list of two names is two nodes rather than a node and its requirement."""
    nodes = context.whole.nodes
    first = nodes[names[0]].type if names[0] in nodes else None
    return names[1] in nodes and (first is None or names[1] not in first.members("requirements"))


def _selectable(context: Context, name: str, spot: Spot) -> None:
    if name not in context.whole.nodes and not context.open:
        message = f"there is no node template `{show(name)}`"
        context.out.add("TOSCA1071", message, spot.place(), did_you_mean(name, context.whole.nodes))


def _pair(context: Context, names: list[Any], spot: Spot) -> None:
    node = context.whole.nodes.get(names[0])
    if node is None:
        if not context.open:
            message = f"there is no node template `{show(names[0])}`"
            context.out.add("TOSCA1071", message, spot.place(0), did_you_mean(names[0], context.whole.nodes))
    elif node.type is not None and node.type.whole and names[1] not in node.type.members("requirements"):
        known = node.type.members("requirements")
        message = f"{node.type.name} has no requirement `{show(names[1])}`"
        context.out.add("TOSCA1071", message, spot.place(1), did_you_mean(names[1], known))
