"""Findings for people (rustc's and ruff's way of showing them) and for programs (JSON)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mattone.errors import MattoneError
from mattone.findings import Finding, Severity
from mattone.redact import one_line, visible

Read = Callable[[str], bytes | None]

_TOKEN = re.compile(r"[\w.\-/]+|\S")
_FOLDED = 3  # more style remarks of one rule in one file are shown as one
_WIDEST = 160  # characters of a source line that are shown


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each severity; every severity is there."""
    found = Counter(one.severity for one in findings)
    return {severity.value: found[severity] for severity in Severity}


def text(findings: Iterable[Finding], read: Read) -> str:
    """Each finding with its line and a caret below it; a summary at the end.

    read  content of a file by the path that findings name, or None; each file is read once
    """
    findings = list(findings)
    lines: dict[str, list[str]] = {}
    blocks = [_block(one, lines, read) for one in _folded(findings)]
    return "\n".join([*blocks, summary(findings)]) + "\n"


def _folded(findings: list[Finding]) -> Iterator[Finding]:
    """The findings, but of many style remarks of one rule in one file only the first, which says how many there are."""
    many = Counter((one.rule, one.place.path) for one in findings if one.severity is Severity.STYLE)
    shown: set[tuple[str, str]] = set()
    for one in findings:
        key = (one.rule, one.place.path)
        if one.severity is Severity.STYLE and many[key] > _FOLDED:
            if key in shown:
                continue
            shown.add(key)
            one = one._replace(message=f"{one.message} (and {many[key] - 1} more of these in this file)")
        yield one


def summary(findings: Iterable[Finding]) -> str:
    """One line: how many errors, warnings and style remarks, or that there is nothing."""
    parts = [f"{number} {_WORDS[name][number != 1]}" for name, number in counts(findings).items() if number]
    return f"Found {', '.join(parts)}." if parts else "No findings."


_WORDS = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "style": ("style remark", "style remarks"),
}


def _block(one: Finding, lines: dict[str, list[str]], read: Read) -> str:
    head = f"{visible(str(one.place))}: {one.severity.value} {one.rule} {one_line(one.message, 500)}"
    hint = f"  = hint: {one_line(one.hint, 500)}\n" if one.hint else ""
    path = one.place.path
    if path not in lines:
        lines[path] = _lines(path, read)
    if not 0 < one.place.line <= len(lines[path]):
        return f"{head}\n{hint}"
    return f"{head}\n{_excerpt(lines[path][one.place.line - 1], one.place.line, one.place.column)}{hint}"


def _lines(path: str, read: Read) -> list[str]:
    try:
        data = read(path)
    except (MattoneError, OSError):
        data = None
    return (data or b"").decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")


def _excerpt(source: str, line: int, column: int) -> str:
    """The source line with its number, and a caret under the token that begins at the column."""
    begin = max(column - 1, 0)
    cut = max(0, begin - _WIDEST // 2)
    before = visible(source[cut:begin]).replace("\t", " ")
    shown = visible(source[cut : cut + _WIDEST]).replace("\t", " ")
    token = _TOKEN.match(source, begin)
    length = min(len(token.group()) if token else 1, max(len(shown) - len(before), 1))
    gutter = " " * len(str(line))
    return f"{gutter} |\n{line} | {shown}\n{gutter} | {' ' * len(before)}{'^' * length}\n"


def as_json(findings: Iterable[Finding], more: Mapping[str, Any] | None = None) -> str:
    """A JSON document: `{"version": 1, "counts": {...}, "findings": [{rule, severity, message, path, ...}]}`.

    more  further members of it, as plain values
    """
    findings = list(findings)
    items = [
        {
            "rule": one.rule,
            "severity": one.severity.value,
            "message": visible(one.message),
            "path": one.place.path,
            "line": one.place.line,
            "column": one.place.column,
            "hint": visible(one.hint),
        }
        for one in findings
    ]
    document = {"version": 1, "counts": counts(findings), "findings": items, **(more or {})}
    return to_json(document)


def to_json(value: Any) -> str:
    """A value as a JSON document that is UTF-8 whatever bytes a file's name has: those that are none are escaped."""
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is then JSON's own `\\udcff`
