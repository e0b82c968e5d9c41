"""Lists of what is allowed (types by their names, file extensions) and how many there may be."""

from __future__ import annotations

from mattone.compat.pair import Pair
from mattone.compat.values import Subject
from mattone.tosca.dialects import UNBOUNDED
from mattone.tosca.spots import show
from mattone.tosca.types import Scope, TypeDef


def compare_list(
    pair: Pair, subject: Subject, section: str, lists: tuple[list[str], list[str]], kinds: tuple[str, ...]
) -> None:
    """Compare two lists of allowed names, where an empty one allows all and a type allows its descendants too."""
    old, new = lists
    before, after = pair.old.scope, pair.new.scope
    gone = _uncovered(old, new, (before, after), kinds) if new else ([] if not old else None)
    if new and not old:
        say = f"`{section}` allows only {_joined(new)} now; before, it allowed all"
        pair.out.add("COMPAT1132", subject.name, say, subject.old, subject.new)
    elif new and gone:
        say = f"`{section}` no longer allows {_joined(gone)}"
        pair.out.add("COMPAT1132", subject.name, say, subject.old, subject.new)
    elif old and not new:
        pair.out.add("COMPAT2132", subject.name, f"`{section}` allows all now", subject.old, subject.new)
    elif more := _uncovered(new, old, (after, before), kinds):
        pair.out.add(
            "COMPAT2132", subject.name, f"`{section}` allows {_joined(more)} too now", subject.old, subject.new
        )


def _uncovered(names: list[str], by: list[str], scopes: tuple[Scope, Scope], kinds: tuple[str, ...]) -> list[str]:
    """The names of one list that no name of the other covers, as itself or as an ancestor."""
    own, other = scopes
    wanted = [_found(other, name, kinds) for name in by]
    covered = {one.name for one in wanted if one is not None} | set(by)
    left = []
    for name in names:
        found = _found(other, name, kinds) or _found(own, name, kinds)
        lineage = {one.name for one in found.lineage} if found is not None else set()
        if name not in covered and not lineage & covered:
            left.append(name)
    return left


def _found(scope: Scope, name: str, kinds: tuple[str, ...]) -> TypeDef | None:
    return next((one for kind in kinds if (one := scope.find(kind, name)) is not None), None)


def _joined(names: list[str]) -> str:
    return ", ".join(show(name, 80) for name in names)


def compare_occurrences(
    pair: Pair, subject: Subject, old: tuple[int, int], new: tuple[int, int], rules: tuple[str, str]
) -> None:
    """Compare `[least, most]`; rules are those for a narrower and for a wider one."""
    if old == new:
        return
    narrower = new[0] > old[0] or new[1] < old[1]
    why = f"its occurrences were {_limits(old)} and are {_limits(new)}"
    pair.out.add(rules[0] if narrower else rules[1], subject.name, why, subject.old, subject.new)


def _limits(one: tuple[int, int]) -> str:
    return f"[{one[0]}, {'UNBOUNDED' if one[1] == UNBOUNDED else one[1]}]"
