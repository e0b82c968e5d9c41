"""Mechanical fixes: edits of single words that change no meaning but the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mattone.findings import Finding
from mattone.tosca.source import load

_WORD = re.compile(r"[^\s,\[\]{}#]+")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)[\d:.]+(?:[ \t]*(?:Z|[+-]\d\d?(?::\d\d)?))?)?")
_VERSION_KEY = re.compile(r"version[\"']?[ \t]*:[ \t]+\Z", re.IGNORECASE)

# Given the text before and from the place of a finding: how many characters to replace, and by what.
Edit = Callable[[str, str], tuple[int, str] | None]


def _truth(_before: str, rest: str) -> tuple[int, str] | None:
    word = _WORD.match(rest)
    value = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(word.group().lower()) if word else None
    return (len(word.group()), value) if word and value else None


def _quoted_version(before: str, rest: str) -> tuple[int, str] | None:
    """Quotes around a version: only where the key says that it is one, for `1.10` may be a measure."""
    word = _WORD.match(rest)
    return (len(word.group()), f'"{word.group()}"') if word and _VERSION_KEY.search(before) else None


def _quoted_date(_before: str, rest: str) -> tuple[int, str] | None:
    date = _DATE.match(rest)
    return (len(date.group()), f'"{date.group()}"') if date else None


FIXES: dict[str, Edit] = {"YAML3001": _truth, "YAML2002": _quoted_version, "YAML2005": _quoted_date}


def fixed(text: str, findings: Iterable[Finding]) -> tuple[str, int]:
    """The text with every fixable finding of it fixed, and how many were.

    Layout, comments and line endings stay. The text is given back as it is when the edits would
    make it unreadable.
    """
    lines = text.split("\n")
    count = 0
    for one in sorted(findings, key=lambda finding: finding.place, reverse=True):
        edit = FIXES.get(one.rule)
        row, column = one.place.line - 1, one.place.column - 1
        if edit is None or not 0 <= row < len(lines):
            continue
        before, rest = lines[row][:column], lines[row][column:]
        change = edit(before, rest)
        if change is not None:
            lines[row] = before + change[1] + rest[change[0] :]
            count += 1
    made = "\n".join(lines)
    return (made, count) if count and not load("", made.encode()).broken else (text, 0)


def fix_files(root: Path, paths: Sequence[str], findings: Iterable[Finding]) -> dict[str, int]:
    """Fix files below a folder in place; path to number of fixes of each file that changed."""
    by_path: dict[str, list[Finding]] = {}
    for one in findings:
        if one.rule in FIXES and one.place.path in paths:
            by_path.setdefault(one.place.path, []).append(one)
    changed = {}
    for path, found in sorted(by_path.items()):
        file = root / path
        data = file.read_bytes()
        bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        made, count = fixed(data.decode("utf-8-sig"), found)
        if count:
            _replace(file, bom + made.encode())
            changed[path] = count
    return changed


def _replace(file: Path, data: bytes) -> None:
    """Write beside the file and rename, so that nobody sees half a file; its mode stays."""
    beside = file.with_name(f".{file.name}.fixed")
    beside.write_bytes(data)
    beside.chmod(file.stat().st_mode & 0o777)
    beside.replace(file)
