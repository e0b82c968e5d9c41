"""Positions: what an editor counts, what YAML counts, and what an edit does to a text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from mattone.errors import Place
from mattone.lsp.text import Text
from mattone.tosca.source import load

_TEXTS = st.text(st.sampled_from("ab: \t🧱é\r\n\u2028\x85\x0b"), max_size=40)
_ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
def test_a_column_after_an_emoji_depends_on_the_encoding(encoding: str, column: int) -> None:
    text = Text("a: x\r\n🧱: é", encoding=encoding)
    assert text.position(9) == lsp.Position(1, column)
    assert text.offset(lsp.Position(1, column)) == 9


def test_a_position_inside_a_character_or_beyond_the_line_is_moved_to_what_is_there() -> None:
    text = Text("🧱\nb", encoding="utf-16")
    assert text.offset(lsp.Position(0, 1)) == 0
    assert text.offset(lsp.Position(0, 99)) == 1
    assert text.offset(lsp.Position(99, 0)) == 3


@given(_TEXTS, _ENCODINGS, st.integers(0, 40))
def test_every_offset_comes_back(source: str, encoding: str, offset: int) -> None:
    text = Text(source, encoding=encoding)
    at = min(offset, len(source))
    if source[at - 1 : at + 1] != "\r\n":  # between the two no editor puts a cursor
        assert text.offset(text.position(at)) == at


@given(_TEXTS, _ENCODINGS, st.integers(0, 40), st.integers(0, 40), _TEXTS)
def test_an_edit_of_a_range_is_that_of_the_characters_in_it(
    source: str, encoding: str, one: int, other: int, new: str
) -> None:
    begin, end = sorted((min(one, len(source)), min(other, len(source))))
    text = Text(source, encoding=encoding)
    if any(source[at - 1 : at + 1] == "\r\n" for at in (begin, end)):
        return
    change = lsp.TextDocumentContentChangePartial(text.range(begin, end), new)
    assert text.changed(change, 2).source == source[:begin] + new + source[end:]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
def test_a_place_of_the_loader_is_where_the_word_stands(end: str, mark: str) -> None:
    source = f"{mark}# 🧱{end}é: 1{end}list: [a, {{deep: word}}]{end}"
    document = load("x.yaml", source.encode())
    text = Text(source)
    at = text.at(document.place("list", 1, "deep"))
    assert source[at : at + 4] == "word"
    begin, _ = document.span("list", 1, "deep")
    assert text.marked(begin) == at


def test_a_place_that_is_not_there_is_the_end_and_none_the_beginning() -> None:
    assert Text("ab\n").at(Place("x", 9, 9)) == 3
    assert Text("ab\n").at(Place("x")) == 0
    assert yaml.__with_libyaml__
