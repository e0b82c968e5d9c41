"""Findings as an editor shows them: ranges, related places, tags, and a link to what a rule means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from lsprotocol import types as lsp

from mattone.errors import Place
from mattone.findings import Finding, Severity
from mattone.lsp.text import Text
from mattone.redact import visible

SOURCE = "mattone"
_SEVERITY = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.STYLE: lsp.DiagnosticSeverity.Information,
}
_TAGS = {
    "TOSCA2001": [lsp.DiagnosticTag.Unnecessary],
    "TOSCA2011": [lsp.DiagnosticTag.Deprecated],
    "WAIVE2001": [lsp.DiagnosticTag.Unnecessary],
}
_PLACE = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*[\w.-]+\.ya?ml):(\d{1,9}):(\d{1,9})\b")
_FIRST = re.compile(r"the first is at line (\d{1,9})\Z")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", re.DOTALL)
_BLOCK = re.compile(r"[^\s#](?:(?!:(?:\s|$)|\s#|[\r\n]).)*")
_FLOW = re.compile(r"[^\s#](?:(?!:(?:\s|$|[,\[\]{}])|\s#|[\r\n,\[\]{}]).)*")


def diagnostic(one: Finding, text: Text, root: Path) -> lsp.Diagnostic:
    """One finding of the file with this text.

    root  the folder that the paths of findings begin at; its reference pages are what the rule links to
    """
    begin = text.at(one.place)
    hint = f"\n{visible(one.hint)}" if one.hint else ""
    page = rule_page(root, one.rule)
    return lsp.Diagnostic(
        range=text.range(begin, token_end(text, begin)),
        message=visible(one.message) + hint,
        severity=_SEVERITY[one.severity],
        code=one.rule,
        code_description=lsp.CodeDescription(page) if page else None,
        source=SOURCE,
        tags=_TAGS.get(one.rule),
        related_information=list(_related(one, text, root)) or None,
    )


def diagnostics(found: Iterable[Finding], text: Text, root: Path) -> list[lsp.Diagnostic]:
    return [diagnostic(one, text, root) for one in sorted(found, key=lambda one: (one.place, one.rule, one.message))]


def token_end(text: Text, begin: int) -> int:
    """Where the scalar that begins at an offset ends: at most the end of its line, at least one character on."""
    line = text.line_end(begin)
    if begin >= line:
        return begin
    first = text.source[begin]
    if first in "\"'":
        found = _QUOTED.match(text.source, begin)
        return min(found.end(), line) if found else line
    if first in "{[":
        return _closing(text.source, begin, line)
    before = text.source[text.starts[text.position(begin).line] : begin]
    in_flow = sum((one in "{[") - (one in "}]") for one in before) > 0
    found = (_FLOW if in_flow else _BLOCK).match(text.source, begin, line)
    return found.end() if found else begin + 1


def _closing(source: str, begin: int, line: int) -> int:
    depth = 0
    for index in range(begin, line):
        depth += (source[index] in "{[") - (source[index] in "}]")
        if depth == 0:
            return index + 1
    return line


def _related(one: Finding, text: Text, root: Path) -> Iterator[lsp.DiagnosticRelatedInformation]:
    """Other places that a finding's words name."""
    first = _FIRST.search(one.message)
    if first:
        begin = text.at(Place(one.place.path, int(first[1]), 1))
        begin += len(text.source[begin : text.line_end(begin)]) - len(
            text.source[begin : text.line_end(begin)].lstrip()
        )
        where = lsp.Location((root / one.place.path).as_uri(), text.range(begin, token_end(text, begin)))
        yield lsp.DiagnosticRelatedInformation(where, "the first is here")
    for path, line, column in _PLACE.findall(f"{one.message} {one.hint}"):
        if (root / path).is_file() and ".." not in path.split("/"):
            at = lsp.Position(int(line) - 1, int(column) - 1)
            yield lsp.DiagnosticRelatedInformation(lsp.Location((root / path).as_uri(), lsp.Range(at, at)), "see here")


def rule_page(root: Path, rule: str) -> str:
    """The address of a rule's page where the repository has one; empty otherwise."""
    family = rule.rstrip("0123456789")
    page = root / "docs" / "reference" / "rules" / f"{family}.md"
    return page.as_uri() + _anchor(rule) if page.is_file() else ""


@lru_cache(maxsize=256)
def _anchor(rule: str) -> str:
    from mattone.checks.registry import rule as rule_of
    from mattone.checks.registry import rule_ids

    if rule not in rule_ids():
        return ""
    heading = f"{rule}: {rule_of(rule).title}".lower()
    return "#" + re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
