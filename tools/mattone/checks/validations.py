"""Validation clauses and conditions of TOSCA 2.0: are they Boolean expressions that can hold (2.0, 9.11 and 8.6)."""

from __future__ import annotations

from typing import Any

from mattone.checks.calls_2_0 import GraphCall, primitive_of
from mattone.checks.context import Context, Here
from mattone.tosca.definitions import Schema
from mattone.tosca.functions import argument_of, bare, function_of
from mattone.tosca.spots import Spot, show


def check_validations(context: Context, schema: Schema | None, here: Here) -> None:
    """Check the validation clauses that stand in this document, of a schema and of its entries and keys."""
    if schema is None:
        return
    for one in schema.validations:
        if one.spot.document is context.document:
            check_condition(context, one.clause, one.spot, here, schema)
    check_validations(context, schema.entry, here)
    check_validations(context, schema.key, here)


def check_condition(context: Context, clause: Any, spot: Spot, here: Here, subject: Schema | None = None) -> None:
    """Check one expression.

    subject  the schema of `$value`; None where the expression has none, as in a node filter
    """
    if clause is None or isinstance(clause, bool):
        return
    name = function_of(clause, context.scope.dialect)
    if not name:
        message = f"a condition is a function that gives true or false, not {_given(clause)}"
        context.out.add("TOSCA1024", message, spot.place(), "For example `{$greater_or_equal: [$value, 1]}`.")
        return
    argument, keys = argument_of(clause, name)
    result = GraphCall(context, here, subject).result(bare(name), argument, spot.at(*keys))
    primitive = primitive_of(result)
    if primitive not in ("", "boolean", "any"):
        message = f"a condition must give true or false, and `{show(name)}` gives a value of type {primitive}"
        context.out.add("TOSCA1024", message, spot.place())


def _given(clause: Any) -> str:
    return "a mapping" if isinstance(clause, dict) else "a list" if isinstance(clause, list) else f"`{show(clause)}`"
