"""Requirements of node templates and what fulfils them (1.3, 3.8.2): every requirement, its target, its matching."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mattone.checks.context import Context
from mattone.checks.refinement import check_filter
from mattone.tosca.definitions import CapabilityDef, RequirementDef, capabilities_of, requirements_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import TypeDef, named


def check_requirements(context: Context, node: NodeTemplate, kind: TypeDef) -> None:
    """Check the requirement assignments of a node template, and that no required one is left open."""
    known = requirements_of(kind)
    written = node.raw.get("requirements")
    if isinstance(written, dict):
        written = [{name: raw} for name, raw in written.items()]
    counted: Counter[str] = Counter()
    several: set[str] = set()  # assigned so often as the service decides (2.0, 14.1)
    for name, raw, keys in named(written):
        spot = node.spot.at("requirements", *keys)
        definition = known.get(name)
        count = raw.get("count", 1) if isinstance(raw, dict) else 1
        counted[name] += count if isinstance(count, int) else 1
        several |= {name} if not isinstance(count, int) else set()
        if definition is None and kind.whole:
            message = f"{kind.name} has no requirement `{show(name)}`"
            context.out.add("TOSCA1031", message, spot.key_place(), did_you_mean(name, known))
        _Assignment(context, node, definition, raw, spot).check()
    for name, definition in known.items():
        if name not in several:
            _occurrences(context, node, definition, counted[name])


def _occurrences(context: Context, node: NodeTemplate, definition: RequirementDef, count: int) -> None:
    least, most = definition.occurrences
    label = f"node `{show(node.name)}`"
    if count > most:
        message = f"{label} has requirement `{definition.name}` {count} times; at most {most} is allowed"
        context.out.add("TOSCA1036", message, node.spot.key_place("requirements"))
    if count >= least:
        return
    if context.scope.dialect.refines:
        if count:  # without one, the orchestrator makes as many as are needed (2.0, 8.5.4), here or elsewhere
            message = f"{label} has requirement `{definition.name}` {count} times; at least {least} are needed"
            context.out.add("TOSCA1036", message, node.spot.key_place("requirements"))
        return
    candidates = None if context.open else _candidates(context, node, definition)
    if candidates is None or _substituted(context, definition.name, node.name):
        return
    where = node.spot.place("requirements")
    needs = definition.node or definition.capability
    if not candidates:
        message = f"{label} requires `{definition.name}` ({needs}), and nothing in the topology fulfils it"
        context.out.add("TOSCA1034", message, where, f"Add `- {definition.name}: <node>` to its requirements.")
    elif len(candidates) > 1:
        listed = ", ".join(f"`{show(name)}`" for name in candidates[:5])
        message = f"{label} leaves requirement `{definition.name}` open, and several nodes could fulfil it: {listed}"
        context.out.add("TOSCA2012", message, where, f"Name one: `- {definition.name}: {candidates[0]}`.")


def _substituted(context: Context, requirement: str, node: str) -> bool:
    """Whether the substitution mapping leads this requirement outside, where it is fulfilled."""
    mapped = mapping(mapping(context.whole.topology, "substitution_mappings"), "requirements")
    return any(target == [node, requirement] for target in mapped.values()) or bool(mapped)


def _candidates(context: Context, node: NodeTemplate, definition: RequirementDef) -> list[str] | None:
    """Names of the nodes that could fulfil an open requirement; None when it cannot be told."""
    fulfil: dict[TypeDef, bool] = {}  # many nodes are of few types
    found = []
    for other in context.whole.nodes.values():
        if other.name == node.name:
            continue
        if other.type is None or not other.type.whole:
            return None
        if other.type not in fulfil:
            fulfil[other.type] = not target_problem(definition, other.type, node.type)[0]
        if fulfil[other.type]:
            found.append(other.name)
    return found


def target_problem(definition: RequirementDef, target: TypeDef, source: TypeDef | None) -> tuple[str, str]:
    """Why a node of the target type cannot fulfil a requirement, and a hint; empty when it can or cannot be told."""
    wanted = definition.node_type
    if wanted is not None and target.whole and not target.is_a(wanted):
        return f"must be a {wanted.name}, and {target.name} is none", ""
    capability = definition.capability_type
    if capability is None or not target.whole:
        return "", ""
    offered = capabilities_of(target)
    fitting = [one for one in offered.values() if _offers(one, capability)]
    if not fitting:
        names = ", ".join(f"{one.name} ({one.type_name})" for one in offered.values())
        return f"must have a capability of type {capability.name}", f"{target.name} has: {show(names, 200)}."
    if source is not None and not any(_accepts(one, source) for one in fitting):
        allowed = ", ".join(str(name) for one in fitting for name in one.valid_source_types)
        return f"accepts only sources of type {show(allowed, 120)}", ""
    return "", ""


def _offers(one: CapabilityDef, wanted: TypeDef) -> bool:
    return one.type is None or one.type.is_a(wanted) or not one.type.whole


def _accepts(one: CapabilityDef, source: TypeDef) -> bool:
    valid = one.valid_source_types
    if not valid and one.type is not None:
        valid = next((v for t in one.type.lineage if isinstance(v := t.raw.get(_sources(t)), list) and v), [])
    kinds = [one.owner.scope.find("node", name) for name in valid]
    return not valid or not source.whole or any(kind is None or source.is_a(kind) for kind in kinds)


def _sources(kind: TypeDef) -> str:
    return kind.scope.dialect.sources


class _Assignment:
    """One requirement assignment: short (`- host: server`) or long."""

    def __init__(
        self, context: Context, node: NodeTemplate, definition: RequirementDef | None, raw: Any, spot: Spot
    ) -> None:
        self.context = context
        self.node = node
        self.definition = definition
        # A node and the index of one of its representations is a list (2.0, 8.5.1).
        self.long = raw if isinstance(raw, dict) else {"node": raw}
        self.spot = spot
        self.at = spot.at("node") if isinstance(raw, dict) else spot

    def check(self) -> None:
        target = self.long.get("node")
        if isinstance(target, list) and target:
            target, self.at = target[0], self.at.at(0)
        if isinstance(target, str):
            self._target(target)
        self._relationship(self.long.get("relationship"))
        if self.context.scope.dialect.refines:
            from mattone.checks.templates_2_0 import check_assignment_2_0

            check_assignment_2_0(self.context, self.node, self.definition, self.long, self.spot)

    def _target(self, name: str) -> None:
        template = self.context.whole
        node = template.nodes.get(name)
        if node is None and name not in mapping(template.topology, "node_templates"):
            kind = self.context.scope.find("node", name)
            if kind is None:
                if not self.context.open and not ("." in name and not self.context.scope.complete):
                    message = f"there is no node template `{show(name)}`"
                    hint = did_you_mean(name, template.nodes, besides=self.node.name)
                    self.context.out.add("TOSCA1032", message, self.at.place(), hint)
                return
        else:
            kind = node.type if node is not None else None
        if kind is None:
            return
        if not self.context.scope.dialect.refines:
            check_filter(self.context, self.long.get("node_filter"), kind, self.spot.at("node_filter"))
        self._fitting(name, kind)

    def _fitting(self, name: str, kind: TypeDef) -> None:
        capability = self.long.get("capability")
        if isinstance(capability, str) and kind.whole:
            offered = capabilities_of(kind)
            by_type = self.context.scope.find("capability", capability)
            if capability not in offered and not (by_type and any(_offers(one, by_type) for one in offered.values())):
                message = f"`{show(name)}` has no capability `{show(capability)}`"
                hint = did_you_mean(capability, offered)
                self.context.out.add("TOSCA1033", message, self.spot.place("capability"), hint)
                return
            if self._wrong_capability(name, offered.get(capability)):
                return
        if self.definition is not None:
            problem, hint = target_problem(self.definition, kind, self.node.type)
            if problem:
                message = f"`{show(name)}` cannot fulfil requirement `{self.definition.name}`: it {problem}"
                self.context.out.add("TOSCA1033", message, self.at.place(), hint)

    def _wrong_capability(self, name: str, given: CapabilityDef | None) -> bool:
        definition = self.definition
        wanted = definition.capability_type if definition else None
        if definition is None or given is None or wanted is None or _offers(given, wanted):
            return False
        has = f"capability `{given.name}` of `{show(name)}` is a {given.type_name}"
        message = f"{has}, and requirement `{definition.name}` needs a {wanted.name}"
        self.context.out.add("TOSCA1033", message, self.spot.place("capability"))
        return True

    def _relationship(self, relationship: Any) -> None:
        spot = self.spot.at("relationship")
        if isinstance(relationship, dict):
            relationship, spot = relationship.get("type"), spot.at("type")
        if not isinstance(relationship, str):
            return
        templates = mapping(self.context.whole.topology, "relationship_templates")
        if relationship in templates:
            body = templates[relationship]
            kind = self.context.scope.find("relationship", body.get("type") if isinstance(body, dict) else None)
        else:
            kind = self.context.type("relationship", relationship, spot)
        wanted = self.definition.relationship_type if self.definition else None
        if kind is None or wanted is None or not kind.whole or kind.is_a(wanted):
            return
        message = (
            f"requirement `{self.definition.name if self.definition else ''}` needs a {wanted.name}, not a {kind.name}"
        )
        self.context.out.add("TOSCA1035", message, spot.place())
