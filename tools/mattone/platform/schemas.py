"""JSON Schemas of manifests (`service.yaml`, `role.yaml`, `library.yaml`) and forms, from the fields that are read."""

from __future__ import annotations

from typing import Any

from mattone.platform.components import FIELDS, Kind
from mattone.platform.fields import Field
from mattone.platform.formtags import ENTRIES, FIELD_FIELDS, FORM_FIELDS, OWN, TAGS

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_JSON: dict[type, str] = {
    str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array",
}  # fmt: skip
# What is known of a field beyond its kind.
_TEXT = {"type": "string"}
_MORE: dict[str, dict[str, Any]] = {
    "version": {"pattern": r"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+].+)?$"},
    "roles": {"additionalProperties": {**_TEXT, "description": "A range of versions, as `^1.2`."}},
    "updatable": {"items": _TEXT},
}
_OF_FIELDS: dict[str, dict[str, Any]] = {
    "tag_type": {"enum": list(TAGS)},
    "entry_type": {"enum": list(ENTRIES)},
    "values": {"type": ["array", "object"], "minItems": 1, "minProperties": 1},
    "group_overrides": {"additionalProperties": {"type": "object"}},
}


def manifest_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the manifest of a kind of component.

    It allows what the reader allows; ranges of versions are left to `mattone validate`.
    """
    return {
        "$schema": DRAFT,
        "title": f"Manifest of a {'type library' if kind is Kind.TYPES else kind.value}",
        "type": "object",
        "properties": {name: _field(name, one) for name, one in FIELDS[kind].items()},
        "required": [name for name, one in FIELDS[kind].items() if one.required],
        "additionalProperties": False,
    }


def form_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of request forms.

    It knows which attributes a kind of field needs and which it has; whether the template takes what
    the form gives is left to `mattone validate`.
    """
    attributes = {name: {**_kind(one), **_OF_FIELDS.get(name, {})} for name, one in FIELD_FIELDS.items()}
    return {
        "$schema": DRAFT,
        "title": "Request form of a service",
        "type": "object",
        "properties": {name: {"type": "object", "description": one.description} for name, one in FORM_FIELDS.items()}
        | {
            "inputs": {
                "type": "object",
                "description": FORM_FIELDS["inputs"].description,
                "additionalProperties": {"$ref": "#/$defs/field"},
            }
        },
        "required": list(FORM_FIELDS),
        "additionalProperties": False,
        "$defs": {
            "field": {
                "type": "object",
                "properties": attributes,
                "required": [name for name, one in FIELD_FIELDS.items() if one.required],
                "additionalProperties": False,
                "allOf": [_tag(name) for name in TAGS],
            }
        },
    }


def _tag(name: str) -> dict[str, Any]:
    """What a field of one kind needs, and which attributes of other kinds it has not."""
    tag = TAGS[name]
    return {
        "if": {"properties": {"tag_type": {"const": name}}, "required": ["tag_type"]},
        "then": {
            "description": tag.description,
            "required": [*tag.needs, *(() if tag.hidden else ("label", "tab"))],
            "properties": {other: False for other in OWN if other not in (*tag.needs, *tag.takes)},
        },
    }


def _kind(one: Field) -> dict[str, Any]:
    return {**({"type": _JSON[one.kind]} if one.kind in _JSON else {}), "description": one.description}


def _field(name: str, one: Field) -> dict[str, Any]:
    return {**_kind(one), **_MORE.get(name, {})}
