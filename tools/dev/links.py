"""Links in Markdown files lead somewhere: relative paths to files that git has, anchors to headings.

Addresses of other hosts are left alone: a check must not need the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from dev.report import ROOT, Status
from dev.sources import files

_LINK = re.compile(r"\[[^\]\[]*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)\s*#*")
_CODE = re.compile(r"(`+)(.+?)\1")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def slug(heading: str) -> str:
    """The anchor that GitHub and GitLab make of a heading: lower case, no punctuation, hyphens for spaces."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside fenced code, numbered from 1."""
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        mark = _FENCE.match(line)
        if closing:
            if mark and mark[1].startswith(closing) and not line.strip(" `~"):
                closing = ""
        elif mark:
            closing = mark[1]
        else:
            yield number, line


def anchors(text: str) -> set[str]:
    """The anchors of all headings; a heading that repeats gets `-1`, `-2`, ..."""
    found: set[str] = set()
    for _, line in prose(text):
        heading = _HEADING.fullmatch(line)
        if heading:
            name, number = slug(heading[1]), 0
            while (unique := f"{name}-{number}" if number else name) in found:
                number += 1
            found.add(unique)
    return found


def links(text: str) -> Iterator[tuple[int, str]]:
    """Line and target of each link, those in code left out."""
    for number, line in prose(text):
        for found in _LINK.finditer(_CODE.sub(lambda code: "x" * len(code[0]), line)):
            yield number, found[1]


def broken(root: Path, names: list[str]) -> list[str]:
    """Each link that leads nowhere, as `path:line: why`; `names` are the files of the repository."""
    found: list[str] = []
    known = set(names) | {str(parent) for name in names for parent in PurePosixPath(name).parents}
    for name in names:
        if not name.endswith(".md"):
            continue
        for number, target in links((root / name).read_text(encoding="utf-8")):
            if "://" in target or target.startswith("mailto:"):
                continue
            if why := _why(root, known, name, target):
                found.append(f"{name}:{number}: {target}: {why}")
    return found


def _why(root: Path, known: set[str], name: str, target: str) -> str:
    path, _, anchor = target.partition("#")
    place = name if not path else _resolved(name, unquote(path))
    if place is None or place not in known:
        return "there is no such file"
    if anchor and place.endswith(".md") and anchor not in anchors((root / place).read_text(encoding="utf-8")):
        return "there is no such heading"
    return ""


def _resolved(name: str, path: str) -> str | None:
    """A path as seen from a file, from the root; None when it leaves the repository."""
    parts = [] if path.startswith("/") else list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(path.lstrip("/")).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts) or "."


def check() -> tuple[Status, str]:
    names = files()
    found = broken(ROOT, names)
    count = sum(name.endswith(".md") for name in names)
    return (Status.FAILED, "\n".join(found)) if found else (Status.PASSED, f"{count} files")
