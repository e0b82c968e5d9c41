"""Completion in a template: what may stand at the cursor, as a key or as a value."""

from __future__ import annotations

from lsprotocol import types as lsp

from mattone.lsp import keys, values
from mattone.lsp.cursor import Cursor, On
from mattone.lsp.folders import Overlay
from mattone.lsp.language import where
from mattone.lsp.model import Model
from mattone.lsp.offers import items
from mattone.lsp.text import Text


def complete(model: Model, cursor: Cursor, text: Text, overlay: Overlay) -> list[lsp.CompletionItem]:
    """Everything that may stand at a cursor."""
    if cursor.on is On.KEY:
        path, listed = cursor.path, False
        readings = where(path)
        if readings and not cursor.flow and all(one.shape[0] in "[<" for one in readings):
            # A line of its own under a list: an item begins here, with its dash.
            present = model.value(path)
            path, listed = (*path, len(present) if isinstance(present, list) else 0), True
            as_values = Cursor(path, On.VALUE, cursor.word, cursor.begin, cursor.end)
            found = [*keys.offers(model, path), *values.offers(model, as_values, overlay)]
            return items(found, cursor, text, listed)
        return items(keys.offers(model, path, cursor.word), cursor, text)
    found = list(values.offers(model, cursor, overlay))
    if cursor.item:
        found += keys.offers(model, cursor.path, cursor.word)
    return items(found, cursor, text)
