"""Templates as files on disk, and imports of URLs through a map: the network is never asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from mattone.errors import InputError, Place
from mattone.redact import one_line
from mattone.tosca.paths import PROFILE, import_url, relative_path

IMPORT_MAP = "imports.lock.yaml"  # at the top of a repository
DEAD = "dead"  # what stands in a map for a URL at which there was nothing

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
Content = Callable[[str], bytes | None]


def _no_content(_digest: str) -> None:
    return None


class FileResolver(NamedTuple):
    """Finds references below a folder; what leads out of it, and symbolic links, are refused.

    urls     what an import of a URL, or of a profile by its name, stands for: a path below the same folder, a
             digest, or `DEAD`
    content  gives the bytes of a digest, or None
    """

    root: Path
    urls: Mapping[str, str] = MappingProxyType({})
    content: Content = _no_content

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        url = import_url(base, reference)
        if url is not None:
            return from_map(url, self.urls, self.content, self._read)
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
    """URL, or profile, to path below `root`, digest or `DEAD`, from an import map.

    The map is YAML (`https://...: path`, `https://...: sha256:...`, `"profile:org.example.base:1.0": path`) or
    tab-separated values (URL and path first, a heading is skipped); its paths are relative to its own folder.
    Raises InputError when it cannot be used.
    """
    pairs = parse_import_map(str(path), path.read_bytes())
    folder = path.resolve().parent
    return {
        url: target if target == DEAD or is_digest(target) else _below(folder / target, root, path)
        for url, target in pairs.items()
    }


def parse_import_map(path: str, data: bytes) -> dict[str, str]:
    """URL to target, as an import map says it. Raises InputError with its place when it is none."""
    if path.endswith(".tsv"):
        rows = [line.split("\t") for line in data.decode(errors="replace").splitlines()]
        return {row[0]: row[1] for row in rows if len(row) > 1 and "://" in row[0]}
    from mattone.tosca.source import load

    document = load(path, data)
    if not isinstance(document.value, dict) or document.broken:
        place = document.findings[0].place if document.findings else document.place()
        raise InputError("an import map is a mapping of URLs to digests or paths", place=place)
    for url, target in document.value.items():
        named = isinstance(url, str) and ("://" in url or url.startswith(PROFILE))
        if not named or not isinstance(target, str):
            hint = "run `mattone fetch-imports` to write it again"
            raise InputError("this is no URL with a digest or a path", place=document.place(url), hint=hint)
        if target.startswith("sha256:") and not is_digest(target):
            raise InputError("this is no digest: `sha256:` and 64 hex digits", place=document.place(url))
    return dict(document.value)


def is_digest(target: str) -> bool:
    """Whether a map's target is content by its digest rather than a path."""
    return _DIGEST.fullmatch(target) is not None


def from_map(
    url: str, urls: Mapping[str, str], content: Content, read: Callable[[str], tuple[str, bytes] | None]
) -> tuple[str, bytes] | None:
    """What a URL stands for: its path or the URL itself, and the content; None when the map does not have it.

    read  gives a file by its path

    Raises InputError for a dead URL, and for content that is not here.
    """
    target = urls.get(url)
    if target is None:
        return None
    if target == DEAD:
        hint = "Correct the URL, or run `mattone fetch-imports` again."
        raise InputError("nothing was at this URL when imports were fetched", hint=hint)
    if not is_digest(target):
        return read(target)
    data = content(target)
    if data is None:
        raise InputError(f"its content {target[:19]}… was not fetched yet", hint="Run `mattone fetch-imports`.")
    return url, data


def _below(target: Path, root: Path, source: Path) -> str:
    try:
        return target.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise InputError(
            f"`{one_line(target.name)}` lies outside the folder that is checked", place=Place(str(source))
        ) from None
