"""What a change of a property, field, input or attribute does to those who give its value, or to those who read it.

Who gives a value is hurt when fewer values are allowed; who reads one, when there may be others than before. So
the same change of a schema is judged by the side that its value comes from: properties, inputs and fields of data
types are given, attributes and outputs are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from mattone.compat.allowed import Fit, Verdict, allowed, inside
from mattone.compat.changes import Collector
from mattone.compat.sameness import same
from mattone.tosca import constraints
from mattone.tosca.definitions import PropertyDef, Schema, properties_of
from mattone.tosca.functions import spell
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import TypeDef
from mattone.tosca.values import resolve


class Position(Enum):
    """Whether users of a component give a value or read it."""

    GIVEN = "given"
    READ = "read"


# What happened to the set of values: the rule for values that are given, and for those that are read.
_RULES = {
    "retyped": ("COMPAT1110", "COMPAT1121"),
    "narrowed": ("COMPAT1111", "COMPAT2121"),
    "widened": ("COMPAT2111", "COMPAT1121"),
    "tightened": ("COMPAT1114", "COMPAT2122"),
    "loosened": ("COMPAT2114", "COMPAT1122"),
    "undecided": ("COMPAT1115", "COMPAT1123"),
    "no longer required": ("COMPAT2112", "COMPAT1124"),
    "newly required": ("COMPAT1112", "COMPAT2112"),
    "field removed": ("COMPAT1101", "COMPAT1101"),
    "required field": ("COMPAT1102", "COMPAT2101"),
    "field added": ("COMPAT2101", "COMPAT2101"),
}
# A value of the first primitive type is one of the second too.
_WIDER = {("integer", "float")} | {
    (one, "string")
    for one in ("json", "xml", "bytes", "timestamp", "scalar-unit.size", "scalar-unit.time", "scalar-unit.frequency",
                "scalar-unit.bitrate")
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """What is compared: how messages name it, where its value comes from, and where it stands on both sides."""

    name: str
    position: Position
    old: Spot | None
    new: Spot | None

    def inner(self, what: str, old: Spot | None, new: Spot | None) -> Subject:
        return replace(self, name=f"{self.name}, {what}", old=old, new=new)


class Values:
    """Compares definitions of values, and says what it finds.

    shared  whether a data type is compared by itself: then what changed in it is said there, and only there
    """

    def __init__(self, out: Collector, shared: Callable[[TypeDef], bool]) -> None:
        self._out = out
        self._shared = shared
        self._open: set[tuple[str, str]] = set()

    def say(self, what: str, subject: Subject, why: str) -> None:
        self._add(_RULES[what][subject.position is Position.READ], subject, why)

    def _add(self, rule: str, subject: Subject, why: str) -> None:
        self._out.add(rule, subject.name, why, subject.old, subject.new)

    def definition(self, subject: Subject, old: PropertyDef, new: PropertyDef) -> None:
        """Compare two definitions of one property, attribute, field or parameter."""
        self._required(subject, old, new)
        self._default(subject, old, new)
        if new.status == "deprecated" != old.status:
            self._add("COMPAT2116", subject, "it is deprecated now")
        if new.secret and not old.secret and subject.position is Position.GIVEN:
            self._add("COMPAT1116", subject, "only references to secrets are taken now")
        if old.secret and not new.secret:
            self._add("COMPAT2117", subject, "plain values are taken too now")
        self.schema(subject, old.schema, new.schema)

    def _required(self, subject: Subject, old: PropertyDef, new: PropertyDef) -> None:
        was, now = (one.required and not one.has_default for one in (old, new))
        if subject.position is Position.READ:
            if old.required and not new.required and not new.has_default:
                self.say("no longer required", subject, "it may be missing now")
            elif new.required and not old.required:
                self.say("newly required", subject, "it is always there now")
        elif now and not was:
            if old.required:
                self._add("COMPAT1113", subject, f"its default {_spelled(old.default)} is gone, and it is required")
            else:
                self.say("newly required", subject, "it must be given now")
        elif old.required and not new.required:
            self.say("no longer required", subject, "it need not be given now")

    def _default(self, subject: Subject, old: PropertyDef, new: PropertyDef) -> None:
        if same(old.default, new.default):
            return
        if not old.has_default:
            self._add("COMPAT2113", subject, f"it has the default {_spelled(new.default)} now")
        elif not new.has_default:
            if not new.required:
                why = f"its default {_spelled(old.default)} is gone: where it is not given it has no value now"
                self._add("COMPAT2115", subject, why)
        else:
            why = f"its default was {_spelled(old.default)} and is {_spelled(new.default)}"
            self._add("COMPAT2115", subject, why)

    def schema(self, subject: Subject, old: Schema, new: Schema) -> None:
        """Compare the types, entries, keys and constraints of two schemas."""
        old_type, old_primitive, old_clauses = resolve(old)
        new_type, new_primitive, new_clauses = resolve(new)
        if not (old_type or old_primitive) or not (new_type or new_primitive):
            if old.type != new.type:
                self.say(
                    "undecided", subject, f"its type was {show(old.type)} and is {show(new.type)}, and is not known"
                )
            return
        if old_type is not None and new_type is not None:
            self._complex(subject, new, old_type, new_type)
        elif old_type is not None or new_type is not None:
            self._mixed(subject, old, new)
        elif self._primitives(subject, old, new, old_primitive, new_primitive):
            self._entries(subject, old, new)
            both = self._twins(old, new)
            before = (old, *old_clauses)
            after = (new, *(old_clauses if both else new_clauses))
            self._clauses(subject, before, after, old_primitive, new_primitive)

    def _twins(self, old: Schema, new: Schema) -> bool:
        """Whether both name the same data type, whose own changes are said elsewhere."""
        one, other = old.scope.find("data", old.type), new.scope.find("data", new.type)
        return one is not None and other is not None and one.name == other.name and self._shared(other)

    def _complex(self, subject: Subject, new: Schema, old_type: TypeDef, new_type: TypeDef) -> None:
        if old_type.name == new_type.name:
            if not self._shared(new_type):
                self.fields(subject, old_type, new_type)
            return
        heir = new.scope.find("data", old_type.name)
        change = f"its type was {old_type.name} and is {new_type.name}"
        if heir is not None and heir.is_a(new_type):
            self.say("widened", subject, f"{change}, an ancestor")
            self.fields(subject, old_type, new_type)
        elif new_type.is_a(old_type):
            self.say("narrowed", subject, f"{change}, a descendant")
        else:
            self.say("retyped", subject, change)

    def _mixed(self, subject: Subject, old: Schema, new: Schema) -> None:
        change = f"its type was {spell(old)} and is {spell(new)}"
        loose = ("map", "any")
        if resolve(new)[1] in loose and new.entry is None and not new.constraints:
            self.say("widened", subject, change)
        elif resolve(old)[1] in loose and old.entry is None:
            self.say("narrowed", subject, change)
        else:
            self.say("retyped", subject, change)

    def _primitives(self, subject: Subject, old: Schema, new: Schema, before: str, after: str) -> bool:
        """Say how two primitive types differ; whether constraints can be compared."""
        change = f"its type was {show(old.type)} and is {show(new.type)}"
        if before == after:
            return True
        if after == "any" or (before, after) in _WIDER:
            self.say("widened", subject, change)
            return before in ("integer", "float") or bool(new.constraints)
        self.say("narrowed" if before == "any" or (after, before) in _WIDER else "retyped", subject, change)
        return False

    def _entries(self, subject: Subject, old: Schema, new: Schema) -> None:
        for what, own, other in (("entries", old.entry, new.entry), ("keys", old.key, new.key)):
            if own is not None and other is not None:
                self.schema(subject.inner(f"its {what}", own.spot, other.spot), own, other)
            elif other is not None and not _anything(other, what):
                self.say("narrowed", subject, f"its {what} could be anything and must be {spell(other)} now")
            elif own is not None and not _anything(own, what):
                self.say("widened", subject, f"its {what} were {spell(own)} and may be anything now")

    def _clauses(
        self, subject: Subject, old: tuple[Schema, ...], new: tuple[Schema, ...], before: str, after: str
    ) -> None:
        was = allowed(before, (clause[1:] for one in old for clause in constraints.clauses(one)))
        now = allowed(after, (clause[1:] for one in new for clause in constraints.clauses(one)))
        given = subject.position is Position.GIVEN
        there, back = ((was, now), (now, was)) if given else ((now, was), (was, now))
        hurts = inside(*there) if given or before == after else Verdict(Fit.HELD)
        if hurts.fit is Fit.LOST:
            word = "no longer allowed" if given else "there may be what there never was"
            self.say("tightened" if given else "loosened", subject, f"{word}: {hurts.example}")
        elif hurts.fit is Fit.UNDECIDED:
            what = (
                "every value that was allowed still is" if given else "there are only values that were allowed before"
            )
            self.say("undecided", subject, f"whether {what} cannot be decided: {hurts.example}")
        elif before == after and (helps := inside(*back)).fit is not Fit.HELD:
            word = "allowed too now" if given else "no longer there"
            self.say("loosened" if given else "tightened", subject, f"{word}: {helps.example}")

    def fields(self, subject: Subject, old: TypeDef, new: TypeDef) -> None:
        """Compare the fields of two complex data types; a type inside itself is compared once."""
        if (old.name, new.name) in self._open:
            return
        self._open.add((old.name, new.name))
        self.members(subject, properties_of(old), properties_of(new), "field")
        self._open.remove((old.name, new.name))

    def members(
        self,
        subject: Subject,
        old: dict[str, PropertyDef | None],
        new: dict[str, PropertyDef | None],
        what: str,
    ) -> None:
        """Compare named definitions that a value is made of."""
        for name, own in old.items():
            if name not in new:
                spot = own.spot if own is not None else subject.old
                self.say("field removed", subject.inner(f"{what} {show(name)}", spot, None), "it is gone")
            elif own is not None and (other := new[name]) is not None:
                self.definition(subject.inner(f"{what} {show(name)}", own.spot, other.spot), own, other)
        for name, added in new.items():
            if name not in old and added is not None:
                must = added.required and not added.has_default
                inner = subject.inner(f"{what} {show(name)}", None, added.spot)
                self.say(
                    "required field" if must else "field added", inner, "it must be given" if must else "it is new"
                )


def _anything(schema: Schema, what: str) -> bool:
    primitive = resolve(schema)[1]
    return (primitive == "any" or (what == "keys" and primitive == "string")) and not schema.constraints


def _spelled(value: Any) -> str:
    return f"`{show(value)}`"
