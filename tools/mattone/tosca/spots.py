"""Where a definition stands, and the collector that every check reports to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mattone.errors import Place
from mattone.findings import Finding, finding
from mattone.redact import one_line
from mattone.tosca.source import Document, Key

_NAME = re.compile(r"[A-Za-z][\w.]*", re.ASCII)


class Spot(NamedTuple):
    """A key path in a document. It becomes a place only when a finding needs one."""

    document: Document
    keys: tuple[Key, ...] = ()

    def at(self, *more: Key) -> Spot:
        return Spot(self.document, self.keys + more)

    def place(self, *more: Key) -> Place:
        return self.document.place(*self.keys, *more)

    def key_place(self, *more: Key) -> Place:
        return self.document.key_place(*self.keys, *more)


class Collector:
    """Findings in the order they are made, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Place, str], Finding] = {}

    def add(self, rule: str, message: str, place: Place, hint: str = "") -> None:
        self._found.setdefault((rule, place, message), finding(rule, message, place, hint))

    def extend(self, findings: Iterable[Finding]) -> None:
        for one in findings:
            self._found.setdefault((one.rule, one.place, one.message), one)

    def findings(self) -> tuple[Finding, ...]:
        """Everything found, by file, line and column."""
        return tuple(sorted(self._found.values(), key=lambda one: (one.place, one.rule, one.message)))


def show(value: Any, limit: int = 60) -> str:
    """A value as one would write it in YAML, short and safe to print."""
    if value.__class__ is str and len(value) <= limit and _NAME.fullmatch(value):
        return value  # an ordinary name, as most are: nothing to make safe
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return one_line(str(value), limit)


def did_you_mean(name: object, known: Iterable[object], otherwise: str = "", besides: str | None = None) -> str:
    """A hint that names the closest known name, or the few that there are.

    besides  a known name that cannot be meant
    """
    from mattone.nearest import nearest

    names = frozenset(one for one in known if isinstance(one, str))
    close = nearest(str(name), names, besides=besides)
    if close:
        return f"Did you mean `{close[0]}`?"
    few = sorted(names - {besides}) if len(names) <= 9 else []
    if otherwise or not few:
        return otherwise
    if len(few) <= 8:
        return "There are: " + ", ".join(f"`{one_line(one, 60)}`" for one in few) + "."
    return ""
