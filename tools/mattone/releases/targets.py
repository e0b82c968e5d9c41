"""Where releases happen: the default branch of a forge, or a clone that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mattone.errors import InputError
from mattone.forges.interface import Forge, Release
from mattone.git import RefChange, Repository
from mattone.releases.lineage import TAGS

BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class State:
    """One look at a target: its branch (a full ref), the commit on it, and every tag (ref to commit)."""

    branch: str
    commit: str
    tags: Mapping[str, str]


class Target(Protocol):
    """What making releases asks of the place where they happen."""

    def look(self) -> State: ...

    def ready(self, paths: Sequence[str]) -> None:
        """Raises InputError when these files cannot be changed now."""

    def move(self, changes: Sequence[RefChange]) -> None:
        """All of the changes or none. Raises RefMoved."""

    def settle(self, paths: Sequence[str]) -> None:
        """Bring what follows from moved refs up to date; `paths` are the files of the newest release's commit."""

    def published(self) -> frozenset[str] | None:
        """The tags that have a published release; None where nothing is published."""

    def publish(self, release: Release) -> None: ...


class ForgeTarget:
    """The default branch of the forge that a clone came from; the clone only lends its object store."""

    def __init__(self, repository: Repository, forge: Forge) -> None:
        self._repository = repository
        self._forge = forge

    def look(self) -> State:
        branch = BRANCHES + self._forge.default_branch()
        listed = self._repository.run("ls-remote", "--", self._forge.url, branch, f"{TAGS}*").output.splitlines()
        refs = {ref: commit for commit, ref in (line.split("\t", 1) for line in listed)}
        commit = refs.pop(branch, None)
        if commit is None:
            raise InputError(f"the forge has no branch {branch.removeprefix(BRANCHES)!r}")
        self._repository.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self._forge.url, commit)
        tags = {ref: refs.get(f"{ref}^{{}}", direct) for ref, direct in refs.items() if not ref.endswith("^{}")}
        return State(branch, commit, tags)

    def ready(self, paths: Sequence[str]) -> None:
        """A forge has no work tree."""

    def move(self, changes: Sequence[RefChange]) -> None:
        self._forge.push(self._repository, changes)

    def settle(self, paths: Sequence[str]) -> None:  # noqa: ARG002 - no work tree follows
        """The clone learns the forge's tags; of its branch it learns as of every other push, by `git pull`."""
        words = ("fetch", "--quiet", "--no-write-fetch-head", "--", self._forge.url, f"{TAGS}*:{TAGS}*")
        if self._repository.run(*words, accept=(0, 1)).code != 0:
            raise InputError(
                f"a tag of {self._repository.root} is not where the forge has it",
                hint="`git fetch --tags` says which; a tag that was made here by hand can be deleted",
            )

    def published(self) -> frozenset[str] | None:
        return self._forge.published()

    def publish(self, release: Release) -> None:
        self._forge.release(release)


class CloneTarget:
    """The branch that is checked out in a clone without a forge; nothing is published."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def look(self) -> State:
        branch = self._repository.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)).output.strip()
        commit = self._repository.resolve("HEAD")
        if not branch or commit is None:
            raise InputError("HEAD is no branch with commits", hint="`git switch` to the branch to release from")
        return State(branch, commit, self._repository.refs(TAGS))

    def ready(self, paths: Sequence[str]) -> None:
        new = (
            path for path in paths if self._on_disk(path) is not None and self._repository.read("HEAD", path) is None
        )
        differing = (*self._differing(paths), *new)
        if differing:
            raise InputError(
                f"not committed: {', '.join(differing[:5])}", hint="a release changes these files: commit or stash them"
            )

    def move(self, changes: Sequence[RefChange]) -> None:
        self._repository.move_refs(changes)

    def settle(self, paths: Sequence[str]) -> None:
        """Give the work tree and the index the files of the release that HEAD is, where they still have the old ones.

        A release that was killed after its refs moved left them; what a person changed since stays.
        """
        parent = "HEAD^"
        stale = [path for path in self._differing(paths) if self._on_disk(path) == self._repository.read(parent, path)]
        if stale:
            words = ("restore", "--source=HEAD", "--staged", "--worktree", "--pathspec-from-file=-")
            self._repository.run(*words, "--pathspec-file-nul", stdin="\0".join(f":(literal){path}" for path in stale))

    def _differing(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Those of the paths that differ from HEAD, on disk or in the index."""
        found = []
        for index in ([], ["--cached"]):
            listed = self._repository.run("diff", *index, "--name-only", "-z", "--no-renames", "--no-ext-diff", "HEAD")
            found += listed.output.split("\0")
        return tuple(sorted(set(found) & set(paths)))

    def _on_disk(self, path: str) -> bytes | None:
        file = self._repository.root / path
        return file.read_bytes() if file.is_file() and not file.is_symlink() else None

    def published(self) -> frozenset[str] | None:
        return None

    def publish(self, release: Release) -> None:
        """A clone without a forge publishes nothing."""


def open_target(repository: Repository, kind: str) -> Target:
    """The target of a clone: its forge when it has an `origin`, else itself. Raises InputError."""
    if not repository.run("config", "--get", "remote.origin.url", accept=(0, 1)).output.strip():
        return CloneTarget(repository)
    from mattone.forges.choose import open_forge

    return ForgeTarget(repository, open_forge(repository, kind))
