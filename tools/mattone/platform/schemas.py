"""JSON Schemas of the manifests (`service.yaml`, `role.yaml`, `library.yaml`), made from the fields that are read."""

from __future__ import annotations

from typing import Any

from mattone.platform.components import FIELDS, Kind
from mattone.platform.fields import Field

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


def _field(name: str, one: Field) -> dict[str, Any]:
    return {"type": _JSON[one.kind], "description": one.description, **_MORE.get(name, {})}
