"""Boolean expressions of TOSCA 2.0 on values that are known while a template is read (2.0, 9.11 and 10.2).

What depends on a running service has no value here. Nothing is said of it: it is `UNKNOWN`, and so is what is made
of it, unless the rest decides (`$and` with one false argument is false).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from mattone.tosca import patterns
from mattone.tosca.constraints import MAX_MATCHED, comparable
from mattone.tosca.definitions import Schema
from mattone.tosca.functions import NoSuchStep, argument_of, bare, follow, function_of
from mattone.tosca.measures import measure_of
from mattone.tosca.values import resolve

_DEPTH = 50


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


class _Typed(NamedTuple):
    """A value and its type, which is that of `$value` or of a part of it; literals have none."""

    value: Any
    schema: Schema | None = None


def evaluate(expression: Any, value: Any, schema: Schema) -> bool | _Unknown:
    """What an expression says of a value of a schema: True, False or UNKNOWN."""
    try:
        found = _Evaluation(value, schema).of(expression).value
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, AttributeError, IndexError, RecursionError):
        return UNKNOWN  # of types that do not go together: reported where it is written
    return found if isinstance(found, bool) else UNKNOWN


class _Evaluation:
    def __init__(self, value: Any, schema: Schema) -> None:
        self.subject = _Typed(value, schema)
        self.dialect = schema.scope.dialect

    def of(self, expression: Any, depth: int = 0) -> _Typed:
        if depth > _DEPTH:
            return _Typed(UNKNOWN)
        name = function_of(expression, self.dialect)
        if name:
            return self._call(bare(name), argument_of(expression, name)[0], depth)
        if isinstance(expression, str):
            return _Typed(expression[1:] if expression[:2] == "$$" else expression)
        if isinstance(expression, list):
            items = [self.of(item, depth + 1).value for item in expression]
            return _Typed(UNKNOWN if any(item is UNKNOWN for item in items) else items)
        return _Typed(expression)

    def _call(self, name: str, argument: Any, depth: int) -> _Typed:
        if name == "value":
            return self._value(argument)
        written = argument if isinstance(argument, list) else [argument]
        arguments = [self.of(one, depth + 1) for one in written]
        logic = _LOGIC.get(name)
        if logic is not None:
            return _Typed(logic([one.value for one in arguments]))
        if any(one.value is UNKNOWN for one in arguments):
            return _Typed(UNKNOWN)
        compared = _COMPARED.get(name)
        if compared is not None:
            return _Typed(compared(*_same(arguments)))
        plain = _PLAIN.get(name)
        return _Typed(plain(*(one.value for one in arguments)) if plain is not None else UNKNOWN)

    def _value(self, steps: Any) -> _Typed:
        value, schema = self.subject.value, self.subject.schema
        for step in steps if isinstance(steps, list) else [steps]:
            listed = isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
            if not listed and not (isinstance(value, dict) and step in value):
                return _Typed(UNKNOWN)
            value = value[step]
            try:
                schema = follow(schema, [step])
            except NoSuchStep:
                schema = None
        if function_of(value, self.dialect):
            return _Typed(UNKNOWN)
        return _Typed(value[1:] if isinstance(value, str) and value[:2] == "$$" else value, schema)


def _same(arguments: list[_Typed]) -> list[Any]:
    """The arguments in a form that compares: read as the type that one of them has."""
    schema = next((one.schema for one in arguments if one.schema is not None), None)
    return [readable(schema, one.value) for one in arguments]


def readable(schema: Schema | None, value: Any) -> Any:
    """A value of a type in a form that compares with others of it; itself where its type is not known."""
    if schema is None or isinstance(value, (list, dict)):
        return value if not isinstance(value, list) else [readable(schema, item) for item in value]
    _, primitive, _ = resolve(schema)
    if primitive == "scalar":
        measure = measure_of(schema)
        if isinstance(value, (int, float)):
            return value  # in the unit of multiplier one, as the standard's own examples write it (9.1.2.2.2)
        found = measure.read(value) if measure is not None else None
        return UNKNOWN if found is None else found
    found = comparable(primitive, value) if primitive in ("version", "timestamp") else value
    return UNKNOWN if found is None and value is not None else found


def _and(values: list[Any]) -> Any:
    if any(value is False for value in values):
        return False
    return True if all(value is True for value in values) else UNKNOWN


def _or(values: list[Any]) -> Any:
    if any(value is True for value in values):
        return True
    return False if all(value is False for value in values) else UNKNOWN


def _not(values: list[Any]) -> Any:
    return not values[0] if isinstance(values[0], bool) else UNKNOWN


def _xor(values: list[Any]) -> Any:
    return values[0] is not values[1] if all(isinstance(value, bool) for value in values[:2]) else UNKNOWN


_LOGIC: dict[str, Callable[[list[Any]], Any]] = {"and": _and, "or": _or, "not": _not, "xor": _xor}


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def test(left: Any, right: Any) -> Any:
        if left is UNKNOWN or right is UNKNOWN or isinstance(left, bool) or isinstance(right, bool):
            return UNKNOWN
        return holds(left, right)

    return test


def _valid(value: Any, allowed: Any) -> Any:
    if value is UNKNOWN or any(one is UNKNOWN for one in allowed):
        return UNKNOWN
    return value in allowed


# 10.2.2.2: what compares by type.
_COMPARED: dict[str, Callable[..., Any]] = {
    "equal": lambda left, right: UNKNOWN if UNKNOWN in (left, right) else left == right,
    "greater_than": _ordered(lambda left, right: left > right),
    "greater_or_equal": _ordered(lambda left, right: left >= right),
    "less_than": _ordered(lambda left, right: left < right),
    "less_or_equal": _ordered(lambda left, right: left <= right),
    "valid_values": _valid,
}


def _matches(value: Any, pattern: Any) -> Any:
    """Whether a part of a text matches (10.2.2.2.7: `^` and `$` ask for the whole)."""
    found, _ = patterns.compiled(f"[\\s\\S]*(?:{pattern})[\\s\\S]*")
    return found.fullmatch(str(value)[:MAX_MATCHED]) if found is not None else UNKNOWN


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return part in whole
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def _entries(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else list(value)


def _joined(parts: list[Any], delimiter: str = "") -> str:
    return delimiter.join(parts)


def _unique(*lists: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in (item for one in lists for item in one):
        if item not in found:
            found.append(item)
    return found


def _numbers(calculate: Callable[..., Any]) -> Callable[..., Any]:
    """Arithmetic on numbers alone: Python's operators mean something else for text."""

    def calculated(*numbers: Any) -> Any:
        plain = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers)
        return calculate(*numbers) if plain else UNKNOWN

    return calculated


