"""Intrinsic functions: recognising them, and following what they refer to (1.3, chapter 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.tosca.definitions import PropertyDef, Schema, properties_of
from mattone.tosca.dialects import SIMPLE, Dialect
from mattone.tosca.source import Key
from mattone.tosca.types import TypeDef
from mattone.tosca.units import UNITS
from mattone.tosca.values import resolve

FUNCTIONS = SIMPLE.functions


def function_of(value: Any, dialect: Dialect = SIMPLE) -> str:
    """The function that a value calls, as it is written there, or an empty text when it is a plain value.

    In 2.0 (10.1) every mapping of one key that begins with one `$` is a call, and so is a text that does.
    """
    if value.__class__ is dict and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (is_call(name) if dialect.sigil else name in dialect.functions):
            return name
    elif dialect.sigil and value.__class__ is str and is_call(value):
        return str(value)
    return ""


def is_call(text: str) -> bool:
    """Whether a text of 2.0 calls a function: `$$` at its beginning stands for a plain `$` (10.1)."""
    return text[:1] == "$" and text[1:2] not in ("", "$")


def bare(name: str) -> str:
    """A function's name without what a call adds to it: the `$` before, and in a key `$` and a suffix after (10.1)."""
    return name[1:].partition("$")[0] if name[:1] == "$" else name


def argument_of(value: Any, name: str, keys: tuple[Key, ...] = ()) -> tuple[Any, tuple[Key, ...]]:
    """What a call hands to its function, and where that stands; a call that is a text has no arguments."""
    return (value[name], (*keys, name)) if isinstance(value, dict) else ([], keys)


def calls(
    value: Any, dialect: Dialect = SIMPLE, keys: tuple[Key, ...] = ()
) -> Iterator[tuple[str, Any, tuple[Key, ...]]]:
    """Function (as written), argument and key path of the argument of every call inside a value, outermost first."""
    name = function_of(value, dialect)
    if name:
        yield (name, *argument_of(value, name, keys))
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, (dict, list)) or (dialect.sigil and isinstance(inner, str)):
            yield from calls(inner, dialect, (*keys, key))


def inputs_used(value: Any, dialect: Dialect = SIMPLE) -> set[str]:
    """The name in every call of `get_input` anywhere inside a value, whatever is written there."""
    used = set()
    called = f"{dialect.sigil}get_input"
    waiting = [value] if isinstance(value, (dict, list)) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if len(one) == 1 and called in one:
                name = one[called]
                used.add(str(name[0] if isinstance(name, list) and name else name))
            waiting += [inner for inner in one.values() if isinstance(inner, (dict, list))]
        else:
            waiting += [inner for inner in one if isinstance(inner, (dict, list))]
    return used


class NoSuchStep(Exception):
    """A nested name or index leads nowhere; holds its number among the steps, and what there is."""

    def __init__(self, index: int, message: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.index = index
        self.known = known


def follow(schema: Schema | None, steps: list[Any]) -> Schema | None:
    """The schema that nested names and list indexes lead to; None when it cannot be known.

    Raises NoSuchStep for a field that a data type does not have and an index into a single value.
    """
    for number, step in enumerate(steps):
        if schema is None or function_of(step, schema.scope.dialect):
            return None
        complex_type, primitive, _ = resolve(schema)
        if complex_type is not None:
            schema = _field(complex_type, step, number)
        elif primitive == "list":
            if not isinstance(step, int) and not (isinstance(step, str) and step.isdigit()):
                raise NoSuchStep(number, "is a list: an index is needed")
            schema = schema.entry
        elif primitive == "map":
            schema = schema.entry
        elif primitive in ("", "any", "json", "xml"):
            return None
        else:
            raise NoSuchStep(number, f"is a single value of type {primitive}: it has nothing inside")
    return schema


def _field(kind: TypeDef, step: Any, number: int) -> Schema | None:
    known = properties_of(kind)
    if not isinstance(step, str) or step not in known:
        raise NoSuchStep(number, f"of type {kind.name} has no field of that name", tuple(known))
    definition = known[step]
    return definition.schema if definition else None


def fits(given: Schema, wanted: Schema) -> bool:
    """Whether a value of one schema can stand where the other is wanted, as far as their types tell."""
    given_type, given_primitive, _ = resolve(given)
    wanted_type, wanted_primitive, _ = resolve(wanted)
    if given_type is not None and wanted_type is not None:
        return given_type.is_a(wanted_type)
    if given_type is not None:
        return wanted_primitive in ("", "any", "map", "json")
    if wanted_type is not None:
        return given_primitive in ("", "any", "map", "json")
    if "" in (given_primitive, wanted_primitive) or "any" in (given_primitive, wanted_primitive):
        return True
    if given_primitive == wanted_primitive:
        if given.entry is not None and wanted.entry is not None and given_primitive in ("list", "map"):
            return fits(given.entry, wanted.entry)
        return True
    return (given_primitive, wanted_primitive) in _WIDER


def spell(schema: Schema) -> str:
    """A schema as one would say it, types by their full names: `list of string`."""
    found = schema.scope.find("data", schema.type) if not schema.scope.is_primitive(schema.type) else None
    name = found.name if found is not None else schema.type
    return f"{name} of {spell(schema.entry)}" if schema.entry is not None else name


# What is written as text can stand for a string, and a string for it: its form is checked with the value.
_TEXTS = ("version", "json", "xml", "timestamp", *UNITS)
_WIDER = {("integer", "float")} | {pair for kind in _TEXTS for pair in ((kind, "string"), ("string", kind))}


def readable(kind: TypeDef, attributes: bool) -> dict[str, PropertyDef | None]:
    """What `get_property` (or, with attributes, `get_attribute`) can read of a type: 4.4.2.1 and 4.5.1.1."""
    known = properties_of(kind)
    return {**known, **properties_of(kind, "attributes")} if attributes else known
