"""A text as an editor counts it (LSP lines, UTF-8, 16 or 32 columns) and as YAML does (places from 1)."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lsprotocol import types as lsp

from mattone.errors import Place

Encoding = lsp.PositionEncodingKind | str

# LSP 3.17, "Text documents": these end a line and nothing else does. YAML 1.1 (4.2) has three more.
_LSP_BREAK = re.compile(r"\r\n|\n|\r")
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_UNITS = {lsp.PositionEncodingKind.Utf8: "utf-8", lsp.PositionEncodingKind.Utf16: "utf-16-le"}
_WIDTH = {lsp.PositionEncodingKind.Utf8: 1, lsp.PositionEncodingKind.Utf16: 2}


class Text:
    """One version of a file's text. Offsets count characters from 0, a byte order mark among them."""

    def __init__(self, source: str, version: int | None = None, encoding: Encoding = "utf-16") -> None:
        self.source = source
        self.version = version
        self.encoding = lsp.PositionEncodingKind(encoding)
        self._mark = int(source.startswith("\ufeff"))  # the loader drops it, and counts without it

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins, as an editor counts lines."""
        return [0, *(found.end() for found in _LSP_BREAK.finditer(self.source))]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [self._mark, *(found.end() for found in _YAML_BREAK.finditer(self.source))]

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, its break not counted."""
        found = _LSP_BREAK.search(self.source, offset)
        return found.start() if found else len(self.source)

    def offset(self, position: lsp.Position) -> int:
        """The offset of an editor's position; beyond the end of a line or of the text means the end of it."""
        if position.line >= len(self.starts):
            return len(self.source)
        begin = self.starts[position.line]
        line = self.source[begin : self.line_end(begin)]
        if line.isascii() or self.encoding not in _UNITS:
            return begin + min(position.character, len(line))
        units = _encoded(line, self.encoding)[: position.character * _WIDTH[self.encoding]]
        # Half a character before the position is not counted.
        return begin + len(units.decode(_UNITS[self.encoding], "ignore"))

    def position(self, offset: int) -> lsp.Position:
        """The editor's position of an offset."""
        line = bisect_right(self.starts, offset) - 1
        before = self.source[self.starts[line] : offset]
        if before.isascii() or self.encoding not in _UNITS:
            return lsp.Position(line, len(before))
        return lsp.Position(line, len(_encoded(before, self.encoding)) // _WIDTH[self.encoding])

    def range(self, begin: int, end: int) -> lsp.Range:
        return lsp.Range(self.position(begin), self.position(end))

    def at(self, place: Place) -> int:
        """The offset of a place; a place without a line is the beginning."""
        if not 0 < place.line <= len(self._yaml_starts):
            return len(self.source) if place.line else 0
        return min(self._yaml_starts[place.line - 1] + max(place.column - 1, 0), len(self.source))

    def marked(self, index: int) -> int:
        """The offset of a node's index, which the parser counts without a byte order mark."""
        return min(index + self._mark, len(self.source))

    def without(self, line: int, many: int = 1) -> str:
        """The text with some lines empty; all others stay where they are."""
        made = self.source
        for begin in reversed(self.starts[line : line + many]):
            made = made[:begin] + made[self.line_end(begin) :]
        return made

    def changed(self, change: lsp.TextDocumentContentChangeEvent, version: int | None) -> Text:
        """The text after one change, which is of a range or of everything."""
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            return Text(change.text, version, self.encoding)
        begin, end = self.offset(change.range.start), self.offset(change.range.end)
        made = self.source[:begin] + change.text + self.source[max(begin, end) :]
        return Text(made, version, self.encoding)


def _encoded(text: str, encoding: lsp.PositionEncodingKind) -> bytes:
    return text.encode(_UNITS[encoding], "surrogatepass")
