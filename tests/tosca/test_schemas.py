"""JSON Schemas of deployments: valid themselves, and of one mind with the checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mattone.tosca.files import FileResolver
from mattone.tosca.inputs import check_inputs
from mattone.tosca.schemas import deployment_schema, waiver_schema
from mattone.tosca.source import load
from mattone.tosca.template import load_template
from tests.tosca.support import FILES, PATH, TEMPLATE, template

_ROOT = Path(__file__).parents[2]
SCHEMA = deployment_schema("page", template())


def accepted(inputs: dict[str, Any]) -> bool:
    value = {"service": "page", "version": "^1.0.0", "inputs": inputs}
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(waiver_schema())


GOOD: list[dict[str, Any]] = [
    {"title": "Hello"},
    {"title": {"secret": "env:TITLE"}, "cpus": 8, "memory": "16 gib", "size": "large"},
    {"title": "Hello", "users": [{"name": "ada", "admin": True, "key": {"secret": "vault:kv/key"}}]},
    {"title": "Hello", "users": None},
]
BAD: list[dict[str, Any]] = [
    {},
    {"title": "ab"},
    {"title": 5},
    {"title": {"secret": "nocolon"}},
    {"title": "Hello", "cpus": 9},
    {"title": "Hello", "cpus": "4"},
    {"title": "Hello", "memory": 4},
    {"title": "Hello", "memory": "4 lightyears"},
    {"title": "Hello", "size": "medium"},
    {"title": "Hello", "users": [{"admin": True}]},
    {"title": "Hello", "users": [{"name": "ada", "nam": 1}]},
    {"title": "Hello", "colour": "red"},
]


@pytest.mark.parametrize("inputs", [*GOOD, *BAD], ids=str)
def test_an_editor_and_the_checks_agree(inputs: dict[str, Any]) -> None:
    findings = check_inputs(inputs, template(), load("d.yaml", b"inputs: {}\n"))
    assert accepted(inputs) == (findings == ()) == (inputs in GOOD)


def test_completion_has_descriptions_and_defaults() -> None:
    cpus = SCHEMA["properties"]["inputs"]["properties"]["cpus"]
    assert (cpus["description"], cpus["default"], cpus["minimum"], cpus["maximum"]) == ("Cores.", 2, 1, 8)


@pytest.mark.parametrize("path", sorted(_ROOT.glob("catalog/*/template.yaml")), ids=lambda path: path.parent.name)
def test_every_service_of_the_catalogue_has_a_schema(path: Path) -> None:
    loaded, _ = load_template(path.relative_to(_ROOT).as_posix(), FileResolver(_ROOT))
    assert loaded is not None
    schema = deployment_schema(path.parent.name, loaded)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]["inputs"]["properties"]) == set(loaded.inputs)


def test_an_input_that_is_a_secret_takes_a_reference_only() -> None:
    secret = TEMPLATE.replace("title: {type: string,", "title: {type: string, metadata: {secret: true},")
    loaded = template({**FILES, PATH: secret})
    assert loaded.inputs["title"].secret
    title = deployment_schema("page", loaded)["properties"]["inputs"]["properties"]["title"]
    assert jsonschema.Draft202012Validator(title).is_valid({"secret": "env:TITLE"})
    assert not jsonschema.Draft202012Validator(title).is_valid("Hello")
