"""Requirements of node types: what a template must connect a node with, and with what it may (1.3, 3.7.3)."""

from __future__ import annotations

from typing import Any

from mattone.compat.lists import compare_occurrences
from mattone.compat.pair import Pair
from mattone.compat.sameness import same
from mattone.compat.values import Subject
from mattone.tosca.definitions import RequirementDef, requirements_of
from mattone.tosca.spots import show
from mattone.tosca.types import TypeDef


def compare_requirements(pair: Pair) -> None:
    """Compare the requirements of a node type, inheritance applied."""
    if not (pair.moved or "requirements" in pair.old.raw or "requirements" in pair.new.raw):
        return
    old, new = requirements_of(pair.old), requirements_of(pair.new)
    for name, own in old.items():
        what, other = f"requirement {show(name)}", new.get(name)
        if other is not None:
            if not pair.elsewhere(own.spot, other.spot):
                _requirement(pair, pair.subject(what, own.spot, other.spot), own, other)
        elif pair.lost(own.spot):
            pair.out.follow(pair.name, f"{pair.name}, {what}")
        elif not pair.untold(pair.new):
            pair.out.add("COMPAT1140", f"{pair.name}, {what}", "it is gone", own.spot, None)
    for name, other in new.items():
        if name not in old and not pair.untold(pair.old) and (pair.moved or not pair.lost(other.spot)):
            _added(pair, f"{pair.name}, requirement {show(name)}", other)


def _added(pair: Pair, subject: str, new: RequirementDef) -> None:
    if new.occurrences[0] > 0:
        why = f"it is new, and must be fulfilled at least {new.occurrences[0]} times"
        pair.out.add("COMPAT1141", subject, why.replace("1 times", "once"), None, new.spot)
    else:
        pair.out.add("COMPAT2141", subject, "it is new, and need not be fulfilled", None, new.spot)


def _requirement(pair: Pair, subject: Subject, old: RequirementDef, new: RequirementDef) -> None:
    compare_occurrences(pair, subject, old.occurrences, new.occurrences, ("COMPAT1142", "COMPAT2142"))
    for kind in ("capability", "node", "relationship"):
        _target(pair, subject, kind, (old, getattr(old, kind)), (new, getattr(new, kind)))
    _filter(pair, subject, old, new)


def _target(
    pair: Pair, subject: Subject, kind: str, old: tuple[RequirementDef, str], new: tuple[RequirementDef, str]
) -> None:
    """The type that the other end must have: an ancestor of the former one lets more in, all else less."""
    own, other = (one.owner.scope.find(kind, name) for one, name in (old, new))
    before, after = (found.name if found else name for found, (_, name) in ((own, old), (other, new)))
    if before == after:
        return
    why = f"its {kind} was {show(before or 'any')} and is {show(after or 'any')}"
    heir = new[0].owner.scope.find(kind, before) or own
    if not after or (heir is not None and _is_a(heir, after)):
        pair.out.add("COMPAT2143", subject.name, why, subject.old, subject.new)
    else:
        pair.out.add("COMPAT1143", subject.name, why, subject.old, subject.new)


def _is_a(kind: TypeDef, name: str) -> bool:
    return any(one.name == name for one in kind.lineage)


def _filter(pair: Pair, subject: Subject, old: RequirementDef, new: RequirementDef) -> None:
    before, after = (_written(one) for one in (old, new))
    if same(before, after):
        return
    if after is None:
        pair.out.add("COMPAT2144", subject.name, "its node filter is gone", subject.old, subject.new)
    else:
        why = (
            "it has a node filter now" if before is None else "its node filter is another one, and may let less through"
        )
        pair.out.add("COMPAT1144", subject.name, why, subject.old, subject.new)


def _written(one: RequirementDef) -> Any:
    raw: Any = one.spot.document.value
    for key in one.spot.keys:
        raw = raw[key]
    return raw.get("node_filter") if isinstance(raw, dict) else None
