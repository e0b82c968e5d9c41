"""A deployment's inputs against the inputs that its service's template declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.findings import Finding
from mattone.tosca.definitions import PropertyDef, Schema
from mattone.tosca.source import Document, Key
from mattone.tosca.spots import Collector, Spot, did_you_mean, show
from mattone.tosca.template import ServiceTemplate
from mattone.tosca.values import Rules, ValueChecker, resolve

_RULES = Rules(type="DEP1103", constraint="DEP1104", unknown="DEP1105", missing="DEP1106")
SECRET = "secret"  # noqa: S105 # the key of a reference, not a secret


def check_inputs(
    values: Mapping[str, Any], declared: ServiceTemplate, document: Document, keys: tuple[Key, ...] = ("inputs",)
) -> tuple[Finding, ...]:
    """Everything in a deployment's inputs that its template does not accept, all at once.

    values    the inputs as written, plain values
    declared  the service's template
    document  the deployment file, and `keys` where in it the inputs stand

    A mapping `{secret: "scheme:path"}` stands for any string and is not looked into further.
    Findings are placed in the deployment; their hint names where the template declares the input.
    """
    out = Collector()
    spot = Spot(document, keys)
    checker = ValueChecker(out, lambda value, schema, at: _secret(value, schema, at, out), _RULES)
    for name, value in values.items():
        definition = declared.inputs.get(name)
        if definition is None:
            message = f"the service has no input `{show(name)}`"
            out.add("DEP1101", message, spot.key_place(name), did_you_mean(name, declared.inputs))
            continue
        if value is None and not definition.required:
            continue
        if definition.secret and not is_secret(value):
            message = f"input `{name}` is a secret: what is written here is for everybody to read"
            out.add("DEP1108", message, spot.at(name).place(), 'Change it at once, and write `{secret: "env:NAME"}`.')
            continue
        checker.check(value, definition.schema, spot.at(name), f"input `{name}`", _declared(definition))
    for name, definition in declared.inputs.items():
        if definition.required and not definition.has_default and name not in values:
            what = f": {definition.description.strip()}" if definition.description else ""
            place = spot.key_place()
            out.add(
                "DEP1102",
                f"input `{name}` ({definition.schema.type}) is missing{show(what, 120)}",
                place,
                _declared(definition),
            )
    return out.findings()


def _declared(definition: PropertyDef) -> str:
    return f"It is declared at {definition.spot.key_place()}."


def is_secret(value: Any) -> bool:
    """Whether a value is a secret reference `{secret: "scheme:path"}`."""
    return isinstance(value, dict) and set(value) == {SECRET} and isinstance(value[SECRET], str)


def _secret(value: dict[Any, Any], schema: Schema, spot: Spot, out: Collector) -> bool:
    if SECRET not in value:
        return False
    complex_type, primitive, _ = resolve(schema)
    if complex_type is not None or primitive == "map":
        return False
    if primitive not in ("string", ""):
        message = f"a secret stands for a string, and this must be of type {primitive}"
        out.add("DEP1107", message, spot.key_place(), "Write the value itself.")
    elif not is_secret(value) or ":" not in value[SECRET]:
        message = 'a secret reference is `{secret: "scheme:path"}`'
        out.add("DEP1107", message, spot.place(), 'For example `{secret: "env:JUPYTER_TOKEN"}`.')
    return True
