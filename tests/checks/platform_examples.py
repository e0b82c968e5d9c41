"""Runs the examples of rules about a whole platform: an example's files stand in a small sound one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mattone.checks.components import check_components, check_federation, check_workspace
from mattone.checks.forms import check_forms
from mattone.checks.registry import example
from mattone.errors import InputError, Place
from mattone.findings import Finding
from mattone.git import Repository
from mattone.pins.bundle import tree_resolver
from mattone.pins.releases import Releases
from mattone.reconcile.wishes import collect

SOUND = {
    "catalog/page/service.yaml": (
        "name: page\nversion: 1.0.0\ndisplay_name: A page\ndescription: A page on a machine.\ntosca_types: ^1.0\n"
    ),
    "catalog/page/template.yaml": "tosca_definitions_version: tosca_simple_yaml_1_3\ndescription: A page.\n",
    "catalog/machine/service.yaml": (
        "name: machine\nversion: 1.0.0\ndisplay_name: A machine\ndescription: A machine.\ntosca_types: ^1.0\n"
    ),
    "catalog/machine/template.yaml": (
        "tosca_definitions_version: tosca_simple_yaml_1_3\n"
        "topology_template:\n"
        "  inputs: {image: {type: string, default: debian-12}}\n"
        "  node_templates:\n"
        "    server:\n"
        "      type: tosca.nodes.Compute\n"
        "      capabilities: {os: {properties: {image: {get_input: image}}}}\n"
    ),
    "tosca-types/library.yaml": "name: tosca-types\nversion: 1.0.0\ndescription: Types of this platform.\n",
    "federation/providers.yaml": "providers:\n  here: {engine: infrastructure-manager}\n",
    "federation/groups/school.yaml": "group: school\nslas:\n- {id: school-here, provider: here}\n",
}


@dataclass(frozen=True)
class ExampleTree:
    """Files from memory; `link:` stands for a symbolic link, `missing:` for no file at all."""

    texts: Mapping[str, str]

    def files(self, under: str = "") -> tuple[str, ...]:
        return tuple(sorted(path for path in self.texts if not under or path.startswith(f"{under}/")))

    def read(self, path: str) -> bytes | None:
        text = self.texts.get(path)
        if text is not None and text.startswith("link:"):
            raise InputError("symbolic links are not followed", place=Place(path))
        return None if text is None else example(text)


def run_platform(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Every finding about components, federation and deployments of a sound platform with these files in it."""
    texts = {path: text for path, text in {**SOUND, **files}.items() if text != "missing:"}
    tree = ExampleTree(texts)
    found = (*check_components(tree), *check_federation(tree), *check_workspace(tree))
    found += check_forms(tree, tree_resolver(tree))
    if check_federation(tree):
        return found
    releases = Releases(Repository(Path(__file__).resolve().parents[2]), "HEAD")
    return (*found, *collect(tree, releases)[1])
