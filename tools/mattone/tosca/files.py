"""Templates as files on disk, and imports of URLs through a map: the network is never asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mattone.errors import InputError, Place
from mattone.redact import one_line
from mattone.tosca.paths import relative_path


@dataclass(frozen=True, slots=True)
class FileResolver:
    """Finds references below a folder; what leads out of it, and symbolic links, are refused.

    urls  what an import of a URL stands for: a path below the same folder
    """

    root: Path
    urls: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        if "://" in reference:
            mapped = self.urls.get(reference)
            return self._read(mapped) if mapped is not None else None
        if "://" in base:
            return None
        return self._read(relative_path(base, reference))

    def _read(self, path: str) -> tuple[str, bytes] | None:
        if path.startswith(("../", "/")) or path in ("..", "."):
            raise InputError("it leads out of the folder that is checked", place=Place(path))
        file = self.root / path
        if not _is_file(file):
            return None
        if file.resolve() != self.root.resolve() / path:
            raise InputError("symbolic links are not followed: they could lead out", place=Place(path))
        return path, file.read_bytes()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any file's
        return False


def read_import_map(path: Path, root: Path) -> dict[str, str]:
    """URL to path below `root`, from an import map.

    The map is YAML (`https://...: path`) or tab-separated values (URL and path first, a heading is
    skipped); its paths are relative to its own folder. Raises InputError when it cannot be used.
    """
    if path.suffix == ".tsv":
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = {row[0]: row[1] for row in rows if len(row) > 1 and "://" in row[0]}
    else:
        from mattone.tosca.source import load

        document = load(str(path), path.read_bytes())
        if not isinstance(document.value, dict):
            place = document.findings[0].place if document.findings else document.place()
            raise InputError("an import map is a mapping of URLs to paths", place=place)
        pairs = {str(key): str(value) for key, value in document.value.items()}
    folder = path.resolve().parent
    return {url: _below(folder / target, root, path) for url, target in pairs.items()}


def _below(target: Path, root: Path, source: Path) -> str:
    try:
        return target.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise InputError(
            f"`{one_line(target.name)}` lies outside the folder that is checked", place=Place(str(source))
        ) from None
