"""A small platform that takes things from elsewhere, and everything it takes them from, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mattone.pins.complete import Made, Move, World, make_lock
from mattone.pins.external import External
from mattone.pins.galaxy import Galaxy
from mattone.pins.lock import Lock
from mattone.pins.outdated import Row, outdated
from mattone.pins.releases import Releases
from mattone.pins.store import Store
from tests.doubles.galaxy import GalaxyDouble
from tests.pins.elsewhere import Elsewhere as Repository
from tests.pins.registries import Registry
from tests.small import TYPES, Platform, deployment, wish
from tests.web import Web

ARTIFACT_TYPES = """\
artifact_types:
  tosca.artifacts.AnsibleGalaxy.role: {derived_from: tosca.artifacts.Root}
  tosca.artifacts.AnsibleGalaxy.collection: {derived_from: tosca.artifacts.Root}
"""
LIBRARY = "tosca_definitions_version: tosca_simple_yaml_1_3\n"


@dataclass
class Site:
    """A platform, and all that it takes from elsewhere."""

    platform: Platform
    web: Web
    galaxy: GalaxyDouble
    folder: Path
    images: Registry | None = None

    def world(self, **changes: Any) -> World:
        galaxy = Galaxy(self.web.url, f"file://{self.folder / 'far'}")
        return replace(World(store=Store(self.folder / "cache" / "store"), galaxy=galaxy), **changes)

    def make(self, keep: Lock | None = None, move: Move = None, text: str = "", **changes: Any) -> Made:
        releases = Releases(self.platform.repository, "HEAD")
        return make_lock(releases, deployment(text or wish()), self.world(**changes), keep, move)

    def outdated(self, lock: Lock) -> dict[str, Row]:
        releases = Releases(self.platform.repository, "HEAD")
        return {row.name: row for row in outdated(releases, deployment(), lock, self.world())}

    def role(self, name: str, *tags: str, **files: str) -> Repository:
        made = Repository(self.folder / "far" / name, {"tasks/main.yml": f"- debug: {{msg: {name}}}\n"})
        for tag in tags:
            made.commit(
                {"VERSION": tag, **{path.replace("__", "/") + ".yml": text for path, text in files.items()}}, tag
            )
        return made

    def types(self, *artifacts: str, more: str = "") -> None:
        """The type of the page with these artifacts."""
        listed = "".join(f"      a{number}: {one}\n" for number, one in enumerate(artifacts))
        text = TYPES.replace("node_types:", f"{ARTIFACT_TYPES}node_types:").replace(
            "    interfaces:\n", f"    artifacts:\n{listed}    interfaces:\n" if artifacts else "    interfaces:\n"
        )
        self.platform.commit({"tosca-types/page.yaml": text + more})


def role(written: str) -> str:
    return f"{{file: '{written}', type: tosca.artifacts.AnsibleGalaxy.role}}"


def collection(written: str) -> str:
    return f"{{file: '{written}', type: tosca.artifacts.AnsibleGalaxy.collection}}"


def told(entries: Sequence[External]) -> dict[str, tuple[str, str, int, tuple[str, ...]]]:
    return {one.name: (one.kind.value, one.version, one.layer, one.required_by) for one in entries}
