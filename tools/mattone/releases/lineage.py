"""A component through time: the folders it had, the tags it got, the commits that touched it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mattone.errors import InputError
from mattone.platform.components import ComponentId
from mattone.releases.log import History, Logged
from mattone.versions import Version

TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A version that has a tag, and the commit it is on."""

    version: Version
    tag: str
    commit: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """A component with the folders it had, newest first, and its versions.

    released   tags on commits of the history, the newest version first
    elsewhere  versions with a tag on another branch: their numbers are taken
    """

    component: ComponentId
    folders: tuple[str, ...]
    released: tuple[Tagged, ...]
    elsewhere: frozenset[Version]

    @property
    def last(self) -> Tagged | None:
        """The newest release that is no pre-release."""
        return next((tagged for tagged in self.released if not tagged.version.pre), None)

    @property
    def newest(self) -> Tagged | None:
        """The newest release, pre-releases too."""
        return self.released[0] if self.released else None

    @property
    def renamed(self) -> bool:
        """Whether its last release was under another name."""
        return self.last is not None and not self.last.tag.startswith(f"{self.component.path}/v")


class Touched:
    """Which components a commit touched, by the folders they have or had."""

    def __init__(self, lineages: Iterable[Lineage]) -> None:
        self._components = {folder: lineage.component for lineage in lineages for folder in lineage.folders}
        self._deepest = max((folder.count("/") for folder in self._components), default=0) + 1
        self._known: dict[str, frozenset[ComponentId]] = {}

    def by(self, commit: Logged) -> frozenset[ComponentId]:
        known = self._known.get(commit.id)
        if known is None:
            known = self._known[commit.id] = frozenset(self._of(commit.paths))
        return known

    def _of(self, paths: Iterable[str]) -> Iterator[ComponentId]:
        for path in paths:
            folder = ""
            for part in path.split("/")[:-1][: self._deepest]:
                folder = f"{folder}/{part}" if folder else part
                component = self._components.get(folder)
                if component is not None:
                    yield component
                    break


def lineages(
    components: Sequence[ComponentId], tags: Mapping[str, str], history: History
) -> dict[ComponentId, Lineage]:
    """The lineage of every component, from the refs of all tags (ref to commit) and the history."""
    versions = _by_folder(tags)
    moves = _moves(components, history)
    found = {}
    for component in components:
        folders = _folders(component, moves)
        rows = [tagged for folder in folders for tagged in versions.get(folder, ())]
        here = {tagged.version: tagged for tagged in reversed(rows) if tagged.commit in history}
        ordered = tuple(here[version] for version in sorted(here, reverse=True))
        elsewhere = frozenset(tagged.version for tagged in rows) - here.keys()
        found[component] = Lineage(component, folders, ordered, elsewhere)
    return found


def _by_folder(tags: Mapping[str, str]) -> dict[str, list[Tagged]]:
    """Every tag `<folder>/v<version>` by its folder; other tags are somebody else's."""
    found: dict[str, list[Tagged]] = {}
    for ref in sorted(tags):
        folder, _, text = ref.removeprefix(TAGS).rpartition("/v")
        version = parsed(text) if folder else None
        if version is not None:
            found.setdefault(folder, []).append(Tagged(version, ref.removeprefix(TAGS), tags[ref]))
    return found


def parsed(text: str) -> Version | None:
    """The version that a text is, or None."""
    try:
        return Version.parse(text)
    except InputError:
        return None


def _moves(components: Sequence[ComponentId], history: History) -> dict[str, str]:
    """For every folder whose manifest was moved there, the folder that it came from.

    git finds moves by content, as `git log -M` shows them. The manifest decides: a component is
    where its manifest is.
    """
    known = {component.path for component in components}
    manifests = {component.manifest.rsplit("/", 1)[1] for component in components}
    found: dict[str, str] = {}
    for commit in history.commits:
        for old, new in commit.moves:
            folder, _, file = new.rpartition("/")
            earlier, _, name = old.rpartition("/")
            if file in manifests and file == name and folder and earlier and earlier not in known:
                found.setdefault(folder, earlier)
    return found


def _folders(component: ComponentId, moves: Mapping[str, str]) -> tuple[str, ...]:
    folders = [component.path]
    while (earlier := moves.get(folders[-1])) is not None and earlier not in folders:
        folders.append(earlier)
    return tuple(folders)
