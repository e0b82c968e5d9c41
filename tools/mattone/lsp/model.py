"""A document as far as it can be read: what it means, also while it is half written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import MattoneError
from mattone.lsp.cursor import Cursor
from mattone.lsp.folders import Overlay
from mattone.lsp.session import Opened
from mattone.tosca.partial import wholes
from mattone.tosca.remembering import RememberingWorkspace
from mattone.tosca.source import Document, Key, load
from mattone.tosca.template import NodeTemplate, ServiceTemplate, template_of
from mattone.tosca.types import TypeDef

_BEGUN = re.compile(r"which began at line (\d{1,9})")
_SMALL = 300_000  # characters; a larger text that cannot be read is not mended but taken as it last was


@dataclass(frozen=True, slots=True)
class Model:
    """A readable version of a document, with its imports.

    whole  the template with its base, when it is an add-on; the template itself otherwise
    """

    document: Document
    template: ServiceTemplate
    whole: ServiceTemplate

    def value(self, path: tuple[Key, ...]) -> Any:
        """What stands at a path; None where there is nothing."""
        found: Any = self.document.value
        for key in path:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and isinstance(key, int) and 0 <= key < len(found):
                found = found[key]
            else:
                return None
        return found

    def raw(self, path: tuple[Key, ...]) -> Mapping[Any, Any]:
        """A mapping at a path; an empty one for anything else."""
        found = self.value(path)
        return found if isinstance(found, dict) else {}

    def type(self, kind: str, name: object) -> TypeDef | None:
        return self.template.scope.find(kind, name)

    def node(self, name: object) -> NodeTemplate | None:
        return self.whole.nodes.get(name) if isinstance(name, str) else None


class Models:
    """The models of open documents; used by one thread at a time."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[object, Model]] = {}  # by uri: what it was made of, and the last readable model
        self._kept: dict[str, dict[str, tuple[bytes, Document]]] = {}  # by root

    def forget(self, uri: str) -> None:
        self._last.pop(uri, None)

    def of(self, one: Opened, overlay: Overlay, cursor: Cursor | None = None, generation: int = 0) -> Model | None:
        """The model of a document as it is; else with the line of the cursor mended; else as it last was.

        generation  a number that grows with every change of any file: with the same one, the same model
        """
        known = self._last.get(one.uri)
        made_of = (one.text, generation)
        if known is not None and known[0] == made_of:
            return known[1]
        kept = self._kept.setdefault(str(one.root), {})
        found = _model(overlay, one.path, kept)
        if found is not None:
            self._last[one.uri] = (made_of, found)
            return found
        if known is None or len(one.text.source) <= _SMALL:
            for text in mended(one, cursor):
                texts = {**overlay.texts, one.path: text.encode("utf-8", "surrogatepass")}
                guess = _model(Overlay(overlay.root, texts, overlay.urls), one.path, kept)
                if guess is not None:
                    return guess
        return known[1] if known is not None else None


def mended(one: Opened, cursor: Cursor | None) -> Iterator[str]:
    """The text with what is open at the cursor closed, without the cursor's line, without the lines of the error."""
    text = one.text
    if cursor is not None:
        line, end = text.position(cursor.begin).line, text.line_end(cursor.begin)
        if cursor.closing:
            yield text.source[: cursor.begin] + cursor.closing + text.source[end:]
        yield text.without(line)
    for problem in load(one.path, text.source.encode("utf-8", "surrogatepass")).findings[:1]:
        begun = _BEGUN.search(problem.hint)
        if begun is not None:
            yield text.without(int(begun[1]) - 1)
        line = text.position(text.at(problem.place)).line
        yield text.without(line)
        yield text.without(max(line - 1, 0))
        yield text.without(max(line - 1, 0), 2)


def _model(overlay: Overlay, path: str, kept: dict[str, tuple[bytes, Document]]) -> Model | None:
    workspace = RememberingWorkspace(overlay.resolver(), kept)
    try:
        document = workspace.open("", path)
    except MattoneError:
        return None
    if document is None or document.broken:
        return None
    if document.value is None:
        document = document._replace(value={})  # an empty file is the beginning of a template
    template = template_of(workspace, document)
    if template is None:
        return None
    return Model(document, template, wholes(workspace, template)[0][0])
