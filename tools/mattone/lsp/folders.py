"""Where a file belongs, and the files of a folder with what is typed over them but not saved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mattone.errors import MattoneError
from mattone.platform.settings import FILE as SETTINGS
from mattone.platform.tree import WorkTree
from mattone.tosca.files import DEAD, FileResolver, is_digest
from mattone.tosca.paths import import_url, relative_path

_MARKS = (".git", SETTINGS)


def root_of(file: Path, folders: Sequence[Path]) -> Path:
    """The folder that a file's imports may reach: its repository, else the editor's folder, else its own."""
    for parent in file.parents:
        if any((parent / mark).exists() for mark in _MARKS):
            return parent
    around = [folder for folder in folders if file.is_relative_to(folder)]
    return max(around, key=lambda folder: len(folder.parts)) if around else file.parent


@dataclass(frozen=True, slots=True)
class Overlay:
    """The files below a folder, the texts of an editor over those on disk.

    texts  path below the folder to content; a path that a symbolic link leads to or through is none of them
    urls   what an import of a URL stands for: a path, or a digest in the store
    """

    root: Path
    texts: Mapping[str, bytes]
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def tree(self) -> OverlayTree:
        return OverlayTree(WorkTree(self.root), self.texts)

    def resolver(self) -> NotingResolver:
        """A resolver over these files, which notes what it is asked for."""
        from mattone.pins.store import default_store

        return NotingResolver(FileResolver(self.root, self.urls, default_store().get), self.texts)


class NotingResolver:
    """Finds references in an editor's texts, else on disk with the loader's rules.

    asked  every path that was asked for, also where nothing was found: a change of it changes the answer
    """

    def __init__(self, disk: FileResolver, texts: Mapping[str, bytes]) -> None:
        self._disk = disk
        self._texts = texts
        self.asked: set[str] = set()

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        url = import_url(base, reference)
        path = relative_path(base, reference) if url is None else self._disk.urls.get(url)
        if path is None or (url is not None and (path == DEAD or is_digest(path))):
            return self._disk(base, reference)
        self.asked.add(path)
        if path in self._texts:
            return path, self._texts[path]
        return self._disk("", path)


@dataclass(frozen=True, slots=True)
class OverlayTree:
    """A work tree with an editor's texts over it."""

    disk: WorkTree
    texts: Mapping[str, bytes]

    def files(self, under: str = "") -> tuple[str, ...]:
        found = {path for path in self.texts if not under or path == under or path.startswith(f"{under}/")}
        return tuple(sorted(found.union(self.disk.files(under))))

    def read(self, path: str) -> bytes | None:
        return self.texts[path] if path in self.texts else self.disk.read(path)


def is_plain(root: Path, path: str) -> bool:
    """Whether a path below a folder leads through no symbolic link: else the loader decides what is said of it."""
    try:
        return (root / path).resolve() == root.resolve() / path
    except (OSError, MattoneError, RuntimeError, ValueError):  # ValueError: a NUL in the path
        return False
