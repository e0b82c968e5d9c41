"""Where an editor's questions are answered: one at a time, in a thread, from the texts as they were when it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from lsprotocol import types as lsp

from mattone.lsp.cursor import Cursor, cursor_at
from mattone.lsp.folders import Overlay
from mattone.lsp.kinds import Kind
from mattone.lsp.model import Model, Models
from mattone.lsp.session import Opened, Session
from mattone.lsp.stdio import in_thread

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """A document at the moment of a question, with the files around it."""

    one: Opened
    overlay: Overlay
    generation: int


class Desk:
    """Answers questions about the open documents of a session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._models = Models()
        self._lock = asyncio.Lock()

    async def ask(
        self, answer: Callable[Concatenate[Question, P], T | None], uri: str, *arguments: P.args, **named: P.kwargs
    ) -> T | None:
        """What `answer` says of a document; None when it is not open, or is nothing that the checks know."""
        async with self._lock:
            one = self.session.documents.get(uri)
            if one is None or one.kind is Kind.OTHER:
                return None
            question = Question(one, self.session.overlay(one.root), self.session.generation)
            return await in_thread(lambda: answer(question, *arguments, **named))

    def forget(self, uri: str) -> None:
        self._models.forget(uri)

    def _model(self, question: Question, cursor: Cursor | None = None) -> Model | None:
        return self._models.of(question.one, question.overlay, cursor, question.generation)

    def _at(self, question: Question, position: lsp.Position) -> tuple[Cursor, Model] | None:
        text = question.one.text
        cursor = cursor_at(text.source, text.offset(position))
        model = self._model(question, cursor) if cursor is not None else None
        return (cursor, model) if cursor is not None and model is not None else None

    def hover(self, question: Question, position: lsp.Position) -> lsp.Hover | None:
        """Documentation of what a position is on."""
        from mattone.lsp.hover import describe
        from mattone.lsp.subject import subject_at

        found = self._at(question, position)
        subject = subject_at(found[1], found[0]) if found else None
        words = describe(subject) if subject is not None else ""
        if not found or not words:
            return None
        cursor = found[0]
        markdown = lsp.MarkupContent(lsp.MarkupKind.Markdown, words)
        return lsp.Hover(markdown, question.one.text.range(cursor.begin, cursor.end))

    def definition(self, question: Question, position: lsp.Position) -> lsp.Location | None:
        """Where what a position is on is defined."""
        from mattone.lsp.definition import location
        from mattone.lsp.subject import subject_at

        found = self._at(question, position)
        subject = subject_at(found[1], found[0]) if found else None
        if subject is None:
            return None
        return location(self.session, question.one.root, question.one.path, subject)

    def symbols(self, question: Question) -> list[lsp.DocumentSymbol] | None:
        """What a document declares."""
        from mattone.lsp.symbols import symbols_of

        model = self._model(question)
        return symbols_of(model, question.one.text) if model is not None else None

    def completion(self, question: Question, position: lsp.Position) -> lsp.CompletionList | None:
        """What may stand at a position."""
        from mattone.lsp.completion import complete

        found = self._at(question, position)
        if found is None:
            return None
        cursor, model = found
        return lsp.CompletionList(False, complete(model, cursor, question.one.text, question.overlay))
