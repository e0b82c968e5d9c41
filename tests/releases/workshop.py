"""A platform repository with releases, made commit by commit; real git throughout."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from dev.report import ROOT
from mattone.forges.local import LocalForge
from mattone.git import Repository
from mattone.platform.tree import RevisionTree
from mattone.releases.claims import Claims
from mattone.releases.lineage import TAGS, lineages
from mattone.releases.log import read_history
from mattone.releases.model import ComponentRelease, Demand, Plan
from mattone.releases.plan import Demands, Source, make_plan
from mattone.releases.settings import load_release_settings
from tests.forges.site import git
from tests.small import FILES, Platform

RELEASE_FILES = {
    f"release/{name}": (ROOT / "release" / name).read_text("utf-8")
    for name in ("components.yaml", "semantic-release.toml", "changelog.md.j2")
}
PAGE, WEB, BASE, LIBRARY = "catalog/page", "ansible-roles/web", "ansible-roles/base", "tosca-types"
EVERY = (BASE, WEB, PAGE, LIBRARY)


def no_demand(_lineage: object) -> Demand:
    """For tests of what commits claim alone."""
    return Demand()


class Workshop(Platform):
    """The small platform with `release/`, all components released as 1.0.0 unless told otherwise."""

    def __init__(self, folder: Path, released: bool = True, files: Mapping[str, str] = FILES) -> None:
        super().__init__(folder, {**files, **RELEASE_FILES})
        for component in EVERY if released else ():
            self.tag(f"{component}/v1.0.0")

    def change(self, message: str, *paths: str, files: Mapping[str, str | None] | None = None) -> str:
        """A commit with a message; each of the paths gets one more line."""
        for path in paths:
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("a", encoding="utf-8") as file:
                file.write("# one more line\n")
        self.write(files or {})
        return self.save(message)

    def save(self, message: str) -> str:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", f"--message={message}")
        return self.head()

    def tag(self, name: str, commit: str = "HEAD") -> None:
        git(self.root, "tag", "--annotate", "--message", name, name, commit)

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return git(self.root, *arguments)

    def source(self, demands: Demands = no_demand, revision: str = "HEAD") -> Source:
        return source(self.repository, demands, revision)

    def plan(self, *only: str, label: str = "", demands: Demands = no_demand) -> Plan:
        return make_plan(self.source(demands), only, label)

    def versions(self, *only: str, label: str = "", demands: Demands = no_demand) -> dict[str, str]:
        """The planned versions by component."""
        plan = self.plan(*only, label=label, demands=demands)
        return {release.component.path: str(release.version) for release in plan.releases}

    def planned(self, component: str, demands: Demands = no_demand) -> ComponentRelease:
        """The planned release of one component, which there must be."""
        return next(one for one in self.plan(demands=demands).releases if one.component.path == component)


def source(repository: Repository, demands: Demands = no_demand, revision: str = "HEAD") -> Source:
    """What a plan is made from, with demands of the test's own."""
    history = read_history(repository, revision)
    tree = RevisionTree(repository, history.revision)
    settings = load_release_settings(tree)
    found = lineages(settings.components(tree), repository.refs(TAGS), history)
    return Source(tree, history, found, Claims(settings), demands)


def clone_of(forge: LocalForge, folder: Path) -> Repository:
    """A fresh clone of a forge."""
    return Repository.clone(forge.url, folder)
