"""Constraint clauses: are they well formed for their type, and does a value keep them (1.3, 3.6.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mattone.tosca import patterns, units
from mattone.tosca.definitions import Schema
from mattone.tosca.spots import show

_ORDERED = frozenset({"integer", "float", "timestamp", "version", *units.UNITS})
_SIZED = frozenset({"string", "list", "map"})
# Operator: the primitive types it applies to (None: all), as the table of 3.6.3.1 says.
OPERATORS: dict[str, frozenset[str] | None] = {
    "equal": None,
    "greater_than": _ORDERED,
    "greater_or_equal": _ORDERED,
    "less_than": _ORDERED,
    "less_or_equal": _ORDERED,
    "in_range": _ORDERED | {"range"},
    "valid_values": None,
    "length": _SIZED,
    "min_length": _SIZED,
    "max_length": _SIZED,
    "pattern": frozenset({"string", "version"}),
    "schema": frozenset({"string", "json", "xml"}),
}
MAX_MATCHED = 10_000  # characters a pattern is tried on


def comparable(primitive: str, value: Any) -> Any:
    """A value of a primitive type in a form that compares with others of it; None when it is not of that type."""
    if primitive in units.UNITS:
        return units.scalar_unit(primitive, value)
    if primitive == "version":
        return units.version(value)
    if primitive == "timestamp":
        return units.timestamp(value)
    if primitive in ("integer", "float"):
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return value


def clauses(schema: Schema) -> Iterator[tuple[int, str, Any]]:
    """Index, operator and operand of each clause with one operator."""
    for index, clause in enumerate(schema.constraints or ()):
        if isinstance(clause, dict) and len(clause) == 1:
            operator, operand = next(iter(clause.items()))
            if isinstance(operator, str):
                yield index, operator, operand


def operand_problem(operator: str, operand: Any, primitive: str) -> str:
    """What is wrong with a clause on a value of this primitive type ("map" for complex types); empty if nothing."""
    if operator not in OPERATORS:
        return f"`{show(operator)}` is no constraint operator"
    allowed = OPERATORS[operator]
    if allowed is not None and primitive not in allowed and primitive != "any":
        return f"`{operator}` does not apply to values of type {primitive}"
    if is_call(operand):
        return ""
    return _CHECKS.get(operator, _check_compared)(operator, operand, primitive)


def _check_compared(operator: str, operand: Any, primitive: str) -> str:
    if comparable(primitive, operand) is None and operand is not None:
        return f"`{operator}` needs a value of type {primitive}, and `{show(operand)}` is none"
    return ""


def _check_range(operator: str, operand: Any, primitive: str) -> str:
    if not (isinstance(operand, list) and len(operand) == 2):
        return f"`{operator}` needs two values, `[low, high]`"
    kind = "integer" if primitive == "range" else primitive
    read = [comparable(kind, value) for value in operand if value != "UNBOUNDED"]
    if any(value is None for value in read):
        return f"`{operator}` needs two values of type {kind}"
    if len(read) == 2 and read[0] > read[1]:
        return f"`{operator}` allows no value: {show(operand[0])} is more than {show(operand[1])}"
    return ""


def _check_values(operator: str, operand: Any, primitive: str) -> str:
    if not isinstance(operand, list):
        return f"`{operator}` needs a list of values"
    if primitive in ("list", "map", "range", "any"):
        return ""
    for value in operand:
        if not of_type(primitive, value):
            return f"`{operator}` holds `{show(value)}`, which is not of type {primitive}"
    return ""


def _check_length(operator: str, operand: Any, _primitive: str) -> str:
    if isinstance(operand, int) and not isinstance(operand, bool) and operand >= 0:
        return ""
    return f"`{operator}` needs a number of at least 0"


def _check_pattern(operator: str, operand: Any, _primitive: str) -> str:
    if not isinstance(operand, str):
        return f"`{operator}` needs a regular expression"
    return patterns.compiled(operand)[1]


_CHECKS: dict[str, Callable[[str, Any, str], str]] = {
    "in_range": _check_range,
    "valid_values": _check_values,
    "length": _check_length,
    "min_length": _check_length,
    "max_length": _check_length,
    "pattern": _check_pattern,
    "schema": lambda _operator, _operand, _primitive: "",
    "equal": lambda operator, operand, primitive: (
        "" if primitive in ("list", "map") else _equal(operator, operand, primitive)
    ),
}


def _equal(operator: str, operand: Any, primitive: str) -> str:
    if of_type(primitive, operand):
        return ""
    return f"`{operator}` needs a value of type {primitive}, and `{show(operand)}` is none"


def of_type(primitive: str, value: Any) -> bool:
    """Whether a value is of a primitive type, entries of lists and maps aside."""
    if primitive in units.UNITS or primitive in ("version", "timestamp"):
        return comparable(primitive, value) is not None
    if primitive == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if primitive == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if primitive == "range":
        return units.bounds(value) is not None
    expected = _PYTHON.get(primitive)
    return expected is None or isinstance(value, expected)


_PYTHON: dict[str, type] = {
    "string": str,
    "boolean": bool,
    "list": list,
    "map": dict,
    "null": type(None),
    "json": str,
    "xml": str,
    "bytes": str,
}


def violation(operator: str, operand: Any, primitive: str, value: Any) -> str:
    """How a value of the right type breaks a well-formed clause, as the end of a sentence; empty if it does not."""
    test = None if is_call(operand) else _TESTS.get(operator)
    return test(operand, primitive, value) if test is not None else ""


def is_call(operand: Any) -> bool:
    """Whether an operand is the call of a function, whose value is not known here."""
    return isinstance(operand, dict) and len(operand) == 1 and str(next(iter(operand))).startswith("get_")


def _ordered(word: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any, str, Any], str]:
    def test(operand: Any, primitive: str, value: Any) -> str:
        limit, own = comparable(primitive, operand), comparable(primitive, value)
        if limit is None or own is None or holds(own, limit):
            return ""
        return f"must be {word} {show(operand)}"

    return test


def _in_range(operand: Any, primitive: str, value: Any) -> str:
    kind = "integer" if primitive == "range" else primitive
    low, high = (None if part == "UNBOUNDED" else comparable(kind, part) for part in operand)
    parts = value if primitive == "range" else [value]
    for part in parts:
        own = comparable(kind, part)
        if own is None:
            continue
        if (low is not None and own < low) or (high is not None and own > high):
            return f"must be between {show(operand[0])} and {show(operand[1])}"
    return ""


def _valid_values(operand: Any, primitive: str, value: Any) -> str:
    own = comparable(primitive, value)
    if any(value == allowed or (own is not None and own == comparable(primitive, allowed)) for allowed in operand):
        return ""
    if primitive == "list" and isinstance(value, list) and all(item in operand for item in value):
        return ""
    listed = ", ".join(show(allowed, 40) for allowed in operand[:10]) + (", …" if len(operand) > 10 else "")
    return f"must be one of: {listed}"


def _length(word: str, holds: Callable[[int, int], bool]) -> Callable[[Any, str, Any], str]:
    def test(operand: Any, primitive: str, value: Any) -> str:
        if holds(len(value), operand):
            return ""
        what = "characters" if primitive == "string" else "entries"
        return f"must have {word} {operand} {what}, and has {len(value)}"

    return test


def _pattern(operand: Any, _primitive: str, value: Any) -> str:
    found, _ = patterns.compiled(operand)
    if found is None or found.fullmatch(str(value)[:MAX_MATCHED]):
        return ""
    return f"must match {show(operand, 100)}"


def _equals(operand: Any, primitive: str, value: Any) -> str:
    own, wanted = comparable(primitive, value), comparable(primitive, operand)
    return "" if value == operand or (own is not None and own == wanted) else f"must be {show(operand)}"


_TESTS: dict[str, Callable[[Any, str, Any], str]] = {
    "equal": _equals,
    "greater_than": _ordered("greater than", lambda own, limit: own > limit),
    "greater_or_equal": _ordered("at least", lambda own, limit: own >= limit),
    "less_than": _ordered("less than", lambda own, limit: own < limit),
    "less_or_equal": _ordered("at most", lambda own, limit: own <= limit),
    "in_range": _in_range,
    "valid_values": _valid_values,
    "length": _length("exactly", lambda own, wanted: own == wanted),
    "min_length": _length("at least", lambda own, wanted: own >= wanted),
    "max_length": _length("at most", lambda own, wanted: own <= wanted),
    "pattern": _pattern,
}
