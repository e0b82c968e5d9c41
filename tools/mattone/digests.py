"""Digests: how content is named so that the same content has the same name everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def of_bytes(data: bytes) -> str:
    """`sha256:<64 hex digits>` of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def of_value(value: Any) -> str:
    """The digest of a plain value: of its JSON with sorted keys and no spaces."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return of_bytes(text.encode("utf-8", "surrogatepass"))


def plain(value: Any) -> Any:
    """A value as it comes back from JSON: every key a text, every sequence a list.

    YAML has keys that are numbers or true; they cannot be sorted among texts, and JSON would
    change their order between writing and reading.
    """
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else json.dumps(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def of_files(files: Iterable[tuple[str, bool, bytes]]) -> str:
    """The digest of a folder from (relative path, executable, content) of each file, in any order.

    Times, owners and other mode bits play no part, so two checkouts have the same digest.
    """
    lines = sorted(
        f"{path}\0{'x' if runs else '-'}\0{hashlib.sha256(data).hexdigest()}\n" for path, runs, data in files
    )
    return of_bytes("".join(lines).encode())


def short(digest: str) -> str:
    """The first 12 hex digits, for names and for people."""
    return digest.removeprefix("sha256:")[:12]
