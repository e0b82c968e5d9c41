"""The type hierarchy: every type definition that a document sees, with inheritance (TOSCA Simple Profile 1.3, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from mattone.tosca.dialects import SIMPLE, Dialect
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
PRIMITIVES = SIMPLE.primitives
_PLACES = 200  # where a name with prefixes is looked up: enough for nesting that anybody understands


class Scope:
    """The types one document sees under the names it sees them.

    complete  False when an import of this document, or of one it imports, could not be read: then
              an unknown name may well be defined there, and is not reported
    dialect   how the document is written
    """

    def __init__(self, complete: bool = True, dialect: Dialect = SIMPLE) -> None:
        self.complete = complete
        self.dialect = dialect
        self._types: dict[str, dict[str, TypeDef]] = {kind: {} for kind in KINDS}
        self.functions: dict[str, tuple[Any, Spot, Scope]] = {}  # of 2.0: definition, where, and the types it sees
        self._under: dict[str, list[Scope]] = {}  # by namespace prefix
        self._normative: Scope | None = None

    @classmethod
    def over(cls, normative: Scope | None, complete: bool, dialect: Dialect = SIMPLE) -> Scope:
        scope = cls(complete, dialect)
        scope._normative = normative
        return scope

    def define(self, definition: TypeDef, prefix: str = "", alias: str = "") -> None:
        """Make a type known under its name, with a namespace prefix, or under another name."""
        name = alias or (f"{prefix}:{definition.name}" if prefix else definition.name)
        self._types[definition.kind].setdefault(name, definition)

    def link(self, prefix: str, other: Scope) -> None:
        """Make the types and functions of another document known under a namespace prefix.

        They are looked up there when they are asked for: documents may import each other under ever more prefixes.
        """
        known = self._under.setdefault(prefix, [])
        if not any(one is other for one in known):
            known.append(other)

    @property
    def has_prefixes(self) -> bool:
        return bool(self._under)

    def share(self, other: Scope) -> None:
        """Make the types, functions and namespaces of another document known under the names that it knows them by."""
        if other is self:
            return
        for kind, known in other._types.items():
            for name, definition in known.items():
                self._types[kind].setdefault(name, definition)
        for name, function in other.functions.items():
            self.functions.setdefault(name, function)
        for prefix, scopes in other._under.items():
            for one in scopes:
                self.link(prefix, one)

    def own(self, kind: str) -> Mapping[str, TypeDef]:
        """Types of documents, without the normative ones, by the name seen; by one of them where there are several."""
        if not self._under:
            return self._types[kind]
        found: dict[str, TypeDef] = {}
        for before, scope in self._reached():
            for name, definition in scope._types[kind].items():
                found.setdefault(before + name, definition)
        return found

    def all_functions(self) -> Mapping[str, tuple[Any, Spot, Scope]]:
        """The functions of 2.0 that a document sees, each under the name that it is defined under."""
        found: dict[str, tuple[Any, Spot, Scope]] = {}
        for _, scope in self._reached():
            for name, function in scope.functions.items():
                found.setdefault(name, function)
        return found

    def _reached(self) -> Iterator[tuple[str, Scope]]:
        """This scope and all under prefixes, each once, with the prefixes that lead to it."""
        seen: set[int] = set()
        waiting: list[tuple[str, Scope]] = [("", self)]
        for before, scope in waiting:
            if id(scope) not in seen:
                seen.add(id(scope))
                yield before, scope
                waiting += [(f"{before}{prefix}:", one) for prefix, ones in scope._under.items() for one in ones]

    def function(self, name: str) -> tuple[Any, Spot, Scope] | None:
        """The definition of a function of 2.0, where it stands, and the scope that it stands in (2.0, 10.4)."""
        return next((found for rest, scope in self._places(name) if (found := scope.functions.get(rest))), None)

    def _exported(self, kind: str, name: str) -> TypeDef | None:
        return next((found for rest, scope in self._places(name) if (found := scope._types[kind].get(rest))), None)

    def _places(self, name: str) -> Iterator[tuple[str, Scope]]:
        """Where a name may be looked up: here, and what is left of it below each prefix that it begins with."""
        seen: set[tuple[int, int]] = set()
        waiting = [(name, self)]
        for rest, scope in waiting:
            if (len(rest), id(scope)) not in seen and len(seen) < _PLACES:
                seen.add((len(rest), id(scope)))
                yield rest, scope
                for prefix, scopes in scope._under.items():
                    if rest.startswith(f"{prefix}:"):
                        waiting += [(rest[len(prefix) + 1 :], one) for one in scopes]

    def find(self, kind: str, name: object) -> TypeDef | None:
        """The type of this name: as defined, or a normative type by its full, short or `tosca:` name."""
        if not isinstance(name, str):
            return None
        found = self._exported(kind, name) if self._under else self._types[kind].get(name)
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
        yield from self.own(kind)
        if self._normative is not None:
            yield from self._normative.names(kind)

    def is_primitive(self, name: object) -> bool:
        """Whether a value is the name of a primitive type; any value may be asked about."""
        return isinstance(name, str) and name in self.dialect.primitives

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
        return derived is None or last.parent is not None or (self.kind == "data" and self.scope.is_primitive(derived))

    def is_a(self, other: TypeDef) -> bool:
        """Whether this type is `other` or derives from it."""
        if other in self.lineage:
            return True
        return not self.scope.dialect.refines and any(one.name == other.name for one in self.lineage)

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
