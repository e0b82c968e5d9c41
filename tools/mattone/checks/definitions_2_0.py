"""Type definitions of TOSCA 2.0: what its grammar asks beyond the keynames."""

from __future__ import annotations

from mattone.checks.context import Context
from mattone.checks.derivation import check_derivation
from mattone.checks.scalar_types import check_data_type
from mattone.tosca.spots import show
from mattone.tosca.types import TypeDef, named


def check_definitions(context: Context, kind: TypeDef) -> None:
    """Check one type of 2.0 by itself and against what it derives from."""
    check_derivation(context, kind)
    if kind.kind == "data":
        check_data_type(context, kind)
    if kind.kind == "node":
        _requirements(context, kind)


def _requirements(context: Context, kind: TypeDef) -> None:
    for name, raw, keys in named(kind.raw.get("requirements")):
        if isinstance(raw, str):
            message = f"requirement `{show(name)}` names no relationship: 2.0 has no short form of it"
            hint = f"Write `{name}: {{capability: {raw}, relationship: ...}}`."
            context.out.add("TOSCA2015", message, kind.spot.at("requirements", *keys).place(), hint)
