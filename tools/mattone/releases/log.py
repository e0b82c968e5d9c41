"""The history of a revision in one reading: `git log` of all its commits with the paths each changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mattone.errors import InputError
from mattone.git import Repository

_FORMAT = "--format=%H%x00%P%x00%ct%x00%B"
_STATUS = 4  # at most so long: a letter and a similarity, as in `R100`; object ids are longer


@dataclass(frozen=True, slots=True)
class Logged:
    """One commit: `when` in seconds since 1970; a merge's paths are those it brought to its first parent.

    `moves` are renamed files as (old, new); both names are among `paths` too.
    """

    id: str
    parents: tuple[str, ...]
    when: int
    message: str
    paths: tuple[str, ...]
    moves: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class History:
    """All commits up to a revision, children before their parents."""

    revision: str
    commits: tuple[Logged, ...]

    @cached_property
    def _by_id(self) -> Mapping[str, Logged]:
        return {commit.id: commit for commit in self.commits}

    def get(self, commit: str) -> Logged | None:
        return self._by_id.get(commit)

    def __contains__(self, commit: str) -> bool:
        return commit in self._by_id

    def without(self, released: Iterable[str | None]) -> tuple[tuple[Logged, ...], ...]:
        """For each of some commits (None: none), those of the history that are not in its own.

        All at once: a number a commit whose bits say in which of the histories it is, handed from
        children to parents.
        """
        bits: dict[str, int] = {}
        wanted = tuple(released)
        for index, commit in enumerate(wanted):
            if commit is not None:
                bits[commit] = bits.get(commit, 0) | 1 << index
        found: tuple[list[Logged], ...] = tuple([] for _ in wanted)
        everywhere = (1 << len(wanted)) - 1
        for logged in self.commits:
            mask = bits.get(logged.id, 0)
            if mask:
                for parent in logged.parents:
                    bits[parent] = bits.get(parent, 0) | mask
            missing = everywhere & ~mask
            while missing:
                lowest = missing & -missing
                found[lowest.bit_length() - 1].append(logged)
                missing ^= lowest
        return tuple(tuple(commits) for commits in found)


def read_history(repository: Repository, revision: str, *but: str) -> History:
    """The commits of a revision, without those of the revisions `but`.

    Raises InputError when there is no such commit or the clone has not all of its history.
    """
    full = repository.resolve(revision)
    if full is None:
        raise InputError(f"{revision!r} names no commit in {repository.root}", hint="commit something first")
    if repository.is_shallow():
        raise InputError(
            f"{repository.root} is a shallow clone: versions are made from the whole history",
            hint="`git fetch --unshallow --tags`; in a pipeline set GIT_DEPTH to 0",
        )
    listed = repository.run(
        "log", "--topo-order", "--name-status", "-z", "-M", "--diff-merges=first-parent", "--no-ext-diff",
        "--encoding=UTF-8", "--no-color", "--no-show-signature", "--no-notes",
        _FORMAT, full, *(f"^{one}" for one in but), "--",
    )  # fmt: skip
    return History(full, tuple(_commits(listed.output)))


def _commits(output: str) -> Iterator[Logged]:
    words = output.split("\0")
    at, end = 0, len(words) - 1  # the last one is what follows the last NUL: nothing
    while at < end:
        commit, parents, when, message = words[at : at + 4]
        paths, moves, at = _changes(words, at + 4)
        yield Logged(commit, tuple(parents.split()), int(when), message, paths, moves)


def _changes(words: list[str], at: int) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], int]:
    """The paths and moves that begin at a word, and the word after them."""
    paths: list[str] = []
    moves: list[tuple[str, str]] = []
    while (status := words[at].lstrip("\n")) and len(status) <= _STATUS:
        if status[0] in "RC":
            moves.append((words[at + 1], words[at + 2]))
        count = 2 if status[0] in "RC" else 1
        paths += words[at + 1 : at + 1 + count]
        at += 1 + count
    return tuple(paths), tuple(moves), at
