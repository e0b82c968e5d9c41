"""One change and a whole comparison: the values that every rule fills, and every report and release reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mattone.errors import Place
from mattone.findings import Finding, Severity, finding
from mattone.tosca.spots import Spot
from mattone.versions import Bump


class Grade(StrEnum):
    """What a change does to those who use the component."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    PATCH = "patch"


_GRADES = {Severity.ERROR: Grade.BREAKING, Severity.WARNING: Grade.ADDITIVE, Severity.STYLE: Grade.PATCH}
BUMPS = {Grade.BREAKING: Bump.MAJOR, Grade.ADDITIVE: Bump.MINOR, Grade.PATCH: Bump.PATCH}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an interface.

    id            stable; its first digit says how grave it is: 1 breaking, 2 additive, 3 patch
    subject       what changed, for example "node type tosca.nodes.indigo.Compute, property num_cpus"
    why           what is otherwise now and for whom, one sentence without its full stop
    old, new      where it stands on each side; None where it does not exist
    consequences  subjects that change only because this one did
    """

    id: str
    severity: Grade
    bump: Bump
    subject: str
    why: str
    old: Place | None
    new: Place | None
    consequences: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where one would look first: the new place, or the old one of what is gone."""
        return self.new or self.old or Place("")


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, the gravest first, and what could not be compared because it is not fixed or not there."""

    changes: tuple[Change, ...]
    unknown: tuple[Finding, ...] = ()

    @property
    def bump(self) -> Bump:
        """The least bump that the changes demand together."""
        return max((one.bump for one in self.changes), default=Bump.NONE)

    @property
    def verdict(self) -> str:
        """`breaking`, else `unknown` when something could not be compared, else `additive`, `patch` or `identical`."""
        if self.bump is Bump.MAJOR:
            return Grade.BREAKING.value
        if self.unknown:
            return "unknown"
        return {Bump.MINOR: "additive", Bump.PATCH: "patch", Bump.NONE: "identical"}[self.bump]


class Collector:
    """Changes in the order they are found, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Change] = {}
        self._broken: set[str] = set()
        self._consequences: dict[str, set[str]] = {}

    def add(self, rule: str, subject: str, why: str, old: Spot | None = None, new: Spot | None = None) -> None:
        """Note a change of a subject; of the same rule and subject only the first counts."""
        if (rule, subject) not in self._found:
            grade = _GRADES[finding(rule, "", Place("")).severity]
            places = (_place(old), _place(new))
            self.take(Change(rule, grade, BUMPS[grade], subject, why, *places))

    def add_once(self, rule: str, subject: str, why: str, old: Spot, new: Spot) -> None:
        """Note a change that many subjects share: the first has it, the others are its consequences."""
        first = next((one for one in self._found.values() if one.id == rule and one.why == why), None)
        if first is None:
            self.add(rule, subject, why, old, new)
        elif first.subject != subject:
            self.follow(first.subject, subject)

    def take(self, one: Change, subject: str = "") -> None:
        """Note a change that another collector found, under another subject if one is given."""
        kept = replace(one, subject=subject or one.subject)
        self._found.setdefault((kept.id, kept.subject), kept)
        if kept.severity is Grade.BREAKING:
            self._broken.add(kept.subject)

    def follow(self, cause: str, consequence: str) -> None:
        """Note that a subject changes only because another one did; it demands nothing by itself."""
        self._consequences.setdefault(cause, set()).add(consequence)

    def __len__(self) -> int:
        return len(self._found)

    def breaks(self, subject: str) -> bool:
        """Whether a breaking change of just this subject was found."""
        return subject in self._broken

    def has(self, rule: str, subject: str) -> bool:
        """Whether this change was found."""
        return (rule, subject) in self._found

    def subjects(self) -> tuple[str, ...]:
        """The subjects of all changes that demand more than a patch."""
        return tuple(one.subject for one in self._found.values() if one.severity is not Grade.PATCH)

    def changes(self) -> tuple[Change, ...]:
        """Everything found, the gravest first, then by place."""
        found = (self._with_consequences(one) for one in self._found.values())
        return ordered(found)

    def _with_consequences(self, one: Change) -> Change:
        following = self._consequences.get(one.subject)
        if not following:
            return one
        return replace(one, consequences=tuple(sorted(following - {one.subject})))


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The gravest first, then by place, id and subject: the same however they were found."""
    return tuple(sorted(changes, key=lambda one: (-one.bump, one.place, one.id, one.subject, one.why)))


def _place(spot: Spot | None) -> Place | None:
    return spot.key_place() if spot is not None else None
