"""Types before and after: gone, new, renamed, derived from another one, and all their members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.compat.artifacts import compare_artifacts
from mattone.compat.capabilities import compare_capabilities
from mattone.compat.changes import Collector
from mattone.compat.interfaces import compare_interfaces
from mattone.compat.library import Name, Side
from mattone.compat.lists import compare_list
from mattone.compat.pair import Pair, names, title
from mattone.compat.requirements import compare_requirements
from mattone.compat.sameness import same
from mattone.compat.values import Position, Subject, Values
from mattone.tosca.definitions import PropertyDef, Schema, properties_of
from mattone.tosca.spots import show
from mattone.tosca.types import TypeDef

# Lists of types (or file extensions) that a type allows, by the kinds that their names are of; empty lists allow all.
_LISTS: dict[str, tuple[str, ...]] = {
    "valid_source_types": ("node",),
    "valid_target_types": ("capability", "node"),
    "members": ("node", "group"),
    "targets": ("node", "group"),
    "file_ext": (),
}


def compare_types(before: Side, after: Side, out: Collector) -> None:
    """Compare every type that one of the sides defines."""
    values = Values(out, lambda one: _is_shared(one, before, after))
    renamed = dict(_renames(before, after))
    for key, old in before.types.items():
        new = after.types.get(key)
        if new is None:
            _gone(key, old, renamed.get(key), after, out)
        elif not _is_same(old, new):
            compare_type(Pair(old, new, before, after, out, values), renamed.get(key))
    for key, new in after.types.items():
        if key not in before.types and key not in renamed.values():
            out.add("COMPAT2001", title(*key), "it is new", None, new.spot)


def _is_shared(one: TypeDef, before: Side, after: Side) -> bool:
    key = (one.kind, one.name)
    return key in before.types and key in after.types


def _is_same(old: TypeDef, new: TypeDef) -> bool:
    return (old.raw is new.raw or same(old.raw, new.raw)) and names(old.parent) == names(new.parent)


def _gone(key: Name, old: TypeDef, successor: Name | None, after: Side, out: Collector) -> None:
    if successor is not None:
        why = f"it is called {successor[1]} now, and its old name is gone"
        out.add("COMPAT1002", title(*key), why, old.spot, after.types[successor].spot)
    else:
        out.add("COMPAT1001", title(*key), "it is gone", old.spot, None)


def _renames(before: Side, after: Side) -> Iterator[tuple[Name, Name]]:
    """Old name to new: a new type with the same body as one that is gone, or as one that derives from it now."""
    fresh = [key for key in after.types if key not in before.types]
    if not fresh:
        return
    bodies: dict[str, list[Name]] = {}
    for key in fresh:
        bodies.setdefault(_body(after.types[key]), []).append(key)
    for key, old in before.types.items():
        new = after.types.get(key)
        parent = names(new.parent) if new is not None else ""
        twins = bodies.get(_body(old), []) if new is None or parent else []
        found = [one for one in twins if one[0] == key[0] and (new is None or one[1] == parent)]
        if len(found) == 1 and old.raw:
            twins.remove(found[0])
            yield key, found[0]


def _body(one: TypeDef) -> str:
    """What a type is but for its name and its texts."""
    return repr({key: value for key, value in one.raw.items() if key not in ("description", "metadata", "version")})


def compare_type(pair: Pair, successor: Name | None = None) -> None:
    """Compare two definitions of one type, with inheritance applied; say something whenever they differ."""
    found = len(pair.out)
    _lineage(pair, successor)
    for section, word in (("properties", "property"), ("attributes", "attribute")):
        _properties(pair, section, word)
    if pair.new.kind == "data":
        _value(pair)
    for section, kinds in _LISTS.items():
        _list(pair, section, kinds)
    if pair.new.kind == "node":
        compare_capabilities(pair)
        compare_requirements(pair)
        compare_artifacts(pair)
    compare_interfaces(pair)
    if len(pair.out) == found and not same(pair.old.raw, pair.new.raw):
        why = "description, metadata or the way it is written changed, nothing that others rely on"
        pair.out.add("COMPAT3001", pair.name, why, pair.old.spot, pair.new.spot)


def _lineage(pair: Pair, successor: Name | None) -> None:
    if not pair.moved:
        return
    old, new = ([one.name for one in side.lineage[1:]] for side in (pair.old, pair.new))
    lost = [name for name in old if name not in new]
    gained = [name for name in new if name not in old]
    if lost and same(pair.old.raw.get("derived_from"), pair.new.raw.get("derived_from")):
        pair.out.follow(title(pair.new.kind, lost[0]), pair.name)  # its parent is gone, which is said there
    elif lost:
        why = f"it no longer derives from {lost[0]}, so it cannot stand where one is wanted"
        pair.out.add("COMPAT1003", pair.name, why, pair.old.spot, pair.new.spot)
    if successor is not None:
        why = f"it is called {successor[1]} now; the old name derives from the new one, and still works"
        pair.out.add("COMPAT2002", pair.name, why, pair.old.spot, pair.new.spot)
    elif gained:
        pair.out.add("COMPAT2003", pair.name, f"it derives from {gained[0]} now", pair.old.spot, pair.new.spot)


_RULES = {
    "properties": ("COMPAT1101", "COMPAT1102", "COMPAT2101", Position.GIVEN),
    "attributes": ("COMPAT1120", "COMPAT2120", "COMPAT2120", Position.READ),
}


def _properties(pair: Pair, section: str, word: str) -> None:
    if not (pair.moved or section in pair.old.raw or section in pair.new.raw):
        return
    gone, needed, added, position = _RULES[section]
    old, new = properties_of(pair.old, section), properties_of(pair.new, section)
    for name, own in old.items():
        what, other = f"{word} {show(name)}", new.get(name)
        if own is not None and other is not None:
            if not pair.elsewhere(own.spot, other.spot):
                pair.values.definition(pair.subject(what, own.spot, other.spot, position), own, other)
        elif own is not None and name not in new:
            _removed(pair, gone, what, own)
    for name, other in new.items():
        if other is None or name in old or pair.untold(pair.old) or _is_inherited(pair, other):
            continue
        must = other.required and not other.has_default
        why = "it is new, and must be given" if must and position is Position.GIVEN else "it is new"
        pair.out.add(needed if must else added, f"{pair.name}, {word} {show(name)}", why, None, other.spot)


def _removed(pair: Pair, rule: str, what: str, own: PropertyDef) -> None:
    if pair.untold(pair.new):
        return
    if pair.lost(own.spot):
        pair.out.follow(pair.name, f"{pair.name}, {what}")
    else:
        pair.out.add(rule, f"{pair.name}, {what}", "it is gone", own.spot, None)


def _is_inherited(pair: Pair, one: PropertyDef) -> bool:
    """Whether a new member is an ancestor's that had this descendant before too: it is said there."""
    return pair.lost(one.spot) and not pair.moved


