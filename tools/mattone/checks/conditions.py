"""Condition clauses and assertions, of triggers, workflow preconditions and step filters (1.3, 3.6.24 and 3.6.25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.checks.context import Context
from mattone.tosca import constraints, units
from mattone.tosca.definitions import PropertyDef
from mattone.tosca.functions import readable
from mattone.tosca.grammar import VERSIONS
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.types import TypeDef
from mattone.tosca.values import resolve

# What an assertion can be about: attributes and properties by name, None when that cannot be told.
Known = Mapping[str, PropertyDef | None] | None

_CLAUSES = ("and", "or", "not", "assert")
_EXTENDED = ("constraint", "period", "evaluations", "method")


def version(context: Context) -> str:
    """The version of TOSCA that the document is written in; the newest Simple Profile where it says none."""
    return VERSIONS.get(context.template.version, "1.3")


def known_of(kind: TypeDef | None) -> Known:
    """What an assertion about an entity of a type can be about."""
    return readable(kind, True) if kind is not None and kind.whole else None


def check_condition(context: Context, raw: Any, spot: Spot, known: Known) -> None:
    """Check a trigger's condition: a clause, or one with how often and how long it must hold (1.3, 3.6.22.1)."""
    if not (isinstance(raw, dict) and any(key in raw for key in _EXTENDED)):
        check_clause(context, raw, spot, known)
        return
    for key, value in raw.items():
        if key not in _EXTENDED:
            hint = did_you_mean(key, _EXTENDED)
            _malformed(context, f"a condition has no keyname `{show(key)}`", spot.key_place(key), hint)
        elif key == "constraint":
            check_clause(context, value, spot.at(key), known)
        elif key == "evaluations" and not (constraints.of_type("integer", value) and value > 0):
            _malformed(context, f"`evaluations` is a number of at least 1, not `{show(value)}`", spot.place(key))
    period = raw.get("period")
    if "period" in raw and version(context) >= "1.3" and units.scalar_unit("scalar-unit.time", period) is None:
        message = f"`period` is a scalar-unit.time, not `{show(period)}`"
        _malformed(context, message, spot.place("period"), "For example `60 s`.")


def check_clause(context: Context, raw: Any, spot: Spot, known: Known) -> None:
    """Check a condition clause, or a list of them, all of which must hold."""
    if isinstance(raw, list):
        for index, one in enumerate(raw):
            check_clause(context, one, spot.at(index), known)
    elif isinstance(raw, dict):
        for key, value in raw.items():
            _part(context, key, value, spot.at(key), known)
    elif raw is not None and version(context) >= "1.3":
        hint = "Write `attribute: [{operator: value}]`, alone or below `and`, `or` and `not`."
        _malformed(context, f"`{show(raw)}` is no condition clause", spot.place(), hint)


def _part(context: Context, key: Any, value: Any, spot: Spot, known: Known) -> None:
    if key in ("and", "or") and not isinstance(value, list):
        _malformed(context, f"`{key}` needs a list of clauses", spot.place())
    elif key in _CLAUSES:
        check_clause(context, value, spot, known)
    elif key in constraints.OPERATORS:
        if version(context) >= "1.3":  # before, a trigger's constraint was a bare clause (1.2, 3.6.20)
            message = f"`{key}` constrains nothing: it stands below the name of an attribute"
            _malformed(context, message, spot.key_place(), f"Write `attribute: [{{{key}: {show(value)}}}]`.")
    else:
        _assertion(context, key, value, spot, known)


def _assertion(context: Context, name: Any, value: Any, spot: Spot, known: Known) -> None:
    """An attribute's name with a list of constraint clauses (1.3, 3.6.24)."""
    definition = known.get(name) if known is not None and isinstance(name, str) else None
    if known is not None and name not in known:
        message = f"there is no attribute `{show(name)}` to compare"
        context.out.add("TOSCA1043", message, spot.key_place(), did_you_mean(name, [*known, *_CLAUSES]))
    listed = value if isinstance(value, list) else [value]
    for index, clause in enumerate(listed):
        at = spot.at(index) if isinstance(value, list) else spot
        if not (isinstance(clause, dict) and len(clause) == 1 and isinstance(next(iter(clause)), str)):
            message = f"`{show(name)}` needs a list of constraint clauses"
            _malformed(context, message, at.place(), "For example `[{equal: started}]`.")
            continue
        operator, operand = next(iter(clause.items()))
        complex_type, primitive, _ = resolve(definition.schema) if definition else (None, "any", ())
        problem = constraints.operand_problem(operator, operand, "map" if complex_type else primitive or "any")
        if problem:
            hint = "" if operator in constraints.OPERATORS else did_you_mean(operator, constraints.OPERATORS)
            context.out.add("TOSCA1024", problem, at.place(operator), hint)


def _malformed(context: Context, message: str, place: Any, hint: str = "") -> None:
    context.out.add("TOSCA1066", message, place, hint)
