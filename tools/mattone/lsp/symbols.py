"""The outline of a template: inputs, node templates, outputs, types, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsprotocol import types as lsp

from mattone.lsp.language import SERVICE
from mattone.lsp.model import Model
from mattone.lsp.text import Text
from mattone.tosca.nodes import children
from mattone.tosca.types import KINDS

_TOPOLOGY = {
    "inputs": lsp.SymbolKind.Variable,
    "node_templates": lsp.SymbolKind.Object,
    "relationship_templates": lsp.SymbolKind.Interface,
    "groups": lsp.SymbolKind.Namespace,
    "policies": lsp.SymbolKind.Event,
    "workflows": lsp.SymbolKind.Function,
    "outputs": lsp.SymbolKind.Property,
}
_TOP = {section: lsp.SymbolKind.Class for section, _ in KINDS.values()} | {"imports": lsp.SymbolKind.Module}


def symbols_of(model: Model, text: Text) -> list[lsp.DocumentSymbol]:
    """The outline of a document, in the order of its sections; a text newer than the model shortens it."""
    root = model.document.tree.find(())[1]
    if root is None:
        return []
    found = []
    for name, (key, value) in children(root).items():
        kinds = _TOPOLOGY if name == SERVICE else {str(name): _TOP[name]} if name in _TOP else {}
        if name == SERVICE:
            inner = [one for section, pair in children(value).items() for one in _section(section, pair, kinds, text)]
            found.append(_symbol(str(name), lsp.SymbolKind.Package, (key, value), text, inner))
        elif kinds:
            found += list(_section(name, (key, value), kinds, text))
    return found


def _section(
    name: Any, pair: tuple[Any, Any], kinds: dict[str, lsp.SymbolKind], text: Text
) -> Iterator[lsp.DocumentSymbol]:
    if name not in kinds:
        return
    members = [
        _symbol(_name(one, found[1]), kinds[name], found, text, [], found[1])
        for one, found in children(pair[1]).items()
    ]
    yield _symbol(str(name), lsp.SymbolKind.Namespace, pair, text, members)


def _symbol(
    name: str,
    kind: lsp.SymbolKind,
    pair: tuple[Any, Any],
    text: Text,
    inner: list[lsp.DocumentSymbol],
    body: Any = None,
) -> lsp.DocumentSymbol:
    key, value = pair
    begin, end = text.marked(key.start_mark.index), text.marked(max(value.end_mark.index, key.end_mark.index))
    word = text.range(begin, min(text.marked(key.end_mark.index), max(text.line_end(begin), begin)))
    types = [found[1].value for one, found in (children(body) if body is not None else {}).items() if one == "type"]
    detail = types[0] if types and isinstance(types[0], str) else None
    while end > begin and text.source[end - 1 : end].isspace():
        end -= 1
    end = max(end, text.offset(word.end))
    return lsp.DocumentSymbol(name or "?", kind, text.range(begin, end), word, detail=detail, children=inner)


def _name(key: Any, value: Any) -> str:
    """A member's name; of a list's item, its first word."""
    while not isinstance(key, str) and isinstance(value.value, list) and value.value:
        first = value.value[0]
        value = first[0] if isinstance(first, tuple) else first
    return key if isinstance(key, str) else str(value.value or key)
