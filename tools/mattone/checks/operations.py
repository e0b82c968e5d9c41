"""Interfaces of types and templates: their operations, and the inputs that these are given (1.3, 3.6.17 and 3.6.20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.checks.calls import check_call, check_calls
from mattone.checks.conditions import version
from mattone.checks.context import Context, Here
from mattone.tosca.definitions import PropertyDef
from mattone.tosca.operations import bodies, defined, inputs_of, operations_of, unfilled
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import ValueChecker


def check_operation(context: Context, interface: str, name: Any, found: TypeDef | None, spot: Spot, here: Here) -> None:
    """Whether there is an operation of this name.

    found  the interface's type. A type of version 1 may define further operations in an interface that it has
           (1.3, 3.6.20: its `operations` are definitions), which workflows can call; 2.0 (11.2) lets it refine only,
           a template assigns, and of the normative interfaces orchestrators call their own operations (1.3, 5.8.4)
    """
    if found is None or not found.whole or (here.kind is not None and not here.kind.whole):
        return
    inherited = here.kind if here.template or here.kind is None else here.kind.parent
    known = operations_of(found, inherited, interface)
    if name in known:
        return
    hint = did_you_mean(name, known)
    if here.template or found.normative or version(context) >= "2.0":
        message = f"interface {found.name} has no operation `{show(name)}`"
        context.out.add("TOSCA1051", message, spot.key_place(), hint)
    else:
        message = f"operation `{show(name)}` is not one of {found.name}: only a workflow can call it"
        context.out.add("TOSCA2016", message, spot.key_place(), hint or "Define it in the interface type.")


def check_inputs(context: Context, raw: Any, spot: Spot, here: Here, known: Mapping[str, PropertyDef]) -> None:
    """Check the inputs of an interface or operation: definitions by themselves, values against their definition.

    known  the definitions that hold here
    """
    checker = ValueChecker(context.out, lambda value, schema, at: check_call(context, value, schema, at, here))
    for name, value, keys in named(raw):
        at = spot.at(*keys)
        own = defined(name, value, at, context.scope)
        if own is not None:
            from mattone.checks.typedefs import check_definition

            check_definition(context, own, here)
        elif name in known:
            hint = f"It is defined at {known[name].spot.key_place()}."
            checker.check(value, known[name].schema, at, f"input `{show(name)}`", hint)
        else:
            check_calls(context, value, at, here)


def check_interface_type(context: Context, kind: TypeDef) -> None:
    """Check the inputs that an interface type defines; what SELF will be there nobody knows yet."""
    here = Here(None, template=False)
    check_inputs(context, kind.raw.get("inputs"), kind.spot.at("inputs"), here, {})
    for _, body, at in bodies(kind.raw, kind.spot):
        check_inputs(context, body.get("inputs") if isinstance(body, dict) else None, at.at("inputs"), here, {})


def known_inputs(here: Here, interface: str, operation: str) -> Mapping[str, PropertyDef]:
    """The definitions that hold for the inputs of an operation."""
    return inputs_of(here.kind, interface, operation).definitions if here.kind is not None else {}


def check_unfilled(context: Context, node: NodeTemplate, kind: TypeDef) -> None:
    """Report the inputs without a value of operations that something implements."""
    for one in unfilled(kind) if kind.whole else ():
        section = node.raw.get("interfaces")
        own = section.get(one.interface) if isinstance(section, dict) else None
        spot = node.spot.at("interfaces", one.interface)
        written = [(name, body, at) for name, body, at in bodies(own, spot) if one.operation in ("", name)]
        given = {name for raw in (own, *(body for _, body, _ in written)) for name in _given(raw)}
        runs = one.implemented or any(_implements(body) for _, body, _ in written)
        if not runs or one.definition.name in given:
            continue
        what = f"operation `{show(one.interface)}.{show(one.operation)}`"
        message = (
            f"{what if one.operation else f'interface `{show(one.interface)}`'} lacks input `{one.definition.name}`"
        )
        place = written[0][2] if one.operation and written else spot
        context.out.add("TOSCA1021", message, place.key_place(), f"It is defined at {one.definition.spot.key_place()}.")


def _given(raw: Any) -> set[str]:
    return {name for name, _, _ in named(raw.get("inputs"))} if isinstance(raw, dict) else set()


def _implements(body: Any) -> bool:
    return isinstance(body, str) or (isinstance(body, dict) and bool(body.get("implementation")))