# 10.2.2.3 and 10.2.3 to 10.2.5: what works on values as they are.
_PLAIN: dict[str, Callable[..., Any]] = {
    "matches": _matches,
    "has_suffix": lambda whole, part: whole[len(whole) - len(part) :] == part and len(part) <= len(whole),
    "has_prefix": lambda whole, part: whole[: len(part)] == part,
    "contains": _contains,
    "has_entry": lambda whole, entry: entry in _entries(whole),
    "has_key": lambda whole, key: key in whole.keys(),  # noqa: SIM118 # a list has no keys
    "has_all_entries": lambda whole, some: all(one in _entries(whole) for one in some),
    "has_all_keys": lambda whole, some: all(one in whole.keys() for one in some),  # noqa: SIM118
    "has_any_entry": lambda whole, some: any(one in _entries(whole) for one in some),
    "has_any_key": lambda whole, some: any(one in whole.keys() for one in some),  # noqa: SIM118
    "length": len,
    "concat": lambda *parts: "".join(parts) if isinstance(parts[0], str) else [one for part in parts for one in part],
    "join": _joined,
    "union": _unique,
    "intersection": lambda *lists: [one for one in _unique(*lists) if all(one in each for each in lists)],
    "sum": _numbers(lambda *numbers: sum(numbers)),
    "difference": _numbers(lambda left, right: left - right),
    "product": _numbers(lambda *numbers: math.prod(numbers)),
    "quotient": _numbers(lambda left, right: left / right),
    "remainder": _numbers(lambda left, right: left % right),
    "round": _numbers(lambda number: math.ceil(number - 0.5)),
    "floor": _numbers(math.floor),
    "ceil": _numbers(math.ceil),
}
