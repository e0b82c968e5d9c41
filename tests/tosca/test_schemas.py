"""JSON Schemas of deployments: valid themselves, and of one mind with the checks."""

from __future__ import annotations

import json
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


_SCALARS = """tosca_definitions_version: tosca_2_0
data_types:
  Length: {derived_from: scalar, data_type: float, units: {m: 1, km/h: 2, "°": 3}}
service_template:
  inputs:
    width: {type: Length, description: Wide.}
    any: {type: scalar}
    names: {type: map, key_schema: string, entry_schema: string, default: {[a, b]: c}}
    ratio: {type: float, default: .inf}
  node_templates: {}
"""


def test_a_scalar_type_of_2_0_shows_its_units_and_what_json_cannot_say_is_left_out() -> None:
    loaded, _ = load_template("t.yaml", lambda _base, path: (path, _SCALARS.encode()) if path == "t.yaml" else None)
    assert loaded is not None
    schema = deployment_schema("s", loaded)
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(schema, allow_nan=False)))
    inputs = schema["properties"]["inputs"]["properties"]
    width = jsonschema.Draft202012Validator(inputs["width"])
    assert [width.is_valid(value) for value in ("2 m", "3.5 km/h", "4 °", "2 M", "2m", 2)] == [True] * 3 + [False] * 3
    assert inputs["any"]["type"] == "string"
    assert "default" not in inputs["names"]
    assert "default" not in inputs["ratio"]


@pytest.mark.parametrize("clause", ["pattern: {get_input: title}", "min_length: {get_input: title}"])
def test_a_constraint_that_a_function_gives_is_left_to_the_checks(clause: str) -> None:
    loaded = template(
        {
            **FILES,
            PATH: TEMPLATE.replace("  inputs:\n", f"  inputs:\n    odd: {{type: string, constraints: [{clause}]}}\n"),
        }
    )
    odd = deployment_schema("page", loaded)["properties"]["inputs"]["properties"]["odd"]
    assert odd["anyOf"][0] == {"type": "string"}
