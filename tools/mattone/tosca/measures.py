"""Scalar types of TOSCA 2.0: a number with a unit, whose units a data type defines (2.0, 9.1.2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mattone.tosca.definitions import Schema, text
from mattone.tosca.spots import show
from mattone.tosca.types import TypeDef

_VALUE = re.compile(r"\s*([+-]?\S+)\s+(\S+)\s*\Z")
_NUMBER = re.compile(r"[+-]?(?:0x[0-9a-fA-F]+|0o?[0-7]+|(?:\d[\d_]*)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|\.\d+)\Z")


class Measure(NamedTuple):
    """What values of one scalar type are made of.

    units    each unit as it is written, prefix included, to what it is in the unit of multiplier one
    integer  whether the number must be whole
    number   the schema of the number, where a data type of the file says what it may be
    """

    units: Mapping[str, float]
    integer: bool
    number: Schema | None = None

    def problem(self, value: Any) -> str:
        """Why a value is none of this type, as the end of a sentence; empty when it is one."""
        found = _VALUE.match(value) if isinstance(value, str) else None
        if found is None:
            return f"must be a number, a space and a unit, not `{show(value)}`"
        read, unit = number(found[1]), found[2]
        if read is None:
            return f"must begin with a number, and `{show(found[1])}` is none"
        if self.integer and not isinstance(read, int):
            return f"must begin with a whole number, and `{show(found[1])}` is none"
        return "" if unit in self.units else f"has the unit `{show(unit)}`, which its type does not define"

    def part(self, value: Any) -> int | float | None:
        """The number of a value, whatever its unit."""
        found = _VALUE.match(value) if isinstance(value, str) else None
        return number(found[1]) if found else None

    def read(self, value: Any) -> float | None:
        """A value in the unit of multiplier one; None when it is none of this type."""
        found = _VALUE.match(value) if isinstance(value, str) else None
        read = number(found[1]) if found else None
        factor = self.units.get(found[2]) if found else None
        return None if read is None or factor is None else read * factor

    def listed(self) -> str:
        return ", ".join(f"`{show(name)}`" for name in list(self.units)[:12]) or "none"


def number(written: str) -> int | float | None:
    """The number that a text is in YAML 1.2: decimal, `0x`, `0o` or with an exponent; None for any other text."""
    if not _NUMBER.match(written) or len(written) > 40:
        return None
    sign = -1 if written[0] == "-" else 1
    digits = written.lstrip("+-").replace("_", "")
    if digits[:2].lower() == "0x":
        return sign * int(digits, 16)
    if digits[:2].lower() == "0o" or (digits.isdigit() and len(digits) > 1 and digits[0] == "0"):
        return sign * int(digits.lower().replace("o", ""), 8) if not set(digits) & set("89") else None
    return sign * int(digits) if digits.isdigit() else sign * float(digits)


def measure_of(schema: Schema) -> Measure | None:
    """What values of a schema's scalar type are made of; None for the abstract `scalar` itself."""
    found = schema.scope.find("data", schema.type)
    return found.once("measure", _measure) if found is not None else None


def _measure(kind: TypeDef) -> Measure:
    units: dict[str, float] = {}
    prefixes: dict[str, float] = {}
    name = ""
    scope = kind.scope
    for owner in reversed(kind.lineage):
        units.update(multipliers(owner.raw.get("units")))
        prefixes.update(multipliers(owner.raw.get("prefixes")))
        if text(owner.raw.get("data_type")):
            name, scope = owner.raw["data_type"], owner.scope
    if prefixes:
        units = {prefix + unit: factor * more for unit, factor in units.items() for prefix, more in prefixes.items()}
    typed = scope.find("data", name)
    schema = Schema(name, scope, kind.spot) if typed is not None else None
    return Measure(units, number_of(name or "float", typed) == "integer", schema)


def multipliers(section: Any) -> dict[str, float]:
    """Name to multiplier of a map of units or prefixes; what is none is left out."""
    pairs = section.items() if isinstance(section, dict) else ()
    return {str(name): factor for name, written in pairs if (factor := multiplier(written)) is not None}


def multiplier(written: Any) -> int | float | None:
    """A multiplier as a number; None when it is none."""
    if isinstance(written, str):
        return number(written)
    return written if isinstance(written, (int, float)) and not isinstance(written, bool) else None


def number_of(name: str, kind: TypeDef | None) -> str:
    """`integer` or `float` for a type that is one of them or derives from one; else an empty text."""
    last = kind.lineage[-1].raw.get("derived_from") if kind is not None else name
    return str(last) if last in ("integer", "float") else ""
