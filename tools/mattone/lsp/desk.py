"""Where an editor's questions are answered: one at a time, in a thread, from the texts as they were when it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from lsprotocol import types as lsp

from mattone.findings import Finding
from mattone.lsp.cursor import Cursor, cursor_at
from mattone.lsp.folders import Overlay
from mattone.lsp.kinds import Kind
from mattone.lsp.model import Model, Models
from mattone.lsp.report import token_end
from mattone.lsp.session import Opened, Session
from mattone.lsp.stdio import in_thread

if TYPE_CHECKING:
    from mattone.lsp.subject import Subject

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
        cursor = _cursor(question, position)
        model = self._model(question, cursor) if cursor is not None else None
        return (cursor, model) if cursor is not None and model is not None else None

    def _subject(self, question: Question, position: lsp.Position) -> tuple[Cursor, Subject] | None:
        """What a position is on, with what it means."""
        from mattone.lsp import forms, subject

        if question.one.kind is Kind.TEMPLATE:
            found = self._at(question, position)
            meant = subject.subject_at(found[1], found[0]) if found else None
            return (found[0], meant) if found and meant is not None else None
        cursor = _cursor(question, position)
        meant = forms.subject_at(forms.form_of(question, cursor), cursor) if cursor is not None else None
        return (cursor, meant) if cursor is not None and meant is not None else None

    def hover(self, question: Question, position: lsp.Position, findings: Sequence[Finding]) -> lsp.Hover | None:
        """Documentation of what a position is on, and why something is found there.

        findings  those of the document
        """
        from mattone.lsp.hover import describe, rule_page

        found = self._subject(question, position)
        text, offset = question.one.text, question.one.text.offset(position)
        words = [describe(found[1])] if found else []
        for one in findings:
            begin = text.at(one.place)
            if one.place.path == question.one.path and begin <= offset <= token_end(text, begin):
                words.append("\n\n".join(rule_page(one.rule)))
        shown = "\n\n---\n\n".join(dict.fromkeys(filter(None, words)))
        if not shown:
            return None
        span = text.range(found[0].begin, found[0].end) if found else None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, shown), span)

    def definition(self, question: Question, position: lsp.Position) -> lsp.Location | None:
        """Where what a position is on is defined."""
        from mattone.lsp.definition import location

        found = self._subject(question, position)
        return location(self.session, question.one.root, question.one.path, found[1]) if found else None

    def references(self, question: Question, position: lsp.Position, declared: bool) -> list[lsp.Location] | None:
        """Where what a position is on is used in the same document; nothing while that cannot be read."""
        from mattone.lsp.references import uses

        found = self._at(question, position) if question.one.kind is Kind.TEMPLATE else None
        subject = self._subject(question, position)
        text = question.one.text
        if found is None or subject is None or found[1].document.text != text.source.removeprefix("\ufeff"):
            return None
        spans = uses(found[1], text, subject[1], declared)
        return [lsp.Location(question.one.uri, text.range(begin, end)) for begin, end in spans]

    def symbols(self, question: Question) -> list[lsp.DocumentSymbol] | None:
        """What a document declares."""
        from mattone.lsp.symbols import symbols_of

        model = self._model(question) if question.one.kind is Kind.TEMPLATE else None
        return symbols_of(model, question.one.text) if model is not None else None

    def completion(self, question: Question, position: lsp.Position) -> lsp.CompletionList | None:
        """What may stand at a position."""
        from mattone.lsp import completion, forms, offers

        text = question.one.text
        if question.one.kind is Kind.TEMPLATE:
            found = self._at(question, position)
            made = completion.complete(found[1], found[0], text, question.overlay) if found else []
        else:
            cursor = _cursor(question, position)
            made = offers.items(forms.offers(forms.form_of(question, cursor), cursor), cursor, text) if cursor else []
        return lsp.CompletionList(False, made)

    def actions(
        self, question: Question, wanted: lsp.Range, only: Sequence[str] | None, findings: Sequence[Finding]
    ) -> list[lsp.CodeAction]:
        """What can be done about the findings in a range."""
        from mattone.lsp.actions import actions

        return actions(question.one, findings, wanted, only)


def _cursor(question: Question, position: lsp.Position) -> Cursor | None:
    text = question.one.text
    return cursor_at(text.source, text.offset(position))
