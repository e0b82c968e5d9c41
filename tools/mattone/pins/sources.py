"""Git repositories elsewhere: what they have, and their files at one commit.

A bare repository below the cache folder holds what was fetched of each; it grows by single commits, without
history. Only where a branch moved, its history is fetched too (without files), to see whether the old commit
is still part of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mattone import digests
from mattone.errors import InputError, RemoteError, TransientError
from mattone.git import Entry, Repository
from mattone.pins.store import Files
from mattone.platform.site import cache_folder
from mattone.process import CommandFailed
from mattone.redact import one_line

_ALLOWED = "file:git:http:https:ssh"
_SCP = re.compile(r"[\w.-]+@[\w.-]+:[\w./~-]+")  # git@host:group/repository.git
_SECONDS = 300.0  # for one call of git
_CALM = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30", "-c", "gc.auto=0")
MOST_FILES = 20_000
MOST_BYTES = 200_000_000


class Unreachable(TransientError):
    """A source does not answer, or does not exist."""


class MissingCommit(RemoteError):
    """A source no longer has a commit."""


@dataclass(frozen=True, slots=True)
class GitSource:
    """One repository by its URL; `folder` is where all repositories are cached."""

    url: str
    folder: Path

    @classmethod
    def at(cls, url: str) -> GitSource:
        """Raises InputError for a URL that git must not be given."""
        return cls(checked_url(url), cache_folder() / "git")

    def refs(self) -> Mapping[str, str]:
        """Every ref with the commit it leads to, annotated tags followed; `HEAD` too. Raises Unreachable."""
        try:
            result = self._repository().run(*_CALM, "ls-remote", "--quiet", "--", self.url, env=_ENV, timeout=_SECONDS)
        except (CommandFailed, TransientError) as error:
            raise self._unreachable(error) from error
        rows = [line.split("\t", 1) for line in result.output.splitlines() if "\t" in line]
        found = {name: commit for commit, name in rows if not name.endswith("^{}")}
        return found | {name.removesuffix("^{}"): commit for commit, name in rows if name.endswith("^{}")}

    def files(self, commit: str, under: str = "") -> Files:
        """The files of a commit below a folder, by their path from there.

        Raises MissingCommit, Unreachable, and InputError for what cannot be kept: submodules, links that
        lead out, more than 20,000 files or 200 MB.
        """
        with self._locked():
            repository = self._repository()
            self._fetch(repository, commit)
            try:
                return _contents(repository, commit, under, self.url)
            finally:
                repository.close()

    def file(self, commit: str, path: str) -> bytes | None:
        """One file of a commit, or None. Raises MissingCommit and Unreachable."""
        with self._locked():
            repository = self._repository()
            self._fetch(repository, commit)
            try:
                return repository.read(commit, path)
            finally:
                repository.close()

    def has_in_history(self, commit: str, tip: str) -> bool:
        """Whether a commit is in the history of another, as the source has it now. Raises Unreachable."""
        with self._locked():
            repository = self._repository(".history")
            for wanted in (tip, commit):
                if repository.resolve(wanted) is None:
                    try:
                        self._run_fetch(repository, "--filter=tree:0", wanted)
                    except CommandFailed as error:
                        if wanted == commit:
                            return False
                        raise self._unreachable(error) from error
            return repository.contains(tip, commit)

    def _fetch(self, repository: Repository, commit: str) -> None:
        if repository.resolve(commit) is not None:
            return
        try:
            self._run_fetch(repository, "--depth=1", commit)
        except CommandFailed:
            # Either a server that gives no single commits, or one that does not have it.
            try:
                self._run_fetch(repository, "--depth=2147483647", "+refs/heads/*:refs/seen/heads/*",
                                "+refs/tags/*:refs/seen/tags/*")  # fmt: skip
            except CommandFailed as error:
                raise self._unreachable(error) from error
        if repository.resolve(commit) is None:
            raise MissingCommit(
                f"{shown(self.url)} no longer has the commit {commit[:12]}",
                hint="its history was rewritten; find out why before you lock it anew with `--upgrade`",
            )

    def _run_fetch(self, repository: Repository, depth: str, *what: str) -> None:
        # Whoever holds our lock is alone here: git's own was left by a run that was killed.
        (repository.root / "shallow.lock").unlink(missing_ok=True)
        words = (*_CALM, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", depth, "--", self.url, *what)
        repository.run(*words, env=_ENV, timeout=_SECONDS)

    def _repository(self, suffix: str = "") -> Repository:
        path = self.folder / f"{digests.short(digests.of_bytes(self.url.encode()))}{suffix}.git"
        if not path.is_dir():
            self._make(path)
        return Repository(path)

    def _make(self, path: Path) -> None:
        """Make the bare repository beside its place and move it there whole: others may be making it too."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=self.folder, prefix=".new-"))
        Repository.init_bare(new / "git")
        try:
            (new / "git").rename(path)
        except OSError:
            if not path.is_dir():
                raise
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process fetches from this source at a time; one that is killed gives the lock back."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = digests.short(digests.of_bytes(self.url.encode()))
        handle = os.open(self.folder / f"{name}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _unreachable(self, error: CommandFailed | TransientError) -> Unreachable:
        said = error.result.errors.strip().splitlines() if isinstance(error, CommandFailed) else [error.message]
        why = next((line for line in said if line.startswith(("fatal:", "ERROR"))), said[-1] if said else "no reason")
        return Unreachable(
            f"cannot read the git repository {shown(self.url)}: {one_line(why.removeprefix('fatal: '), 200)}",
            hint="check the URL, and that this host may read it (`git ls-remote URL`)",
        )


_ENV = {"GIT_ALLOW_PROTOCOL": _ALLOWED}


def checked_url(url: str) -> str:
    """A repository's URL as git may have it. Raises InputError for options, other transports and passwords."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in _ALLOWED.split(":"):
        user = rest.partition("/")[0].rpartition("@")[0]
        if not user or (scheme == "ssh" and ":" not in user):
            return url
        raise InputError(
            f"the URL {shown(url)} holds a user or password",
            hint="leave them out; git's credential helpers know them",
        )
    if not separator and _SCP.fullmatch(url):
        return url
    raise InputError(
        f"{one_line(url, 120)!r} is no URL of a git repository", hint="write https://..., ssh://... or git@host:path"
    )


def shown(url: str) -> str:
    """A URL for messages, without user and password."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return one_line(f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else url, 160)


def _contents(repository: Repository, commit: str, under: str, url: str) -> Files:
    entries = {entry.path: entry for entry in repository.files(commit)}
    prefix = f"{under.strip('/')}/" if under.strip("/") else ""
    chosen = [entry for path, entry in entries.items() if path.startswith(prefix)]
    if len(chosen) > MOST_FILES:
        raise InputError(f"{shown(url)} has {len(chosen):,} files; at most {MOST_FILES:,} are fetched")
    files: dict[str, tuple[bool, bytes]] = {}
    left = MOST_BYTES
    for entry in chosen:
        real = _followed(entry, entries, repository, url)
        data = repository.blob(real.blob)
        left -= len(data)
        if left < 0:
            raise InputError(f"{shown(url)} has more than {MOST_BYTES:,} bytes at {commit[:12]}")
        files[entry.path.removeprefix(prefix)] = (real.mode == "100755", data)
    return files


def _followed(entry: Entry, entries: Mapping[str, Entry], repository: Repository, url: str) -> Entry:
    """The file itself, or the one that a link leads to."""
    if any(part in {"", ".", ".."} for part in entry.path.split("/")):
        raise InputError(f"{shown(url)} has a file whose name leads out of its folder: {one_line(entry.path, 80)}")
    if entry.is_submodule:
        raise InputError(f"{shown(url)} has a submodule at {one_line(entry.path, 80)}; submodules are not followed")
    if not entry.is_symlink:
        return entry
    target = repository.blob(entry.blob).decode(errors="replace")
    found = entries.get(posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target)))
    if found is None or found.is_symlink or found.is_submodule:
        raise InputError(f"{shown(url)} has a symbolic link that leads to no file of it: {one_line(entry.path, 80)}")
    return found
