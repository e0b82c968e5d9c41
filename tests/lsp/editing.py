"""What tests of an editor's questions share: a cursor in a text, and edits that are applied as an editor would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lsp.client import Client

MARK = "¦"


def put(server: Client, file: Path, marked: str) -> tuple[str, int, int]:
    """Open a file with a text; its uri, and the line and column of the mark in it (in UTF-16)."""
    before, _, after = marked.partition(MARK)
    uri = server.open(file, before + after)
    line = before.count("\n")
    return uri, line, len(before[before.rfind("\n") + 1 :].encode("utf-16-le")) // 2


def marked(text: str, word: str, inside: int = 1) -> str:
    """A text with the mark in the first occurrence of a word."""
    at = text.index(word) + inside
    return text[:at] + MARK + text[at:]


def offset(text: str, position: dict[str, int]) -> int:
    """The character of a position that counts UTF-16."""
    lines = text.split("\n")
    before = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
    return sum(len(line) + 1 for line in lines[: position["line"]]) + len(before)


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """A text after edits, the last first."""
    for one in sorted(edits, key=lambda one: offset(text, one["range"]["start"]), reverse=True):
        begin, end = offset(text, one["range"]["start"]), offset(text, one["range"]["end"])
        text = text[:begin] + one["newText"] + text[end:]
    return text


def offered(server: Client, file: Path, text: str) -> dict[str, dict[str, Any]]:
    """What completion offers at the mark, by label."""
    uri, line, column = put(server, file, text)
    found = server.at("completion", uri, line, column)
    server.close(uri)
    return {one["label"]: one for one in found["items"]} if found else {}
