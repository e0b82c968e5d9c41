"""Where a cursor stands, told from the text alone: half-written YAML has no tree, and needs help the most.

One pass from the beginning keeps what is open: keys and list items by their indentation, flow collections by
their brackets. What is closed wrongly is forgotten at the next line that can only be a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from mattone.tosca.source import Key


class On(Enum):
    KEY = "a key of a mapping, or the place of one"
    VALUE = "a value, or the place of one"


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a cursor is on.

    path        of the mapping (on a key) or of the value itself
    word        the scalar there, without quotes; empty where nothing is written yet
    begin, end  of the scalar in the text, quotes among it
    flow        inside `{}` or `[]`
    item        a value that begins a list item: a key may be meant too
    closing     the brackets that are open here, as they would be closed
    """

    path: tuple[Key, ...]
    on: On
    word: str
    begin: int
    end: int
    flow: bool = False
    item: bool = False
    closing: str = ""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The path of the entry: the key itself at its end."""
        return (*self.path, self.word) if self.on is On.KEY and self.word else self.path


@dataclass(slots=True)
class _Open:
    """A key or a list item whose value goes on; `raw` is the key as written, `index` the item's number."""

    indent: int
    raw: str = ""
    index: int = -1

    @property
    def key(self) -> Key:
        return self.index if self.index >= 0 else plain(self.raw)


@dataclass(slots=True)
class _Frame:
    """A flow collection that is open. `valued`: the colon after the key was seen.

    pair  it is the mapping of one key that an item with a colon is, without braces (YAML 1.1, 7.4)
    """

    listed: bool
    raw: str = ""
    index: int = 0
    valued: bool = False
    pair: bool = False

    @property
    def key(self) -> Key:
        return self.index if self.listed else plain(self.raw)


_QUOTED = r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^']|'')*+'"
_KEY = re.compile(
    rf"({_QUOTED}|[^\s\"'\[{{#&*!|>%@][^#:\r\n]*+(?:(?::(?=\S)|(?<=\S)#)[^#:\r\n]*+)*+)[ \t]*:(?=\s|\Z)", re.DOTALL
)
_PREFIX = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^']|'')*+'?", re.DOTALL)
_COMMENT = re.compile(r"[ \t]#")
_BREAK = re.compile(r"\r\n|\n|\r")
_PLAIN = r"(?:[^\s,\[\]{}:#]|:(?![\s,\[\]{}]|\Z)|(?<=\S)#)++"
_TOKEN = re.compile(
    rf"(?P<scalar>\"(?:[^\"\\]|\\.)*+\"?|'(?:[^']|'')*+'?|{_PLAIN}(?:[ \t]++{_PLAIN})*+)"
    r"|(?P<mark>[\[\]{},:])|(?P<break>\r\n|\n|\r)|(?P<comment>#[^\r\n]*)|[ \t\S]",
    re.DOTALL,
)
_COLON = re.compile(r"[ \t]*:(?=[\s,\[\]{}]|\Z)")
_OUTSIDE = re.compile(r"( *)(?:- |[\w.\"'$-]+[ \t]*:(?:\s|\Z))")


def cursor_at(source: str, offset: int) -> Cursor | None:
    """What stands at an offset; None in a comment, in a text of several lines, and where nothing can stand."""
    return _Scan(source, offset).run()


def plain(raw: str) -> Key:
    """The value of a scalar as it is written, as a reader of YAML sees it."""
    from mattone.tosca import scalars
    from mattone.tosca.nodes import compose_or_problem

    if raw.isidentifier() and len(raw) > 5:  # no word of this length is anything but text
        return raw
    node, _ = compose_or_problem("", raw)
    try:
        return scalars.plain(node.tag, node.value) if node is not None and isinstance(node.value, str) else raw
    except scalars.NotPlain:
        return raw


