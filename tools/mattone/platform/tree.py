"""The files of a platform repository, from a work tree or from a commit, read the same way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from mattone.errors import InputError, Place
from mattone.git import DamagedObject, Entry, Repository


class Tree(Protocol):
    """Files by their path from the repository's root, with forward slashes."""

    def files(self, under: str = "") -> tuple[str, ...]:
        """Paths of all files below a folder, sorted; a symbolic link is a file, whatever it leads to."""

    def read(self, path: str) -> bytes | None:
        """A file's content, or None when there is none. Raises InputError for a symlink or a submodule."""


@dataclass(frozen=True)
class WorkTree:
    """The files as they lie on disk; what git ignores is seen too, `.git` and `.mattone` are not."""

    root: Path

    def files(self, under: str = "") -> tuple[str, ...]:
        start = self.root / under
        if start.is_file():
            return (under,)
        found = []
        for folder, names, files in os.walk(start, onerror=_fail):
            names[:] = sorted(name for name in names if name not in {".git", ".mattone", "__pycache__"})
            links = [name for name in names if (Path(folder) / name).is_symlink()]
            found += [(Path(folder) / name).relative_to(self.root).as_posix() for name in (*files, *links)]
        return tuple(sorted(found))

    def read(self, path: str) -> bytes | None:
        if "\0" in path:
            return None  # no file system has such a name
        file = self.root / path
        self._refuse_symlink(file, path)
        if file.exists() and not file.is_file():
            return None  # a folder, or a pipe that nobody writes to
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def _refuse_symlink(self, file: Path, path: str) -> None:
        root = self.root.resolve()
        if file.is_symlink() or (file.exists() and file.resolve() != root / path):
            raise _symlink(path)


@dataclass(frozen=True)
class RevisionTree:
    """The files of one commit, read from git's objects; the work tree plays no part."""

    repository: Repository
    revision: str

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return {entry.path: entry for entry in self.repository.files(self.revision)}

    def files(self, under: str = "") -> tuple[str, ...]:
        prefix = f"{under}/" if under else ""
        return tuple(path for path in self._entries if path.startswith(prefix) or path == under)

    def read(self, path: str) -> bytes | None:
        entry = self._entries.get(path)
        if entry is None:
            return None
        if entry.is_symlink:
            raise _symlink(path)
        if entry.is_submodule:
            raise InputError(
                "submodules are not followed", place=Place(path), hint="put the files themselves into the repository"
            )
        try:
            return self.repository.blob(entry.blob)
        except DamagedObject as error:
            raise DamagedObject(error.message, place=Place(path), hint=error.hint) from error

    def blob_of(self, path: str) -> str:
        """Mode and object id of a file, "" when there is none: what decides whether it is the same."""
        entry = self._entries.get(path)
        return "" if entry is None else f"{entry.mode} {entry.blob}"

    def entries(self, under: str = "") -> tuple[Entry, ...]:
        """Like `files`, with modes and blob ids."""
        return tuple(self._entries[path] for path in self.files(under))


@dataclass(frozen=True)
class ComposedTree:
    """Several trees as one: each folder of the first level or deeper comes from a tree of its own."""

    parts: tuple[tuple[str, Tree], ...]

    def files(self, under: str = "") -> tuple[str, ...]:
        found = {
            path
            for prefix, tree in self.parts
            for path in tree.files(prefix)
            if not under or path == under or path.startswith(f"{under}/")
        }
        return tuple(sorted(found))

    def read(self, path: str) -> bytes | None:
        for prefix, tree in self.parts:
            if path.startswith(f"{prefix}/"):
                return tree.read(path)
        return None


def join(base: str, reference: str) -> str | None:
    """The path that a relative reference in the file `base` names, or None when it leaves the repository."""
    parts: list[str] = list(PurePosixPath(base).parent.parts)
    for part in PurePosixPath(reference).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part == "/":
            return None
        else:
            parts.append(part)
    return "/".join(parts)


def _symlink(path: str) -> InputError:
    return InputError(
        "symbolic links are not followed: they could lead out of the repository",
        place=Place(path),
        hint="replace the link with the file itself",
    )


def _fail(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