def _value(pair: Pair) -> None:
    """Data types over a primitive type: what values they allow (1.3, 3.7.6)."""
    ends = (pair.old.lineage[-1], pair.new.lineage[-1])
    if not any(one.scope.is_primitive(one.raw.get("derived_from")) for one in ends):
        return
    if (
        pair.moved
        or "constraints" in pair.old.raw
        or "constraints" in pair.new.raw
        or _base(pair.old) != _base(pair.new)
    ):
        schemas = [Schema(one.name, one.scope, one.spot) for one in (pair.old, pair.new)]
        apart = Values(pair.out, lambda _: False)
        apart.schema(Subject(pair.name, Position.GIVEN, pair.old.spot, pair.new.spot), *schemas)


def _base(one: TypeDef) -> Any:
    return one.raw.get("derived_from")


def _list(pair: Pair, section: str, kinds: tuple[str, ...]) -> None:
    if not (section in pair.old.raw or section in pair.new.raw):
        return
    lists = (_listed(pair.old, section), _listed(pair.new, section))
    compare_list(pair, Subject(pair.name, Position.GIVEN, pair.old.spot, pair.new.spot), section, lists, kinds)


def _listed(one: TypeDef, section: str) -> list[str]:
    """A list of names that a type has or inherits; a descendant narrows it, so the nearest counts."""
    found = next((owner.raw[section] for owner in one.lineage if section in owner.raw), None)
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
