"""The component list says what the platform model says: folders, kinds, tags."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dev.report import ROOT
from mattone.platform.components import TYPES, ComponentId, Kind

LISTED: list[dict[str, Any]] = yaml.safe_load((ROOT / "release/components.yaml").read_text("utf-8"))["components"]


def test_every_kind_is_listed_once() -> None:
    assert sorted(entry["kind"] for entry in LISTED) == sorted(Kind)


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: str(entry["kind"]))
def test_folder_and_tag_are_those_of_the_platform_model(entry: dict[str, Any]) -> None:
    component = TYPES if entry["kind"] == Kind.TYPES else ComponentId(Kind(entry["kind"]), "some-name")
    assert entry["path"].replace("*", "some-name") == component.path
    assert entry["tag"].replace("*", "some-name") == f"{component.path}/v"


def test_every_folder_of_a_component_has_a_manifest() -> None:
    for entry in LISTED:
        folders = [path for path in ROOT.glob(entry["path"]) if path.is_dir() and not path.name.startswith("_")]
        assert folders
        for folder in folders:
            name = folder.name
            assert (ROOT / ComponentId(Kind(entry["kind"]), name).manifest).is_file(), f"{name} has no manifest"
