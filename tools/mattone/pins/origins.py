"""Where a role or collection comes from: which versions there are, and the content of each.

Every origin answers the same four questions, so that choosing versions knows nothing of git or Galaxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from mattone import http
from mattone.errors import MattoneError, RemoteError
from mattone.pins.external import External
from mattone.pins.sources import MOST_BYTES, GitSource, shown
from mattone.pins.store import Files, Store
from mattone.redact import one_line
from mattone.versions import Range, Version

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LOOSE = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?((?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.-]+)?")
NEWEST = "HEAD"  # the version of what has no releases


class MissingVersion(RemoteError):
    """A source has no tag, branch or release of that name, or none in that range."""


class MovedTag(RemoteError):
    """A tag no longer leads to the commit that is locked."""


class RewrittenHistory(RemoteError):
    """A branch was force-pushed: the locked commit is no longer part of it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that can be chosen: as its source names it, and its commit where the source is git."""

    version: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds: its digest, and its files."""

    digest: str
    files: Files


class Origin(Protocol):
    """A source of versions of one thing."""

    @property
    def source(self) -> str:
        """The URL that the lock names."""

    def candidates(self, wanted: str) -> tuple[Candidate, ...]:
        """What satisfies a constraint, the best first. Raises MissingVersion when nothing does, Unreachable."""

    def check(self, entry: External) -> None:
        """Raise MovedTag, RewrittenHistory or MissingVersion when a locked entry is no longer what it was."""

    def content(self, one: Candidate, store: Store, digest: str = "") -> Content:
        """The files of a version, from the store or fetched. With a digest: raises SourceChanged for others."""


@dataclass(frozen=True)
class GitOrigin:
    """Tags, branches and commits of a git repository."""

    git: GitSource

    @property
    def source(self) -> str:
        return self.git.url

    @cached_property
    def _refs(self) -> Mapping[str, str]:
        return self.git.refs()

    def ask_ahead(self) -> None:
        """Ask for the refs now; several origins can be asked at once. Raises Unreachable."""
        self.__dict__["_refs"] = self.git.refs()  # where `cached_property`, which takes turns, looks first

    @property
    def was_asked(self) -> bool:
        return "_refs" in self.__dict__

    @cached_property
    def _releases(self) -> tuple[tuple[Version, Candidate], ...]:
        tags = self._named("refs/tags/")
        found = [(version, Candidate(tag, commit)) for tag, commit in tags.items() if (version := version_of(tag))]
        return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].version), reverse=True))

    def _named(self, prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): commit for name, commit in self._refs.items() if name.startswith(prefix)}

    def candidates(self, wanted: str) -> tuple[Candidate, ...]:
        if wanted in {"", "*", "latest"}:
            found = in_range(">=0.0.0", self._releases) or in_range("", self._releases)
            return found or self._exact(NEWEST)
        found = self._exact(wanted) or in_range(wanted, self._releases)
        if not found:
            raise self._missing(wanted)
        return found

    def _exact(self, name: str) -> tuple[Candidate, ...]:
        if name == NEWEST and NEWEST in self._refs:
            return (Candidate(NEWEST, self._refs[NEWEST]),)
        bare = name.removeprefix("v")
        for ref in (f"refs/tags/{name}", f"refs/heads/{name}", f"refs/tags/v{bare}", f"refs/tags/{bare}"):
            if ref in self._refs:
                return (Candidate(ref.split("/", 2)[2], self._refs[ref]),)
        return (Candidate(name, name),) if _COMMIT.fullmatch(name) else ()

    def _missing(self, wanted: str) -> MissingVersion:
        newest = ", ".join(one.version for _, one in self._releases[:6])
        return MissingVersion(
            f"{shown(self.source)} has no tag, branch or release {one_line(wanted, 80)!r}",
            hint=f"its newest releases: {newest}" if newest else "it has no releases; name a branch or a commit",
        )

    def check(self, entry: External) -> None:
        if entry.version == entry.commit:
            return
        tag = self._refs.get(f"refs/tags/{entry.version}")
        branch = self._refs.get(NEWEST if entry.version == NEWEST else f"refs/heads/{entry.version}")
        what = f"{entry.kind} {entry.name}"
        if tag is None and branch is None:
            raise MissingVersion(
                f"the {what} is locked to {one_line(entry.version, 80)}, which {shown(self.source)} no longer has",
                hint=f"it was deleted; the commit {entry.commit[:12]} may go too: lock another version",
            )
        if tag is not None and tag != entry.commit:
            raise MovedTag(
                f"the tag {one_line(entry.version, 80)} of {shown(self.source)} was moved: the {what} is locked to "
                f"{entry.commit[:12]}, the tag is on {tag[:12]}",
                hint=f"find out why; to follow it: `mattone lock --upgrade-component {entry.name}`",
            )
        if tag is None and branch is not None and branch != entry.commit:
            self._check_branch(entry, branch)

    def _check_branch(self, entry: External, branch: str) -> None:
        if not self.git.has_in_history(entry.commit, branch):
            raise RewrittenHistory(
                f"the branch {one_line(entry.version, 80)} of {shown(self.source)} was rewritten: the commit "
                f"{entry.commit[:12]} that the {entry.kind} {entry.name} is locked to is no longer part of it",
                hint=f"find out why; to follow it: `mattone lock --upgrade-component {entry.name}`",
            )

    def content(self, one: Candidate, store: Store, digest: str = "") -> Content:
        name = f"{shown(self.source)} at {one.version}"
        if digest:
            return Content(digest, store.obtain_files(digest, name, lambda: self.git.files(one.commit)))
        files = self.git.files(one.commit)
        return Content(store.put_files(files), files)


