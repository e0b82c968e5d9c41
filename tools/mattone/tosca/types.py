"""The type hierarchy: every type definition that a document sees, with inheritance (TOSCA Simple Profile 1.3, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from mattone.tosca.spots import Spot

T = TypeVar("T")

# Section of a service template, and the prefix of normative names in it, by kind.
KINDS = {
    "node": ("node_types", "tosca.nodes."),
    "relationship": ("relationship_types", "tosca.relationships."),
    "capability": ("capability_types", "tosca.capabilities."),
    "interface": ("interface_types", "tosca.interfaces."),
    "artifact": ("artifact_types", "tosca.artifacts."),
    "data": ("data_types", "tosca.datatypes."),
    "group": ("group_types", "tosca.groups."),
    "policy": ("policy_types", "tosca.policies."),
}
# fmt: off
PRIMITIVES = frozenset({
    "string", "integer", "float", "boolean", "timestamp", "null", "range", "version", "list",
    "map", "bytes", "any", "json", "xml",
    "scalar-unit.size", "scalar-unit.time", "scalar-unit.frequency", "scalar-unit.bitrate",
})
# fmt: on


class Scope:
    """The types one document sees under the names it sees them.

    complete  False when an import of this document, or of one it imports, could not be read: then
              an unknown name may well be defined there, and is not reported
    """

    def __init__(self, complete: bool = True) -> None:
        self.complete = complete
        self._types: dict[str, dict[str, TypeDef]] = {kind: {} for kind in KINDS}
        self._normative: Scope | None = None

    @classmethod
    def over(cls, normative: Scope | None, complete: bool) -> Scope:
        scope = cls(complete)
        scope._normative = normative
        return scope

    def define(self, definition: TypeDef, prefix: str = "", alias: str = "") -> None:
        """Make a type known under its name, with a namespace prefix, or under another name."""
        name = alias or (f"{prefix}:{definition.name}" if prefix else definition.name)
        self._types[definition.kind].setdefault(name, definition)

    def own(self, kind: str) -> Mapping[str, TypeDef]:
        """Types of documents, without the normative ones, by the name seen."""
        return self._types[kind]

    def find(self, kind: str, name: object) -> TypeDef | None:
        """The type of this name: as defined, or a normative type by its full, short or `tosca:` name."""
        if not isinstance(name, str):
            return None
        found = self._types[kind].get(name)
        if found is None and self._normative is not None:
            found = self._normative.find(kind, name)
        return found or self._short(kind, name)

    def _short(self, kind: str, name: str) -> TypeDef | None:
        if self._normative is not None or name.startswith("tosca."):
            return None
        name = name.removeprefix("tosca:")
        prefix = KINDS[kind][1]
        known = self._types[kind]
        if prefix + name in known:
            return known[prefix + name]
        ends = [found for full, found in known.items() if full.endswith("." + name)]
        return ends[0] if len(ends) == 1 else None

    def names(self, kind: str) -> Iterator[str]:
        yield from self._types[kind]
        if self._normative is not None:
            yield from self._normative.names(kind)

    def kind_of(self, name: str) -> str:
        """The kind that has a type of this name, or an empty text."""
        return next((kind for kind in KINDS if self.find(kind, name) is not None), "")


class TypeDef:
    """One type definition. Members are looked up through its ancestors, the nearest first."""

    def __init__(self, kind: str, name: str, raw: Any, spot: Spot, scope: Scope, normative: bool = False) -> None:
        self.kind = kind
        self.name = name
        self.raw: Mapping[Any, Any] = raw if isinstance(raw, dict) else {}
        self.spot = spot
        self.scope = scope
        self.normative = normative

    def __repr__(self) -> str:
        return f"<{self.kind} type {self.name}>"

    @cached_property
    def parent(self) -> TypeDef | None:
        return self.scope.find(self.kind, self.raw.get("derived_from"))

    @cached_property
    def lineage(self) -> tuple[TypeDef, ...]:
        """This type and its ancestors, the nearest first; a cycle ends where it begins again."""
        found: list[TypeDef] = [self]
        while (parent := found[-1].parent) is not None and parent not in found:
            found.append(parent)
        return tuple(found)

    @cached_property
    def whole(self) -> bool:
        """Whether every ancestor is known: else what a member is cannot be told."""
        last = self.lineage[-1]
        derived = last.raw.get("derived_from")
        return derived is None or last.parent is not None or (self.kind == "data" and is_primitive(derived))

    def is_a(self, other: TypeDef) -> bool:
        """Whether this type is `other` or derives from it."""
        return other in self.lineage or any(one.name == other.name for one in self.lineage)

    def members(self, section: str) -> dict[str, tuple[Any, Spot, TypeDef]]:
        """Name to (definition as written, where, by which type) of a section, inheritance applied."""
        found = self._members.get(section)
        if found is None:
            found = self._members[section] = self._gather(section)
        return found

    def once(self, what: str, make: Callable[[TypeDef], T]) -> T:
        """What `make` gives for this type, made the first time that it is asked for; not to be changed."""
        if what not in self._made:
            self._made[what] = make(self)
        found: T = self._made[what]
        return found

    @cached_property
    def _made(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _members(self) -> dict[str, dict[str, tuple[Any, Spot, TypeDef]]]:
        return {}

    def _gather(self, section: str) -> dict[str, tuple[Any, Spot, TypeDef]]:
        """The members of the ancestors with one's own over them; each ancestor's are kept for its other children."""
        found: dict[str, tuple[Any, Spot, TypeDef]] = {}
        circle = self.lineage[-1].parent is not None  # then the lineage of an ancestor is another one
        for owner in reversed(self.lineage):
            known = None if circle else owner._members.get(section)
            if known is None:
                own = {n: (raw, owner.spot.at(section, *k), owner) for n, raw, k in named(owner.raw.get(section))}
                known = {**found, **own} if own else found
                if not circle:
                    owner._members[section] = known
            found = known
        return found


def is_primitive(name: object) -> bool:
    """Whether a value is the name of a primitive type; any value may be asked about."""
    return isinstance(name, str) and name in PRIMITIVES


def named(section: Any) -> Iterable[tuple[str, Any, tuple[Any, ...]]]:
    """Name, definition and keys of a map of definitions, or of a list of maps with one name each."""
    if not section:
        return ()  # as most sections are: not there
    if isinstance(section, dict):
        return [(name, raw, (name,)) for name, raw in section.items() if isinstance(name, str)]
    return _listed(section) if isinstance(section, list) else ()


def _listed(section: list[Any]) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    for index, item in enumerate(section):
        if isinstance(item, dict) and len(item) == 1:
            name, raw = next(iter(item.items()))
            if isinstance(name, str):
                yield name, raw, (index, name)
