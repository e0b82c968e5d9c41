"""Two definitions of one type, side by side, and what every comparison of their members needs."""

from __future__ import annotations

from dataclasses import dataclass

from mattone.compat.changes import Collector
from mattone.compat.library import Name, Side
from mattone.compat.values import Position, Subject, Values
from mattone.tosca.spots import Spot
from mattone.tosca.types import KINDS, TypeDef

_KINDS = {section: kind for kind, (section, _) in KINDS.items()}


def title(kind: str, name: str) -> str:
    """How a type is named as the subject of a change."""
    return f"{kind} type {name}"


def owner(spot: Spot) -> Name:
    """The type in whose definition a spot lies; ("", "") when in none."""
    if len(spot.keys) < 2:
        return "", ""
    return _KINDS.get(str(spot.keys[0]), ""), str(spot.keys[1])


@dataclass(frozen=True, slots=True)
class Pair:
    """A type before and after, whose members are compared with inheritance applied.

    before, after  the sides that the definitions are from
    """

    old: TypeDef
    new: TypeDef
    before: Side
    after: Side
    out: Collector
    values: Values

    @property
    def name(self) -> str:
        return title(self.new.kind, self.new.name)

    @property
    def moved(self) -> bool:
        """Whether the type derives from another one now, or from one that is not there on one side."""
        return names(self.old.parent) != names(self.new.parent)

    def subject(self, what: str, old: Spot | None, new: Spot | None, position: Position = Position.GIVEN) -> Subject:
        return Subject(f"{self.name}, {what}", position, old, new)

    def elsewhere(self, old: Spot, new: Spot) -> bool:
        """Whether both are another type's, which is compared by itself, or one and the same built-in definition."""
        if old.document is new.document:
            return old.keys == new.keys
        return owner(old) == owner(new) and self.foreign(new)

    def foreign(self, spot: Spot) -> bool:
        """Whether a definition is another type's, which is compared by itself."""
        one = owner(spot)
        return one != (self.new.kind, self.new.name) and one in self.before.types and one in self.after.types

    def lost(self, old: Spot) -> bool:
        """Whether a member that one side lacks is an ancestor's, where its going or coming is said."""
        kind, name = owner(old)
        return (kind, name) != (self.new.kind, self.new.name) and kind == self.new.kind

    def untold(self, missing: TypeDef) -> bool:
        """Whether a member may be missing on a side only because an ancestor could not be read there."""
        return not missing.whole


def names(kind: TypeDef | None) -> str:
    return kind.name if kind is not None else ""
