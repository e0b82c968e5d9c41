"""What completion offers, and how an offer becomes an edit of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lsprotocol import types as lsp

from mattone.lsp.cursor import Cursor, On
from mattone.lsp.text import Text
from mattone.redact import one_line, visible
from mattone.tosca.scalars import plain

Kind = lsp.CompletionItemKind
_MOST = 1000  # offers of one list; editors filter them as one types


@dataclass(frozen=True, slots=True)
class Offer:
    """One name or value that may stand at the cursor.

    after    for a key, what follows its colon: ` ` for a value, a new line for a mapping or a list; empty: no key
    order    lower ones come first
    subject  what documentation is made of
    literal  text that is YAML already: it is never put in quotes
    """

    label: str
    kind: Kind
    detail: str = ""
    after: str = ""
    order: int = 5
    subject: Any = None
    literal: bool = False


def items(offers: Iterable[Offer], cursor: Cursor, text: Text, listed: bool = False) -> list[lsp.CompletionItem]:
    """The offers as an editor takes them, each name once.

    listed  the cursor stands where a list's item begins, and its dash is to be written too
    """
    target = text.range(cursor.begin, cursor.end)
    indent = cursor.begin - text.starts[text.position(cursor.begin).line]
    known: dict[tuple[str, str], lsp.CompletionItem] = {}
    for one in offers:
        if len(known) >= _MOST:
            break
        if (one.label, one.after) not in known:
            known[one.label, one.after] = _item(one, cursor, text, target, indent + 2 * listed, "- " * listed)
    return list(known.values())


def _item(one: Offer, cursor: Cursor, text: Text, target: lsp.Range, indent: int, dash: str) -> lsp.CompletionItem:
    quote = text.source[cursor.begin : cursor.begin + 1] if cursor.begin < cursor.end else ""
    return lsp.CompletionItem(
        label=visible(one.label),
        kind=one.kind,
        detail=one_line(one.detail, 200) or None,
        documentation=_documentation(one.subject),
        sort_text=f"{one.order}{one.label}",
        filter_text=(quote + one.label) if quote in ("'", '"') else one.label,
        text_edit=lsp.TextEdit(target, dash + _written(one, cursor, text, indent)),
        insert_text_mode=lsp.InsertTextMode.AsIs,
    )


def _documentation(subject: Any) -> lsp.MarkupContent | None:
    from mattone.lsp.hover import describe

    words = describe(subject) if subject is not None else ""
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, words) if words else None


def _written(one: Offer, cursor: Cursor, text: Text, indent: int) -> str:
    label = one.label if one.literal else quoted(one.label, cursor.flow)
    if not one.after:
        glued = cursor.on is On.VALUE and text.source[max(cursor.begin - 1, 0) : cursor.begin] == ":"
        return f" {label}" if glued else label
    if text.source[cursor.end : text.line_end(cursor.end)].lstrip().startswith(":"):
        return label  # its colon stands there already
    if cursor.flow or one.after == " ":
        return f"{label}: "
    return f"{label}:\n{' ' * (indent + 2)}"


def quoted(word: str, flow: bool) -> str:
    """A text as YAML, in quotes where it would be read as something else without them."""
    from mattone.tosca.nodes import compose_or_problem

    if word.isidentifier() and len(word) > 5:
        return word
    node, _ = compose_or_problem("", f"[{word}]" if flow else word)
    if flow and node is not None:
        node = node.value[0] if isinstance(node.value, list) and len(node.value) == 1 else None
    simple = node is not None and isinstance(node.value, str) and node.value == word
    same = simple and node is not None and plain(node.tag, node.value) == word
    return word if same else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(names: Iterable[str], kind: Kind, detail: str = "", order: int = 5) -> Iterator[Offer]:
    for name in names:
        yield Offer(name, kind, detail, order=order)
