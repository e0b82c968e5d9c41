"""The services' manifests, forms and checks against their templates, types and roles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mattone.versions import Range, Version
from tests.catalog.files import (
    ROLE_NAMES,
    ROLES,
    ROOT,
    SERVICES,
    TYPES,
    newest_in_changelog,
    node_types,
    read,
    service,
    template_inputs,
)

TAG_TYPES = {
    "text", "textarea", "integer", "float", "boolean", "list", "map", "scalar-unit.size", "hidden", "hostname", "email",
    "password", "random_password", "select", "dependent_select", "multiselect", "radio", "toggle", "ssh_user",
}  # fmt: skip
CHECKS = {"tcp", "http", "ssh", "listening"}


def _covers(text: str, version: str) -> bool:
    return Version.parse(version) in Range.parse(text)


@pytest.mark.parametrize("name", SERVICES)
def test_the_ranges_hold_the_versions_of_this_repository(name: str) -> None:
    manifest = service(name)
    assert manifest["name"] == name
    assert _covers(manifest["tosca_types"], read(TYPES / "library.yaml")["version"])
    for role, wanted in manifest["roles"].items():
        assert _covers(wanted, read(ROLES / role / "role.yaml")["version"])


@pytest.mark.parametrize("name", SERVICES)
def test_the_service_names_exactly_the_roles_that_its_types_bring(name: str) -> None:
    types = node_types()
    nodes = service(name, "template.yaml")["topology_template"]["node_templates"].values()
    brought = {
        artifact["file"] for node in nodes for artifact in types.get(node["type"], {}).get("artifacts", {}).values()
    }
    assert set(service(name)["roles"]) == brought


@pytest.mark.parametrize(
    "folder", [ROOT / "catalog" / name for name in SERVICES] + [ROLES / name for name in ROLE_NAMES] + [TYPES], ids=str
)
def test_the_changelog_begins_with_the_version_of_the_manifest(folder: Path) -> None:
    manifest = next(path for name in ("service", "role", "library") if (path := folder / f"{name}.yaml").exists())
    assert newest_in_changelog(folder) == read(manifest)["version"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_form_has_one_field_for_each_input_and_no_other(name: str) -> None:
    assert list(service(name, "form.yaml")["inputs"]) == list(template_inputs(name))


@pytest.mark.parametrize("name", SERVICES)
def test_the_form_shows_every_field_on_a_tab_with_a_known_type(name: str) -> None:
    form = service(name, "form.yaml")
    assert {field["tab"] for field in form["inputs"].values()} == set(form["tabs"])
    assert {field["tag_type"] for field in form["inputs"].values()} <= TAG_TYPES
    assert all(field["label"] for field in form["inputs"].values())


@pytest.mark.parametrize("name", SERVICES)
def test_the_form_says_the_same_inputs_can_change_as_the_service(name: str) -> None:
    fields = service(name, "form.yaml")["inputs"]
    assert [field for field, body in fields.items() if body.get("updatable")] == service(name)["updatable"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_form_offers_only_values_that_the_template_takes(name: str) -> None:
    for field, body in service(name, "form.yaml")["inputs"].items():
        for constraint in template_inputs(name)[field].get("constraints", []):
            if "valid_values" in constraint:
                assert set(body["values"]) == set(constraint["valid_values"])


@pytest.mark.parametrize("name", SERVICES)
def test_the_form_hides_exactly_the_secret_inputs(name: str) -> None:
    hidden = {
        field for field, body in service(name, "form.yaml")["inputs"].items() if body["tag_type"].endswith("password")
    }
    assert hidden == {field for field, body in template_inputs(name).items() if "secret" in body.get("metadata", {})}


def _placeholders(value: Any) -> set[str]:
    return set(re.findall(r"\$\{([^}]*)\}", str(value)))


@pytest.mark.parametrize("name", SERVICES)
def test_the_checks_use_inputs_and_outputs_that_exist(name: str) -> None:
    checks = service(name, "tests/checks.yaml")
    assert set(checks["inputs"]) <= set(template_inputs(name))
    assert set(checks["update"]) <= set(service(name)["updatable"])
    outputs = service(name, "template.yaml")["topology_template"]["outputs"]
    known = {f"outputs.{output}" for output in outputs} | {f"inputs.{field}" for field in checks["inputs"]}
    assert _placeholders(checks) <= known | {"test.ssh_public_key", "test.secret"}
    for check in checks["checks"]:
        assert len(CHECKS & set(check)) == 1, check["name"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_readme_shows_a_deployment_with_inputs_that_exist(name: str) -> None:
    text = (ROOT / "catalog" / name / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(service:.*?)```", text, re.DOTALL)
    assert example
    import yaml

    deployment = yaml.safe_load(example[1])
    assert deployment["service"] == name
    assert _covers(deployment["version"], service(name)["version"])
    inputs = template_inputs(name)
    assert set(deployment["inputs"]) <= set(inputs)
    for field, value in deployment["inputs"].items():
        assert (isinstance(value, dict) and set(value) == {"secret"}) == ("secret" in inputs[field].get("metadata", {}))
    table = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert table == set(inputs)
