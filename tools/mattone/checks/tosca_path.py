"""TOSCA paths: from an entity along relationships and capabilities to the one that is read (2.0, 10.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

from mattone.checks.context import Context, Here
from mattone.tosca.definitions import CapabilityDef, PropertyDef, capabilities_of, properties_of, requirements_of
from mattone.tosca.functions import function_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import mapping
from mattone.tosca.types import TypeDef, named

_WORDS = frozenset({"RELATIONSHIP", "CAPABILITY", "SOURCE", "TARGET"})


class Reached(NamedTuple):
    """Where a path has come to: a node, a relationship or a capability.

    type        None where it cannot be told; then nothing more is said of the path
    node        name of the node template, or of the one that a relationship begins at; empty where there is none
    capability  the definition of a capability: it may refine its type
    requirement the name of the requirement that a relationship fulfils
    """

    type: TypeDef | None
    node: str = ""
    capability: CapabilityDef | None = None
    requirement: str = ""
    source: TypeDef | None = None

    def members(self, attributes: bool) -> dict[str, PropertyDef | None]:
        """What can be read there by name."""
        if self.capability is not None:
            return {**self.capability.properties, **(self.capability.attributes if attributes else {})}
        if self.type is None:
            return {}
        return {**properties_of(self.type), **(properties_of(self.type, "attributes") if attributes else {})}


NOWHERE = Reached(None)


class PathWalk:
    """Walks one path and reports the step that leads nowhere."""

    def __init__(self, context: Context, here: Here, steps: list[Any], spot: Spot) -> None:
        self.context = context
        self.here = here
        self.steps = steps
        self.spot = spot
        self.at = 1

    def run(self) -> Reached:
        """Where the path ends; `at` is then the step after it."""
        reached = self._begin(self.steps[0])
        while reached.type is not None and self.at < len(self.steps) and self._is_word(self.steps[self.at]):
            word = self.steps[self.at]
            self.at += 1
            reached = self._step(reached, reached.type.kind, word)
        return reached

    @staticmethod
    def _is_word(step: Any) -> bool:
        return isinstance(step, str) and step in _WORDS

    def _step(self, reached: Reached, kind: str, word: str) -> Reached:
        if kind == "node":
            return self._from_node(reached, word)
        if kind == "relationship":
            return self._from_relationship(reached, word)
        return NOWHERE  # an incoming relationship: of whom is not known before deployment

    def _begin(self, name: Any) -> Reached:
        if name == "SELF":
            here, own = self.here, self.here.node.name if self.here.node else ""
            if here.requirement:
                source = here.node.type if here.node else here.source
                return Reached(here.kind, own, None, here.requirement, source)
            return Reached(here.kind, own)
        if not isinstance(name, str):
            return NOWHERE
        if self.here.node is None and self.here.kind is not None and not self.here.template:
            message = f"a type knows no node templates: `{show(name)}` must be SELF"
            self.context.out.add("TOSCA1041", message, self.spot.place(0), did_you_mean(name, ["SELF"]))
            return NOWHERE
        self._index()
        topology = self.context.whole.topology
        node = self.context.whole.nodes.get(name)
        if node is not None:
            return Reached(node.type, name)
        others = {**mapping(topology, "relationship_templates"), **mapping(topology, "groups")}
        if name not in others and name not in mapping(topology, "node_templates") and not self.context.open:
            message = f"there is no node template `{show(name)}`"
            known = [*self.context.whole.nodes, *others, "SELF"]
            self.context.out.add("TOSCA1041", message, self.spot.place(0), did_you_mean(name, known))
        return NOWHERE

    def _index(self) -> None:
        """Step over an index: a number, ALL, or a function such as `$node_index`."""
        step = self.steps[self.at] if self.at < len(self.steps) else None
        number = isinstance(step, int) and not isinstance(step, bool)
        if step == "ALL" or number or function_of(step, self.context.scope.dialect):
            self.at += 1

    def _from_node(self, reached: Reached, word: str) -> Reached:
        kind = reached.type
        if kind is None or word not in ("RELATIONSHIP", "CAPABILITY") or self.at >= len(self.steps):
            return self._wrong(word, "a node leads on by RELATIONSHIP and a requirement, or CAPABILITY and its name")
        name = self.steps[self.at]
        self.at += 1
        if not isinstance(name, str):
            return NOWHERE
        if word == "CAPABILITY":
            capability = capabilities_of(kind).get(name)
            if capability is not None:
                return Reached(capability.type, reached.node, capability)
            return self._unknown(kind, "capability", name, capabilities_of(kind))
        requirement = requirements_of(kind).get(name)
        if requirement is None:
            return self._unknown(kind, "requirement", name, requirements_of(kind))
        self._index()
        return Reached(requirement.relationship_type, reached.node, None, requirement.name, kind)

    def _from_relationship(self, reached: Reached, word: str) -> Reached:
        if word == "SOURCE":
            node = self.context.whole.nodes.get(reached.node)
            return Reached(node.type if node else reached.source, reached.node)
        if word == "TARGET":
            return self._target(reached)
        if word == "CAPABILITY":
            return NOWHERE if reached.source is None else self._target_capability(reached)
        return self._wrong(word, "a relationship leads on by SOURCE, TARGET or CAPABILITY")

    def _target(self, reached: Reached) -> Reached:
        node = self.context.whole.nodes.get(reached.node)
        for name, raw, _ in named(node.raw.get("requirements") if node else None):
            target = raw.get("node") if isinstance(raw, dict) else raw
            target = target[0] if isinstance(target, list) and target else target
            if name == reached.requirement and isinstance(target, str) and target in self.context.whole.nodes:
                return Reached(self.context.whole.nodes[target].type, target)
        source = node.type if node is not None else reached.source
        definition = requirements_of(source).get(reached.requirement) if source is not None else None
        return Reached(definition.node_type if definition is not None else None)

    def _target_capability(self, reached: Reached) -> Reached:
        definition = requirements_of(reached.source).get(reached.requirement) if reached.source else None
        return Reached(definition.capability_type if definition is not None else None)

    def _unknown(self, kind: TypeDef, what: str, name: Any, known: Any) -> Reached:
        if kind.whole and isinstance(name, str):
            message = f"{kind.name} has no {what} `{show(name)}`"
            self.context.out.add("TOSCA1049", message, self.spot.place(self.at - 1), did_you_mean(name, known))
        return NOWHERE

    def _wrong(self, word: str, message: str) -> Reached:
        self.context.out.add("TOSCA1049", f"`{word}` leads nowhere", self.spot.place(self.at - 1), f"{message}.")
        return NOWHERE
