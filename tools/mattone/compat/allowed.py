"""The values that constraint clauses allow, and whether one such set holds another (1.3, 3.6.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mattone import digests
from mattone.compat.languages import lost_text
from mattone.compat.sameness import same
from mattone.tosca import constraints
from mattone.tosca.functions import function_of
from mattone.tosca.spots import show

_COUNTED = 1000  # integers of a range are listed up to this many


class Fit(Enum):
    """How a set of values relates to a wider one: all of them are in it, some are not, or nobody can tell."""

    HELD = "held"
    LOST = "lost"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`example` names a value that is in the first set and not in the second, or what cannot be told."""

    fit: Fit
    example: str = ""


HELD = Verdict(Fit.HELD)


@dataclass
class Allowed:
    """A conjunction of clauses on a primitive type, sorted by what they limit.

    low, high   bounds of ordered values, each with whether it belongs to the set
    sizes       least and most characters or entries
    finite      the only values left, or None when they are not listed
    items       the entries that a list may have, or None
    patterns    regular expressions that all must match
    opaque      clauses that cannot be reasoned about: schemas, functions, malformed ones
    """

    primitive: str
    clauses: list[tuple[str, Any]] = field(default_factory=list)
    low: tuple[Any, bool] | None = None
    high: tuple[Any, bool] | None = None
    sizes: tuple[int, int | None] = (0, None)
    finite: list[Any] | None = None
    items: list[Any] | None = None
    patterns: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)

    def holds(self, value: Any) -> bool:
        """Whether a value keeps every clause that can be tested."""
        return constraints.of_type(self.primitive, value) and not any(
            constraints.violation(operator, operand, self.primitive, value) for operator, operand in self.clauses
        )


def allowed(primitive: str, clauses: Iterable[tuple[str, Any]]) -> Allowed:
    """The set of values of a primitive type that all clauses allow."""
    found = Allowed(primitive)
    for operator, operand in clauses:
        broken = constraints.operand_problem(operator, operand, primitive)
        if broken or function_of(operand) or operator not in _NARROWERS:
            found.opaque.add(json.dumps(digests.plain({operator: operand}), sort_keys=True, default=str))
            continue
        found.clauses.append((operator, operand))
        _NARROWERS[operator](found, operand)
    _enumerate(found)
    return found


def _enumerate(found: Allowed) -> None:
    if found.finite is None and found.primitive == "boolean":
        found.finite = [True, False]
    if found.finite is None and found.primitive == "string" and found.sizes[1] == 0:
        found.finite = [""]
    if found.finite is None and found.primitive == "integer" and found.low and found.high:
        low, high = found.low[0], found.high[0]
        if isinstance(low, int) and isinstance(high, int) and high - low < _COUNTED:
            found.finite = list(range(low, high + 1))
    if found.finite is not None:
        found.finite = [value for value in found.finite if found.holds(value)]


def _bounded(found: Allowed, low: Any, high: Any, closed: bool) -> None:
    kind = "integer" if found.primitive == "range" else found.primitive
    for side, value in (("low", low), ("high", high)):
        read = constraints.comparable(kind, value) if value is not None and value != "UNBOUNDED" else None
        if read is None:
            continue
        bound = (read, closed)
        if kind == "integer" and not closed:  # more than 3 is at least 4
            bound = (read + (1 if side == "low" else -1), True)
        own = getattr(found, side)
        if own is None or _tighter(side, bound, own):
            setattr(found, side, bound)


def _tighter(side: str, bound: tuple[Any, bool], own: tuple[Any, bool]) -> bool:
    if bound[0] == own[0]:
        return own[1] and not bound[1]
    return bool(bound[0] > own[0]) if side == "low" else bool(bound[0] < own[0])


def _sized(found: Allowed, least: int, most: int | None) -> None:
    own = found.sizes
    greatest = own[1] if most is None else most if own[1] is None else min(most, own[1])
    found.sizes = (max(own[0], least), greatest)


def _listed(found: Allowed, values: list[Any]) -> None:
    if found.primitive == "list":
        found.items = values if found.items is None else [one for one in found.items if one in values]
    elif found.finite is None:
        found.finite = list(values)


