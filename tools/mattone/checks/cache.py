"""Results of checks, kept by the content of everything that they read.

A check is a function of what its resolver gave. So its result is kept together with every reference
that was resolved and the digest of what it gave; when each resolves to the same again, the result
holds. Entries are written whole and renamed, so parallel runs at worst do the same work twice; they
are of no use to another version of mattone, which has other names for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mattone import __version__
from mattone.errors import MattoneError, Place
from mattone.findings import Finding, Severity

Resolver = Callable[[str, str], tuple[str, bytes] | None]
Check = Callable[[Sequence[str], Resolver], tuple[Finding, ...]]


def cache_folder() -> Path:
    """Where results are kept: below XDG_CACHE_HOME, or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mattone" / "checks"


def cached_check(paths: Sequence[str], resolver: Resolver, folder: Path, check: Check) -> tuple[Finding, ...]:
    """The findings of `check(paths, resolver)`, from the cache when nothing that it read has changed.

    A cache that cannot be read or written is the same as none.
    """
    entry = folder / f"{_name(paths)}.json"
    known = _read(entry, resolver)
    if known is not None:
        return known
    recorder = _Recorder(resolver)
    findings = check(paths, recorder)
    _write(entry, {"calls": recorder.calls, "findings": [_packed(one) for one in findings]})
    return findings


class _Recorder:
    """A resolver that remembers what was asked and the digest of what was given."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.calls: list[list[str]] = []

    def __call__(self, base: str, reference: str) -> tuple[str, bytes] | None:
        given = _answer(self._resolver, base, reference)
        self.calls.append([base, reference, _digest(given)])
        if isinstance(given, MattoneError):
            raise given
        return given


def _answer(resolver: Resolver, base: str, reference: str) -> tuple[str, bytes] | MattoneError | None:
    try:
        return resolver(base, reference)
    except MattoneError as error:
        return error


def _digest(given: tuple[str, bytes] | MattoneError | None) -> str:
    if given is None:
        return "none"
    if isinstance(given, MattoneError):
        return f"refused: {given.message}"
    return f"{given[0]} {hashlib.sha256(given[1]).hexdigest()}"


def _name(paths: Sequence[str]) -> str:
    """The name of an entry: the question, and the code that answers it."""
    digest = hashlib.sha256(f"{__version__}\0".encode())
    package = Path(__file__).parent.parent
    for folder in ("tosca", "checks"):
        with os.scandir(package / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    digest.update(f"{entry.name} {status.st_size} {status.st_mtime_ns}\0".encode())
    digest.update("\0".join([os.getcwd(), *paths]).encode())  # noqa: PTH109 # a plain text is wanted
    return digest.hexdigest()


def _read(entry: Path, resolver: Resolver) -> tuple[Finding, ...] | None:
    try:
        stored = json.loads(entry.read_bytes())
        for base, reference, digest in stored["calls"]:
            if _digest(_answer(resolver, base, reference)) != digest:
                return None
        return tuple(_unpacked(one) for one in stored["findings"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(entry: Path, value: dict[str, Any]) -> None:
    try:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=entry.parent, delete=False, encoding="utf-8") as file:
            json.dump(value, file)
        Path(file.name).replace(entry)
    except OSError:
        return


def _packed(one: Finding) -> list[Any]:
    return [one.rule, one.severity.value, one.message, one.place.path, one.place.line, one.place.column, one.hint]


def _unpacked(one: list[Any]) -> Finding:
    rule, severity, message, path, line, column, hint = one
    return Finding(rule, Severity(severity), message, Place(path, line, column), hint)
