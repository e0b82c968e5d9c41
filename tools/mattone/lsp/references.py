"""Where something is used in a document: every word that means the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.lsp.cursor import Cursor, On
from mattone.lsp.definition import spot_of
from mattone.lsp.model import Model
from mattone.lsp.subject import Subject, subject_at
from mattone.lsp.text import Text
from mattone.tosca.nodes import children
from mattone.tosca.source import Key
from mattone.tosca.spots import Spot

_MOST = 100_000  # scalars that are looked at


def uses(model: Model, text: Text, subject: Subject, declared: bool) -> Iterator[tuple[int, int]]:
    """Begin and end of every word of a document that means a subject.

    text      the very text that the model was made of
    declared  where the subject is declared counts too
    """
    wanted = spot_of(subject)
    if wanted is None or wanted.document.broken:
        return
    name = str(wanted.keys[-1]) if wanted.keys else ""
    for number, cursor in enumerate(_words(model.document.tree.find(())[1], (), text)):
        if number > _MOST:
            return
        if cursor.word != name:
            continue
        if declared and _is_declaration(model, cursor, wanted):
            yield cursor.begin, cursor.end
        elif not _is_declaration(model, cursor, wanted):
            meant = subject_at(model, cursor)
            found = spot_of(meant) if meant is not None else None
            if found is not None and _place(found) == _place(wanted):
                yield cursor.begin, cursor.end


def _place(spot: Spot) -> tuple[str, tuple[Key, ...]]:
    return spot.document.path, spot.keys


def _is_declaration(model: Model, cursor: Cursor, wanted: Spot) -> bool:
    return cursor.on is On.KEY and (model.document.path, (*cursor.path, cursor.word)) == _place(wanted)


def _words(node: Any, path: tuple[Key, ...], text: Text) -> Iterator[Cursor]:
    """Every scalar of a tree as a cursor on it. The depth is bounded by the loader."""
    if node is None:
        return
    if isinstance(node.value, str):
        begin, end = text.marked(node.start_mark.index), text.marked(node.end_mark.index)
        yield Cursor(path, On.VALUE, node.value, begin, end)
        return
    for key, (key_node, value) in children(node).items():
        if key_node is not value:
            begin, end = text.marked(key_node.start_mark.index), text.marked(key_node.end_mark.index)
            yield Cursor(path, On.KEY, str(key), begin, end)
        yield from _words(value, (*path, key), text)
