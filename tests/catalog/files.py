"""The files of this repository's catalogue, read plainly: no code of mattone judges itself here."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TYPES = ROOT / "tosca-types"
ROLES = ROOT / "ansible-roles"

TYPE_FILES = sorted(path for path in TYPES.glob("*.yaml") if path.name != "library.yaml")
PLAYBOOKS = sorted((TYPES / "artifacts").rglob("*.yaml"))
SERVICES = sorted(path.parent.name for path in ROOT.glob("catalog/*/service.yaml"))
ROLE_NAMES = sorted(path.parent.name for path in ROLES.glob("*/role.yaml"))

TYPE_SECTIONS = ("data_types", "capability_types", "relationship_types", "artifact_types", "node_types")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def service(name: str, file: str = "service.yaml") -> Any:
    return read(ROOT / "catalog" / name / file)


def template_inputs(name: str) -> dict[str, Any]:
    inputs: dict[str, Any] = service(name, "template.yaml")["topology_template"]["inputs"]
    return inputs


def node_types() -> dict[str, Any]:
    return {name: body for path in TYPE_FILES for name, body in read(path).get("node_types", {}).items()}


def roles_of(playbook: Path) -> set[str]:
    return {role["role"] for play in read(playbook) for role in play["roles"]}


def newest_in_changelog(folder: Path) -> str:
    found = re.search(r"^## (\S+)", (folder / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{folder} has a changelog without a version"
    return found[1]


def copy_for_parser(name: str, folder: Path) -> Path:
    """A copy of one template and of the types that stock tosca-parser can read; returns the template's path.

    TOSCA 1.3 lets an input carry `metadata` (3.6.14 with 3.6.10); tosca-parser 2.15 does not know it.
    """
    shutil.copytree(TYPES, folder / "tosca-types")
    document = service(name, "template.yaml")
    for definition in document["topology_template"]["inputs"].values():
        definition.pop("metadata", None)
    template = folder / "catalog" / name / "template.yaml"
    template.parent.mkdir(parents=True)
    template.write_text(yaml.safe_dump(document), encoding="utf-8")
    return template
