"""The schemas of manifests and deployments say what the readers say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.platform.components import FIELDS, ComponentId, Kind, load_component
from mattone.platform.deployments import FIELDS as DEPLOYMENT
from mattone.platform.schemas import manifest_schema
from mattone.tosca.schemas import deployment_schema
from tests.small import MemoryTree
from tests.tosca.support import template

ROOT = Path(__file__).parents[2]
MANIFESTS = {
    Kind.SERVICE: "catalog/*/service.yaml",
    Kind.ROLE: "ansible-roles/*/role.yaml",
    Kind.TYPES: "tosca-types/library.yaml",
}
SOUND: dict[Kind, dict[str, Any]] = {
    Kind.TYPES: {"name": "tosca-types", "version": "1.0.0", "description": "Types."},
    Kind.ROLE: {"name": "web", "version": "1.0.0", "description": "Web.", "roles": {"base": "^1.0"}},
    Kind.SERVICE: {
        "name": "page", "version": "1.0.0", "description": "A page.", "display_name": "Page", "status": "stable",
        "tosca_types": "^1.0", "roles": {"web": "^1.0"}, "updatable": ["title"], "metadata": {"icon": "page"},
    },
}  # fmt: skip
JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.just([]), st.just({}), st.just("x"), st.just("1.2.3"))


def allows(kind: Kind, value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(manifest_schema(kind)).is_valid(value))


def reads(kind: Kind, value: dict[str, Any]) -> bool:
    which = ComponentId(kind, str(SOUND[kind]["name"]))
    _, findings = load_component(MemoryTree({which.manifest: yaml.safe_dump(value)}), which)
    return not findings


@pytest.mark.parametrize("kind", Kind)
def test_every_manifest_of_the_repository_is_allowed(kind: Kind) -> None:
    jsonschema.Draft202012Validator.check_schema(manifest_schema(kind))
    files = sorted(ROOT.glob(MANIFESTS[kind]))
    assert files
    for file in files:
        assert allows(kind, yaml.safe_load(file.read_text("utf-8"))), file


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=40)
@given(st.data())
def test_a_manifest_that_is_read_is_allowed_and_a_field_of_another_kind_neither(
    kind: Kind, data: st.DataObject
) -> None:
    value = dict(SOUND[kind])
    name = data.draw(st.sampled_from([*FIELDS[kind], "unknown"]))
    if data.draw(st.booleans()):
        value.pop(name, None)
    else:
        value[name] = data.draw(JUNK)
    if reads(kind, value):
        assert allows(kind, value), value
    if not allows(kind, value):
        assert not reads(kind, value), value


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("change", [{"version": "1.0"}, {"version": 1}, {"nme": "x"}, {"description": None}])
def test_a_mistake_is_refused_by_both(kind: Kind, change: dict[str, Any]) -> None:
    value = {**SOUND[kind], **change}
    assert not allows(kind, value)
    assert not reads(kind, value)


def test_the_schema_of_deployments_has_the_fields_that_are_read() -> None:
    assert set(deployment_schema("page", template())["properties"]) == set(DEPLOYMENT)
