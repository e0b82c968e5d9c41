"""Which versions of a component exist, and what exactly each is: a commit and a digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mattone import digests
from mattone.errors import InputError, MattoneError, Place
from mattone.git import Repository
from mattone.platform.components import Component, ComponentId, load_component
from mattone.platform.refuse import refuse
from mattone.platform.tree import RevisionTree
from mattone.versions import Version


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a component at a commit. `tagged` is False for a version not yet released."""

    version: Version
    commit: str
    tagged: bool


class Releases:
    """The versions of every component of one repository, as seen from one revision.

    A tag `<component>/v<version>` makes a version. What the manifest at the revision states
    counts too while that version has no tag: so a new component can be used, and tested in its
    own merge request, before its first release.
    """

    def __init__(self, repository: Repository, revision: str) -> None:
        full = repository.resolve(revision)
        if full is None:
            raise InputError(f"{revision!r} names no commit in {repository.root}", hint="commit something first")
        self.repository = repository
        self.revision = full
        self._trees: dict[str, RevisionTree] = {}
        self._releases: dict[ComponentId, tuple[Release, ...]] = {}
        self._merged: dict[str, bool] = {}
        self._digests: dict[tuple[ComponentId, str], str] = {}

    @cached_property
    def _tags(self) -> dict[str, str]:
        return self.repository.refs("refs/tags/")

    def tree(self, commit: str) -> RevisionTree:
        """The files of a commit; read once."""
        return self._trees.setdefault(commit, RevisionTree(self.repository, commit))

    def of(self, component: ComponentId) -> tuple[Release, ...]:
        """All versions of a component, newest first; looked up once."""
        known = self._releases.get(component)
        if known is None:
            known = self._releases[component] = self._of(component)
        return known

    def _of(self, component: ComponentId) -> tuple[Release, ...]:
        prefix = f"refs/tags/{component.path}/v"
        tagged = {
            version: Release(version, commit, True)
            for tag, commit in self._tags.items()
            if tag.startswith(prefix) and (version := _parsed(tag.removeprefix(prefix))) is not None
        }
        here = self._here(component)
        if here is not None:
            tagged.setdefault(here.version, here)
        return tuple(tagged[version] for version in sorted(tagged, reverse=True))

    def _here(self, component: ComponentId) -> Release | None:
        found, findings = load_component(self.tree(self.revision), component)
        refuse(findings)
        commit = self.repository.last_change(self.revision, component.path)
        return Release(found.version, commit, False) if found is not None and commit is not None else None

    def merged(self, component: ComponentId, commit: str) -> bool:
        """Whether a commit is in the revision's history, or one of the component's tags is on it."""
        known = self._merged.get(commit)
        if known is None:
            known = self._merged[commit] = self.repository.contains(self.revision, commit)
        return known or any(release.tagged and release.commit == commit for release in self.of(component))

    def manifest(self, component: ComponentId, commit: str) -> Component:
        """What a component's manifest states at a commit. Raises InputError or FindingsError."""
        found, findings = load_component(self.tree(commit), component)
        refuse(findings)
        if found is None:
            raise InputError(f"commit {commit[:12]} has no such component", place=Place(component.manifest))
        return found

    def digest(self, component: ComponentId, commit: str) -> str:
        """The digest of a component's files at a commit; computed once."""
        known = self._digests.get((component, commit))
        if known is None:
            known = self._digests[component, commit] = self._digest(component, commit)
        return known

    def _digest(self, component: ComponentId, commit: str) -> str:
        tree = self.tree(commit)
        return digests.of_files(
            (entry.path.removeprefix(f"{component.path}/"), entry.mode == "100755", tree.read(entry.path) or b"")
            for entry in tree.entries(component.path)
        )


def _parsed(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except MattoneError:
        return None
