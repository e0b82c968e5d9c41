"""Where a command works: the clone of a platform repository, its workspace and the cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mattone.errors import InputError
from mattone.git import Repository
from mattone.platform.settings import FILE, Settings, load_settings
from mattone.platform.tree import RevisionTree, WorkTree

WORKSPACE = ".mattone"


@dataclass(frozen=True)
class Site:
    """A clone and the folders that belong to it.

    workspace  state of this clone: journal, engine, machines, keys, bundles; never in git
    cache      what can be made again: machine images, the engine's environment
    """

    repository: Repository
    settings: Settings
    workspace: Path
    cache: Path

    @property
    def root(self) -> Path:
        return self.repository.root

    @property
    def files(self) -> WorkTree:
        """The files as they lie in the work tree."""
        return WorkTree(self.root)

    def at(self, revision: str) -> RevisionTree:
        """The files of a commit. Raises InputError when there is no such commit."""
        commit = self.repository.resolve(revision)
        if commit is None:
            raise InputError(f"{revision!r} names no commit", hint="`git log --oneline` lists them")
        return RevisionTree(self.repository, commit)

    def folder(self, *parts: str) -> Path:
        """A folder of the workspace, made for the owner alone when it is missing."""
        path = self.workspace
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        for part in parts:  # one by one: `parents` would make those between for everybody
            path /= part
            path.mkdir(mode=0o700, exist_ok=True)
        return path


def open_site(start: Path) -> Site:
    """The site that a folder belongs to.

    Raises InputError when the folder is in no git repository, the repository is no platform, or
    it is in the middle of a merge, rebase or the like, where files are not what anybody meant.
    """
    repository = Repository.discover(start)
    unfinished = repository.unfinished()
    if unfinished:
        undo = "reset" if unfinished == "bisect" else "--abort"
        raise InputError(
            f"{repository.root} is in the middle of a {unfinished}",
            hint=f"finish it, or undo it with `git {unfinished} {undo}`, and run this again",
        )
    if not any((repository.root / name).exists() for name in (FILE, "catalog", "deployments")):
        raise InputError(
            f"{repository.root} is no platform repository", hint=f"it has neither {FILE}, catalog/ nor deployments/"
        )
    settings = load_settings(WorkTree(repository.root))
    workspace = Path(os.environ.get("MATTONE_WORKSPACE") or repository.root / WORKSPACE)
    return Site(repository, settings, workspace.absolute(), cache_folder())


def cache_folder() -> Path:
    """`$MATTONE_CACHE`, else `mattone` in the user's cache folder (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("MATTONE_CACHE") or Path(base) / "mattone").absolute()
