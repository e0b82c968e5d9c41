"""Capabilities of node types: what other nodes can rely on, and what a template may set in them (1.3, 3.7.2)."""

from __future__ import annotations

from mattone.compat.lists import compare_list, compare_occurrences
from mattone.compat.pair import Pair
from mattone.compat.values import Position
from mattone.tosca.definitions import CapabilityDef, PropertyDef, capabilities_of
from mattone.tosca.spots import show


def compare_capabilities(pair: Pair) -> None:
    """Compare the capabilities of a node type, inheritance and refinements applied."""
    if not (pair.moved or "capabilities" in pair.old.raw or "capabilities" in pair.new.raw):
        return
    old, new = capabilities_of(pair.old), capabilities_of(pair.new)
    for name, own in old.items():
        what, other = f"capability {show(name)}", new.get(name)
        if other is not None:
            if not pair.elsewhere(own.spot, other.spot):
                _capability(pair, what, own, other)
        elif pair.lost(own.spot):
            pair.out.follow(pair.name, f"{pair.name}, {what}")
        elif not pair.untold(pair.new):
            pair.out.add("COMPAT1130", f"{pair.name}, {what}", "it is gone", own.spot, None)
    for name, other in new.items():
        if name not in old and not pair.untold(pair.old) and (pair.moved or not pair.lost(other.spot)):
            pair.out.add("COMPAT2130", f"{pair.name}, capability {show(name)}", "it is new", None, other.spot)


def _capability(pair: Pair, what: str, old: CapabilityDef, new: CapabilityDef) -> None:
    subject = pair.subject(what, old.spot, new.spot)
    _type(pair, subject.name, old, new)
    compare_list(pair, subject, "valid_source_types", (_sources(old), _sources(new)), ("node",))
    compare_occurrences(pair, subject, old.occurrences, new.occurrences, ("COMPAT1133", "COMPAT2133"))
    for section, word, position in (
        ("properties", "property", Position.GIVEN),
        ("attributes", "attribute", Position.READ),
    ):
        _members(pair, what, word, position, getattr(old, section), getattr(new, section))


def _sources(one: CapabilityDef) -> list[str]:
    return [name for name in one.valid_source_types if isinstance(name, str)]


def _type(pair: Pair, subject: str, old: CapabilityDef, new: CapabilityDef) -> None:
    before, after = (one.type.name if one.type is not None else one.type_name for one in (old, new))
    if before == after:
        return
    why = f"its type was {show(before)} and is {show(after)}"
    if new.type is not None and any(one.name == before for one in new.type.lineage):
        pair.out.add("COMPAT2131", subject, f"{why}, a descendant", old.spot, new.spot)
    else:
        pair.out.add("COMPAT1131", subject, why, old.spot, new.spot)


def _members(
    pair: Pair,
    what: str,
    word: str,
    position: Position,
    old: dict[str, PropertyDef | None],
    new: dict[str, PropertyDef | None],
) -> None:
    """What a capability has by its type and its refinement; what its type alone changed is said of the type."""
    for name, own in old.items():
        if own is None:
            continue
        inner, other = f"{what}, {word} {show(name)}", new.get(name)
        if other is not None:
            if not pair.elsewhere(own.spot, other.spot):
                pair.values.definition(pair.subject(inner, own.spot, other.spot, position), own, other)
        elif name not in new and not _of_type(pair, own):
            rule = "COMPAT1101" if position is Position.GIVEN else "COMPAT1120"
            pair.out.add(rule, f"{pair.name}, {inner}", "it is gone", own.spot, None)
    for name, other in new.items():
        if other is None or name in old or _of_type(pair, other):
            continue
        must = other.required and not other.has_default and position is Position.GIVEN
        rule = "COMPAT1102" if must else "COMPAT2101" if position is Position.GIVEN else "COMPAT2120"
        pair.out.add(rule, f"{pair.name}, {what}, {word} {show(name)}", "it is new", None, other.spot)


def _of_type(pair: Pair, one: PropertyDef) -> bool:
    """Whether a property is one that the capability's type has, and not a refinement: the type's change says it."""
    return pair.foreign(one.spot)
