"""The rest of a topology: inputs, outputs, relationships, groups, policies, workflows, substitution (1.3, 3.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.checks.calls import check_calls
from mattone.checks.context import Context, Here
from mattone.checks.nodes import check_assigned
from mattone.checks.substitution import check_substitution
from mattone.checks.triggers import check_triggers
from mattone.checks.typedefs import check_definition, check_interface
from mattone.checks.workflows import check_workflows
from mattone.tosca.functions import inputs_used
from mattone.tosca.operations import interface_type
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import mapping
from mattone.tosca.types import TypeDef, named


def check_topology(context: Context) -> None:
    """Check everything of a topology but its node templates."""
    spot = context.root.at(context.template.section)
    for definition in context.template.inputs.values():
        check_definition(context, definition, Here(None))
    _unused(context, spot)
    for name, output in context.template.outputs.items():
        check_calls(context, output.value, spot.at("outputs", name, "value"), Here(None))
    _relationships(context, spot.at("relationship_templates"))
    _groups(context, spot.at("groups"))
    _policies(context, spot.at("policies"))
    check_workflows(context, spot.at("workflows"))
    check_substitution(context, spot.at("substitution_mappings"))
    if context.scope.dialect.refines:
        from mattone.checks.templates_2_0 import check_service_2_0

        check_service_2_0(context, spot)


def _unused(context: Context, spot: Spot) -> None:
    used = set()
    for section, value in context.whole.topology.items():
        if section != "inputs":
            used |= inputs_used(value, context.scope.dialect)
    for name in context.template.inputs:
        if name not in used:
            message = f"input `{show(name)}` is never used"
            context.out.add(
                "TOSCA2001", message, spot.key_place("inputs", name), "Use it with `get_input`, or remove it."
            )


def _relationships(context: Context, spot: Spot) -> None:
    for name, raw, _ in named(mapping(context.template.topology, "relationship_templates")):
        if not isinstance(raw, dict):
            continue
        kind = context.type("relationship", raw.get("type"), spot.at(name, "type"))
        here = Here(kind)
        if kind is None or "copy" in raw:
            continue
        check_assigned(context, raw, kind, spot.at(name), here, f"relationship `{show(name)}`")
        for interface, body, keys in named(raw.get("interfaces")):
            found = interface_type(kind, interface)
            check_interface(context, interface, body, spot.at(name, "interfaces", *keys), here, found)


def _members(
    context: Context, names: Any, spot: Spot, rule: str, known: dict[str, TypeDef | None]
) -> Iterator[tuple[Any, TypeDef, Spot]]:
    """Name, type and place of each listed template that exists; the others are reported."""
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(name, str):
            continue
        kind = known.get(name)
        if kind is not None:
            yield name, kind, spot.at(index)
        elif name not in known and not context.open:
            message = f"there is no node template or group `{show(name)}`"
            context.out.add(rule, message, spot.place(index), did_you_mean(name, known))


def _allowed(kind: TypeDef, section: str) -> list[TypeDef]:
    """The types that a group type's members, or a policy type's targets, must derive from."""
    for owner in kind.lineage:
        names = owner.raw.get(section)
        if isinstance(names, list) and names:
            found = [owner.scope.find(k, name) for name in names for k in ("node", "group")]
            return [one for one in found if one is not None]
    return []


def _check_members(
    context: Context, kind: TypeDef | None, raw: Any, section: str, spot: Spot, rules: tuple[str, str]
) -> None:
    template = context.whole
    known: dict[str, TypeDef | None] = {name: node.type for name, node in template.nodes.items()}
    for name, body, _ in named(mapping(template.topology, "groups")):
        known[name] = context.scope.find("group", body.get("type") if isinstance(body, dict) else None)
    allowed = _allowed(kind, section) if kind is not None else []
    for name, member, at in _members(context, raw.get(section), spot.at(section), rules[0], known):
        if kind is not None and allowed and member.whole and not any(member.is_a(one) for one in allowed):
            wanted = " or ".join(one.name for one in allowed)
            message = f"`{show(name)}` is a {member.name}, and {kind.name} takes only {wanted}"
            context.out.add(rules[1], message, at.place())


def _groups(context: Context, spot: Spot) -> None:
    for name, raw, _ in named(mapping(context.template.topology, "groups")):
        if not isinstance(raw, dict):
            continue
        kind = context.type("group", raw.get("type"), spot.at(name, "type"))
        if kind is not None:
            check_assigned(context, raw, kind, spot.at(name), Here(kind), f"group `{show(name)}`")
        _check_members(context, kind, raw, "members", spot.at(name), ("TOSCA1060", "TOSCA1062"))


def _policies(context: Context, spot: Spot) -> None:
    for name, raw, keys in named(context.template.topology.get("policies")):
        if not isinstance(raw, dict):
            continue
        at = spot.at(*keys)
        kind = context.type("policy", raw.get("type"), at.at("type"))
        if kind is not None:
            check_assigned(context, raw, kind, at, Here(kind), f"policy `{show(name)}`")
        _check_members(context, kind, raw, "targets", at, ("TOSCA1061", "TOSCA1062"))
        check_triggers(context, raw.get("triggers"), at.at("triggers"))