class _Scan:
    def __init__(self, source: str, offset: int) -> None:
        self.source = source
        self.offset = offset
        self.open: list[_Open] = []
        self.found: Cursor | None = None

    def run(self) -> Cursor | None:
        at = int(self.source.startswith("\ufeff"))
        while at <= self.offset and self.found is None:
            end = self._line_end(at)
            following = self._line(at, end)
            if following <= at:
                break
            at = following
        return self.found

    def _line_end(self, at: int) -> int:
        found = _BREAK.search(self.source, at)
        return found.start() if found else len(self.source)

    def _next(self, end: int) -> int:
        """Where the line after the one that ends here begins; beyond the text after the last."""
        found = _BREAK.match(self.source, end)
        return found.end() if found else len(self.source) + 1

    def _path(self) -> tuple[Key, ...]:
        return tuple(one.key for one in self.open)

    def _within(self, begin: int, end: int) -> bool:
        return begin <= self.offset <= end

    def _value(self, begin: int, end: int, item: bool) -> None:
        self.found = Cursor(self._path(), On.VALUE, _unquoted(self.source[begin:end]), begin, end, item=item)

    def _key(self, begin: int, end: int, indent: int) -> None:
        """A key or the place of one, at an indentation."""
        path = tuple(one.key for one in self.open if one.indent < indent)
        self.found = Cursor(path, On.KEY, _unquoted(self.source[begin:end]), begin, end)

    def _line(self, start: int, end: int) -> int:
        """Take in one line; gives where the next one to look at begins."""
        at = start
        while at < end and self.source[at] == " ":
            at += 1
        rest = self.source[at:end]
        if not rest.strip() or rest.startswith(("#", "%")):
            if self._within(start, end) and (self.offset <= at or not rest.strip()):
                self._key(self.offset, self.offset, self.offset - start)
            return self._next(end)
        if rest.startswith("---") and at == start:
            return self._next(end)
        item = False
        while self.source.startswith("-", at) and (at + 1 >= end or self.source[at + 1] in " \t"):
            self._item(at - start)
            item, at = True, at + 1
            while at < end and self.source[at] in " \t":
                at += 1
        return self._entry(start, at, end, item)

    def _item(self, indent: int) -> None:
        index = 0
        while self.open and (
            self.open[-1].indent > indent or (self.open[-1].indent == indent and self.open[-1].index >= 0)
        ):
            last = self.open.pop()
            if last.indent == indent:
                index = last.index + 1
        self.open.append(_Open(indent, index=index))

    def _entry(self, start: int, at: int, end: int, item: bool) -> int:
        """A key with its value, or a value alone."""
        indent = at - start
        found = _KEY.match(self.source, at)
        if found is not None and "\n" not in found[1] and found.end() <= end:
            while self.open and self.open[-1].indent >= indent:
                self.open.pop()
            if self._within(at, found.end(1)):
                self._key(at, at + len(found[1].rstrip()), indent)
            self.open.append(_Open(indent, found[1].rstrip()))
            return self._after(found.end(), end, False)
        if item:
            return self._after(at, end, True)
        if self.source[at] in "{[\"'":
            while self.open and self.open[-1].indent >= indent:
                self.open.pop()
            return self._after(at, end, False)
        stop = self._plain_end(at, end)
        if self._within(at, stop):
            self._key(at, stop, indent)
        return self._next(end)

    def _plain_end(self, at: int, end: int) -> int:
        comment = _COMMENT.search(self.source, at, end)
        stop = comment.start() if comment else end
        return at + len(self.source[at:stop].rstrip())

    def _after(self, colon: int, end: int, item: bool) -> int:
        """What follows a key's colon or an item's dash, up to the end of its line or further."""
        at = colon
        while at < end and self.source[at] in " \t":
            at += 1
        prefix = _PREFIX.match(self.source, at, end)
        at = prefix.end() if prefix else at
        first = self.source[at] if at < end else "#"
        if first == "#":
            if self._within(colon, at):
                self._value(self.offset, self.offset, item)
            return self._next(end)
        if first in "{[":
            return self._flow(at)
        if first in "|>":
            return self._block(end)
        if first in "\"'":
            string = _STRING.match(self.source, at)
            stop = string.end() if string else end
            if self._within(at, stop):
                self._value(at, stop, item)
            return self._next(self._line_end(stop))
        stop = self._plain_end(at, end)
        if self._within(at, stop):
            self._value(at, stop, item)
        elif self._within(colon, at):
            self._value(self.offset, self.offset, item)
        return self._next(end)

    def _block(self, end: int) -> int:
        """Skip a literal or folded text: lines that are empty or deeper than what it belongs to."""
        indent = self.open[-1].indent if self.open else -1
        at = self._next(end)
        while at <= len(self.source):
            end = self._line_end(at)
            line = self.source[at:end]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                return at
            at = self._next(end)
        return at

    def _flow(self, at: int) -> int:
        """Read a flow collection to its end; gives where the next line begins."""
        frames: list[_Frame] = []
        indent = self.open[-1].indent if self.open else -1
        for token in _TOKEN.finditer(self.source, at):
            kind = token.lastgroup
            if kind == "scalar":
                self._flow_scalar(frames[-1], frames, token.start(), token.end())
            elif (
                kind in ("mark", "comment", "break") and frames and self.found is None and self.offset <= token.start()
            ):
                self._flow_gap(frames, quiet=kind == "comment" and self.offset < token.start())
            if self.found is not None:
                return at
            if kind == "mark" and not self._flow_mark(frames, token[0]):
                return self._next(self._line_end(token.end()))
            if kind == "break":
                outside = _OUTSIDE.match(self.source, token.end())
                if outside is not None and len(outside[1]) <= indent:
                    return token.end()
        if frames and self.offset >= len(self.source):
            self._flow_gap(frames)
        return len(self.source) + 1

    def _flow_mark(self, frames: list[_Frame], mark: str) -> bool:
        """Take in a bracket, comma or colon; False when the outermost collection ends."""
        if mark in ",]}" and frames[-1].pair:
            frames.pop()
        if mark in "{[":
            frames.append(_Frame(mark == "["))
        elif mark in "}]":
            frames.pop()
            return bool(frames)
        elif mark == ",":
            last = frames[-1]
            last.index, last.raw, last.valued = last.index + 1, "", False
        else:
            frames[-1].valued = True
        return True

    def _flow_path(self, frames: list[_Frame]) -> tuple[Key, ...]:
        return (*self._path(), *(one.key for one in frames[:-1]))

    def _flow_scalar(self, last: _Frame, frames: list[_Frame], begin: int, end: int) -> None:
        if last.listed and _COLON.match(self.source, end):
            last = _Frame(False, pair=True)
            frames.append(last)
        on_key = not last.listed and not last.valued
        if on_key:
            last.raw = self.source[begin:end]
        if self._within(begin, end):
            self._flow_found(frames, begin, end, on_key)

    def _flow_gap(self, frames: list[_Frame], quiet: bool = False) -> None:
        last = frames[-1]
        if not quiet:
            self._flow_found(frames, self.offset, self.offset, not last.listed and not last.valued)

    def _flow_found(self, frames: list[_Frame], begin: int, end: int, on_key: bool) -> None:
        path, word = self._flow_path(frames), _unquoted(self.source[begin:end])
        closing = "".join("]" if one.listed else "}" for one in reversed(frames) if not one.pair)
        on, path = (On.KEY, path) if on_key else (On.VALUE, (*path, frames[-1].key))
        item = frames[-1].listed and not on_key
        self.found = Cursor(path, on, word, begin, end, flow=True, item=item, closing=closing)


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        value = plain(text)
        return value if isinstance(value, str) and value != text else text.strip("'\"")
    return text