_NARROWERS: dict[str, Callable[[Allowed, Any], None]] = {
    "equal": lambda found, operand: _listed(found, [operand]) if found.primitive != "list" else _exact(found, operand),
    "valid_values": _listed,
    "greater_than": lambda found, operand: _bounded(found, operand, None, False),
    "greater_or_equal": lambda found, operand: _bounded(found, operand, None, True),
    "less_than": lambda found, operand: _bounded(found, None, operand, False),
    "less_or_equal": lambda found, operand: _bounded(found, None, operand, True),
    "in_range": lambda found, operand: _bounded(found, operand[0], operand[1], True),
    "length": lambda found, operand: _sized(found, operand, operand),
    "min_length": lambda found, operand: _sized(found, operand, None),
    "max_length": lambda found, operand: _sized(found, 0, operand),
    "pattern": lambda found, operand: found.patterns.add(operand),
}


def _exact(found: Allowed, value: list[Any]) -> None:
    found.finite = [value] if found.finite is None else [one for one in found.finite if same(one, value)]


def inside(narrow: Allowed, wide: Allowed) -> Verdict:
    """Whether every value of one set is in the other, which may be of a wider type."""
    unread = wide.opaque - narrow.opaque
    if narrow.finite is not None:
        gone = [value for value in narrow.finite if not wide.holds(value)]
        if gone and not narrow.opaque:
            return Verdict(Fit.LOST, _values(gone))
        return _undecided(unread) if unread or gone else HELD
    lost = _lost_bounds(narrow, wide) or _lost_sizes(narrow, wide) or _lost_items(narrow, wide)
    if wide.finite is not None:
        lost = f"every value but {_values(wide.finite)}"
    if narrow.patterns and wide.primitive == "string":
        return _of_texts(narrow, wide, lost, unread)
    if lost:
        return Verdict(Fit.UNDECIDED if narrow.opaque else Fit.LOST, lost)
    if wide.patterns and narrow.primitive == wide.primitive == "string" and not narrow.opaque:
        return _of_texts(narrow, wide, "", unread)
    unread = unread | (wide.patterns - narrow.patterns)
    return _undecided(unread) if unread else HELD


def _of_texts(narrow: Allowed, wide: Allowed, lost: str, unread: set[str]) -> Verdict:
    """Patterns and lengths are one question: is every text of one language in the other?"""
    if not lost and not unread and wide.patterns <= narrow.patterns:
        return HELD
    if narrow.opaque:
        return Verdict(Fit.UNDECIDED, lost or _values(sorted(wide.patterns)))
    found = lost_text((narrow.patterns, narrow.sizes), (wide.patterns, wide.sizes), wide.finite)
    if found:
        # Spaces and line breaks would not be seen.
        return Verdict(Fit.LOST, f"`{show(found)}`" if found.isprintable() and found.strip() else json.dumps(found))
    if found is None:
        return Verdict(Fit.UNDECIDED, _values(sorted(wide.patterns - narrow.patterns)))
    if found == "" and not narrow.sizes[0] and not wide.holds("") and narrow.holds(""):
        return Verdict(Fit.LOST, "the empty text")
    return _undecided(unread) if unread else HELD


def _lost_bounds(narrow: Allowed, wide: Allowed) -> str:
    for side, word in (("low", "below"), ("high", "above")):
        own, limit = getattr(narrow, side), getattr(wide, side)
        if limit is None:
            continue
        if own is None or _tighter(side, limit, own):
            shown = _operand(wide, side)
            return f"{shown} itself" if own is not None and own[0] == limit[0] else f"what is {word} {shown}"
    return ""


def _operand(one: Allowed, side: str) -> str:
    """A bound as it is written, with its unit."""
    kind = "integer" if one.primitive == "range" else one.primitive
    limit = getattr(one, side)[0]
    for operator, operand in one.clauses:
        for part in operand if operator == "in_range" else [operand]:
            if constraints.comparable(kind, part) == limit:
                return show(part)
    return show(limit)


def _lost_sizes(narrow: Allowed, wide: Allowed) -> str:
    what = "characters" if wide.primitive == "string" else "entries"
    (least, most), (low, high) = narrow.sizes, wide.sizes
    if least < low:
        return f"what has fewer than {low} {what}"
    if high is not None and (most is None or most > high):
        return f"what has more than {high} {what}"
    return ""


def _lost_items(narrow: Allowed, wide: Allowed) -> str:
    if wide.items is None:
        return ""
    if narrow.items is None:
        return f"lists of anything but {_values(wide.items)}"
    gone = [one for one in narrow.items if one not in wide.items]
    return f"lists with {_values(gone)}" if gone else ""


def _undecided(unread: set[str]) -> Verdict:
    return Verdict(Fit.UNDECIDED, _values(sorted(unread)))


def _values(values: list[Any]) -> str:
    shown = ", ".join(f"`{show(one, 40)}`" for one in values[:5])
    return shown + (f" and {len(values) - 5} more" if len(values) > 5 else "")
