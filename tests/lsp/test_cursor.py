"""Where a cursor stands: in whole files as the parser says, and in half-written ones as a person means it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml.nodes import MappingNode, Node, ScalarNode

from dev.report import ROOT
from mattone.lsp.cursor import On, cursor_at
from mattone.tosca import scalars
from mattone.tosca.nodes import compose
from tests.tosca.support import TEMPLATE, TYPES

_FOLDERS = ("catalog", "tosca-types", "ansible-roles", "federation")
_FILES = sorted(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.y*ml"))
_FORMS = """\
"quoted: key": "with: colon # and more"
'it''s': [a, 'b c', "d", {x: 1, y: [2]}, key: value, other: {z: null}]
dashed:
- - inner
  - second
-
  name: later
list at depth:
  - a: 1
    b: {c: d,
        e: f}
  - text: |
      not: a key
      - not an item
    after: >-
      folded

      more
  - plain   # comment: not a key
anchored: &anchor {p: q}
tagged: !!str 5
http://x: y
yes: no
1: one
empty:
"""


def _scalars(node: Node, path: tuple[Any, ...]) -> Iterator[tuple[ScalarNode, tuple[Any, ...], On]]:
    """Every scalar of a tree with the path and the role that the parser gives it."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key, path, On.KEY
            yield from _scalars(value, (*path, scalars.plain(key.tag, key.value)))
    elif isinstance(node, ScalarNode):
        yield node, path, On.VALUE
    else:
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*path, index))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_scalar_is_where_the_parser_has_it(end: str) -> None:
    seen = 0
    for text in (_FORMS, TEMPLATE, TYPES, *(path.read_text() for path in _FILES)):
        source = text.replace("\n", end)
        root = compose(source)
        assert root is not None
        for node, path, role in _scalars(root, ()):
            begin, stop = node.start_mark.index, node.end_mark.index
            if node.style in ("|", ">") or (node.end_mark.line > node.start_mark.line and not node.style):
                continue  # texts of several lines: nothing of the language is in them
            found = cursor_at(source, stop)
            assert found is not None or begin == stop, source[begin:stop]
            if found is not None and begin < stop and not source.startswith("!", begin):
                assert (found.path, found.on) == (path, role), source[begin:stop]
                assert (found.begin, found.end) == (begin, stop)
            seen += 1
    assert seen > 2000


@pytest.mark.parametrize(
    ("text", "on", "path", "word"),
    [
        ("a:\n  b: 1\n  |", On.KEY, ("a",), ""),
        ("a:\n  b: 1\n|", On.KEY, (), ""),
        ("a:\n  b: 1\n  prop|\n  c: 2\n", On.KEY, ("a",), "prop"),
        ("a:\n  b: |", On.VALUE, ("a", "b"), ""),
        ("a:\n  b:|", On.VALUE, ("a", "b"), ""),
        ("a:\n  b: tos|\nc: 1", On.VALUE, ("a", "b"), "tos"),
        ("a:\n  - |", On.VALUE, ("a", 0), ""),
        ("a:\n  - x: 1\n  - ho|st", On.VALUE, ("a", 1), "host"),
        ("a:\n  - x: 1\n    |", On.KEY, ("a", 0), ""),
        ("a: {get_input: |}", On.VALUE, ("a", "get_input"), ""),
        ("a: {get_input: |", On.VALUE, ("a", "get_input"), ""),
        ("a: {ge|", On.KEY, ("a",), "ge"),
        ("a: {|}", On.KEY, ("a",), ""),
        ("a: {get_property: [SELF, |", On.VALUE, ("a", "get_property", 1), ""),
        ("a: {b: {c: 1, |}}", On.KEY, ("a", "b"), ""),
        ("a: {open: \nb:\n  c: |", On.VALUE, ("b", "c"), ""),
        ("a: [x,\nb:\n  |", On.KEY, ("b",), ""),
        ("a: \"🧱\"\nb: {c: '🧱', d: e|}", On.VALUE, ("b", "d"), "e"),
        ("\ufeffa: x|", On.VALUE, ("a",), "x"),
    ],
)
def test_half_written_text(text: str, on: On, path: tuple[Any, ...], word: str) -> None:
    found = cursor_at(text.replace("|", ""), text.index("|"))
    assert found is not None
    assert (found.on, found.path, found.word) == (on, path, word)


@pytest.mark.parametrize("text", ["a: 1 # com|ment", "# x|", "a: |\n  te@xt\n", "a: {b: c} # @", "--@-", "a: {b: c}@ "])
def test_nothing_stands_in_comments_and_texts(text: str) -> None:
    mark = "@" if "@" in text else "|"
    assert cursor_at(text.replace(mark, ""), text.index(mark)) is None


@given(st.integers(0, len(TEMPLATE)), st.text(st.sampled_from("{}[]:,\"'-#|> \n\ta"), max_size=12))
@settings(max_examples=300)
def test_nothing_typed_anywhere_makes_it_fail(at: int, typed: str) -> None:
    source = TEMPLATE[:at] + typed
    for offset in range(at, len(source) + 1):
        cursor_at(source + TEMPLATE[at:], offset)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["{", "[", "- ", " ", "a: {", '"', "'", "x ", "x: ", "#", ":", "\n", "- x\n", "{a: [", "\\"]
)
def test_hostile_repetition_takes_no_time(piece: str) -> None:
    source = piece * (200_000 // len(piece))
    cursor_at(source, len(source))
