"""JSON Schemas that editors complete and check with while a deployment is typed."""

from __future__ import annotations

import json
import re
from typing import Any

from mattone.tosca import constraints, units
from mattone.tosca.definitions import PropertyDef, Schema, properties_of
from mattone.tosca.template import ServiceTemplate
from mattone.tosca.types import TypeDef
from mattone.tosca.values import resolve

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_SECRET = {
    "type": "object",
    "description": "A reference to a secret, read while applying.",
    "properties": {"secret": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:.+$"}},
    "required": ["secret"],
    "additionalProperties": False,
}
_VERSION = r"^[0-9]+(\.[0-9]+(\.[0-9]+(\.[A-Za-z0-9]+(-[0-9]+)?)?)?)?$"
_PRIMITIVES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "timestamp": {"type": "string"},
    "version": {"anyOf": [{"type": "string", "pattern": _VERSION}, {"type": "number"}]},
    "range": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["integer", "string"]}},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "json": {"type": "string"},
    "xml": {"type": "string"},
    "bytes": {"type": "string"},
}


def deployment_schema(service: str, template: ServiceTemplate) -> dict[str, Any]:
    """The JSON Schema (2020-12) of deployment files of one service.

    It allows whatever the checks allow and refuses most of what they refuse; what JSON Schema cannot
    say (limits of sizes, for example) is left to `mattone validate`.
    """
    required = [name for name, one in template.inputs.items() if one.required and not one.has_default]
    inputs = {
        "type": "object",
        "properties": {name: _input(one) for name, one in template.inputs.items()},
        "required": required,
        "additionalProperties": False,
    }
    text = {"type": "string"}
    return {
        "$schema": DRAFT,
        "title": f"Deployment of {service}",
        "description": template.description.strip(),
        "type": "object",
        "properties": {
            "service": {"const": service},
            "version": {"type": "string", "description": "Range of versions, as `^1.2.0`."},
            "provider": text,
            "description": text,
            "contact": text,
            "group": text,
            "protected": {"type": "boolean", "description": "Deleting needs a confirmation by name."},
            "needs": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Deployments, as GROUP/NAME, that must be applied before it.",
            },
            "inputs": inputs,
        },
        "required": ["service", "version", *(["inputs"] if required else [])],
        "additionalProperties": False,
    }


def _input(one: PropertyDef) -> dict[str, Any]:
    made = dict(_SECRET) if one.secret else _value(one.schema, ())
    if not one.required:
        made = {"anyOf": [made, {"type": "null"}]}
    if one.description:
        made = {**made, "description": one.description.strip()}
    shown = one.has_default and not one.secret and _is_json(one.default)
    return {**made, "default": one.default} if shown else made


def _value(schema: Schema, above: tuple[TypeDef, ...]) -> dict[str, Any]:
    complex_type, primitive, inherited = resolve(schema)
    if complex_type is not None:
        # A type inside itself stays open there: a schema that refers to itself helps no editor.
        return {"type": "object"} if complex_type in above else _fields(complex_type, (*above, complex_type))
    if not primitive or primitive == "any":
        return {}
    if primitive in units.UNITS:
        return {
            "type": "string",
            "pattern": _unit(primitive),
            "description": f"A number with {units.SPELLED[primitive]}.",
        }
    if primitive == "scalar":
        return _scalar(schema)
    made = dict(_PRIMITIVES[primitive])
    if schema.entry is not None:
        made["items" if primitive == "list" else "additionalProperties"] = _value(schema.entry, above)
    for one in (schema, *inherited):
        for _, operator, operand in constraints.clauses(one):
            known = _is_json(operand) and not constraints.is_call(operand)
            if known and not constraints.operand_problem(operator, operand, primitive):
                made.update(_clause(operator, operand, primitive))
    return {"anyOf": [made, _SECRET]} if primitive == "string" else made


def _fields(kind: TypeDef, above: tuple[TypeDef, ...]) -> dict[str, Any]:
    known = {name: one for name, one in properties_of(kind).items() if one is not None}
    return {
        "type": "object",
        "properties": {
            name: {**_value(one.schema, above), **({"description": one.description.strip()} if one.description else {})}
            for name, one in known.items()
        },
        "required": [name for name, one in known.items() if one.required and not one.has_default],
        "additionalProperties": not kind.whole,
    }


def _unit(primitive: str) -> str:
    names = "|".join(sorted(units.UNITS[primitive], key=len, reverse=True))
    loose = "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in names)
    return rf"^\s*[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*({loose})\s*$"


def _scalar(schema: Schema) -> dict[str, Any]:
    """What values of a scalar type of 2.0 look like (9.1.2.2); the abstract `scalar` says no units."""
    from mattone.tosca.measures import measure_of  # only 2.0 has them

    measure = measure_of(schema)
    if measure is None or not measure.units:
        return {"type": "string"}
    # JavaScript refuses an escape of what needs none, as `re.escape` has it.
    names = "|".join(re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", name) for name in measure.units)
    described = f"A number, a space and a unit: {measure.listed()}."
    return {"type": "string", "pattern": rf"^\s*[+-]?\S+\s+({names})\s*$", "description": described}


def _is_json(value: Any) -> bool:
    """Whether JSON can say a value: it has no infinity, and no keys that are lists (2.0, 15.2)."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _clause(operator: str, operand: Any, primitive: str) -> dict[str, Any]:
    """A constraint clause in JSON Schema's words; nothing for what it has none for."""
    if operator == "valid_values" and primitive not in ("list", "version"):
        return {"enum": operand}
    if operator == "equal" and primitive != "version":
        return {"const": operand}
    if operator == "pattern" and primitive == "string":
        return {"pattern": f"^(?:{operand})$"} if _portable(operand) else {}
    if primitive in ("integer", "float"):
        return _numeric(operator, operand)
    ends = {
        "string": ("minLength", "maxLength"),
        "list": ("minItems", "maxItems"),
        "map": ("minProperties", "maxProperties"),
    }
    least, most = ends.get(primitive, ("", ""))
    words = {"min_length": (least,), "max_length": (most,), "length": (least, most)}.get(operator, ())
    return {word: operand for word in words if word}


def _numeric(operator: str, operand: Any) -> dict[str, Any]:
    if operator == "in_range":
        ends = zip(("minimum", "maximum"), operand, strict=True)
        return {word: limit for word, limit in ends if limit != "UNBOUNDED"}
    word = {
        "greater_or_equal": "minimum",
        "greater_than": "exclusiveMinimum",
        "less_or_equal": "maximum",
        "less_than": "exclusiveMaximum",
    }.get(operator)
    return {word: operand} if word else {}


def _portable(pattern: str) -> bool:
    """Whether a pattern means the same to JavaScript, which editors match with."""
    return re.search(r"\\[AZ]|\(\?[^:]", pattern) is None


def waiver_schema() -> dict[str, Any]:
    """The JSON Schema of waiver files."""
    words = {name: {"type": "string", "minLength": 1} for name in ("path", "reason", "owner")}
    item = {
        "type": "object",
        "properties": {
            "rule": {"type": "string", "pattern": "^[A-Z]+[123][0-9]{3}$"},
            **words,
            "expires": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        },
        "required": ["rule", "path", "reason", "owner", "expires"],
        "additionalProperties": False,
    }
    return {
        "$schema": DRAFT,
        "title": "Waivers",
        "type": "object",
        "properties": {"waivers": {"type": "array", "items": item}},
        "required": ["waivers"],
        "additionalProperties": False,
    }