@dataclass(frozen=True)
class ArchiveOrigin:
    """A role or collection as one archive at a URL: its only version is what the URL gives."""

    url: str

    @property
    def source(self) -> str:
        return self.url

    def candidates(self, wanted: str) -> tuple[Candidate, ...]:
        return (Candidate(wanted),)

    def check(self, entry: External) -> None:
        """An archive has nothing but its content, which is compared whenever it is fetched."""

    def content(self, one: Candidate, store: Store, digest: str = "") -> Content:  # noqa: ARG002 # it has but one
        return archive(self.url, store, digest)


def archive(url: str, store: Store, digest: str = "") -> Content:
    """An archive (tar, compressed with gzip) from a URL, and the files in it.

    Raises RemoteError when it is none, SourceChanged, and what `http.download` does.
    """
    from mattone.pins.archives import unpacked

    def get() -> bytes:
        return http.download(url, limit=MOST_BYTES, seconds=300.0).body

    data = store.obtain(digest, shown(url), get) if digest else get()
    files = unpacked(data, shown(url))
    return Content(digest or store.put(data), files)


def version_of(text: str) -> Version | None:
    """A version as tags write them: `1.2.3`, `v1.2.3`, `1.2`."""
    found = _LOOSE.fullmatch(text)
    if found is None:
        return None
    try:
        return Version.parse(f"{int(found[1])}.{int(found[2])}.{int(found[3] or 0)}{found[4]}")
    except (MattoneError, ValueError):
        return None


def in_range(wanted: str, releases: tuple[tuple[Version, Candidate], ...]) -> tuple[Candidate, ...]:
    """The releases in a range, as npm or Galaxy writes ranges (`>=1.0.0,<2.0.0`, `==1.2`, `!=1.3.0`); empty: all."""
    if not wanted:
        return tuple(one for _, one in releases)
    parts = [part.strip() for part in wanted.split(",")]
    excluded = {part.removeprefix("!=").strip() for part in parts if part.startswith("!=")}
    text = " ".join(part.replace("==", "=") for part in parts if not part.startswith("!=")) or "*"
    try:
        allowed = Range.parse(text)
    except MattoneError:
        return ()
    gone = {version_of(text) for text in excluded}
    return tuple(one for version, one in releases if version in allowed and version not in gone)
