"""Quick fixes: what `mattone validate --fix` mends, one at a time or all at once, and names that were meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types as lsp

from mattone.checks.fixes import FIXES, fixed
from mattone.findings import Finding
from mattone.lsp.offers import quoted
from mattone.lsp.report import SOURCE, diagnostic, token_end
from mattone.lsp.session import Opened

_MEANT = re.compile(r"[Dd]id you mean [`']([^`']+)[`']\?")
FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.{SOURCE}"


def actions(
    one: Opened, findings: Sequence[Finding], wanted: lsp.Range, only: Sequence[str] | None
) -> list[lsp.CodeAction]:
    """What can be done about the findings of a document that lie in a range.

    only  the kinds of actions that the editor asks for; None: all
    """
    made: list[lsp.CodeAction] = []
    here = [found for found in findings if _touches(one, found, wanted)]
    if _asked(lsp.CodeActionKind.QuickFix.value, only):
        for found in here:
            made += _quick(one, found)
    fixable = [found for found in findings if found.rule in FIXES and found.place.path == one.path]
    edits = list(_edits(one, fixable))
    if _asked(FIX_ALL, only) and edits:
        made.append(_action(one, f"Fix all that is mechanical ({len(edits)})", FIX_ALL, edits))
    return made


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _touches(one: Opened, found: Finding, wanted: lsp.Range) -> bool:
    if found.place.path != one.path:
        return False
    begin = one.text.at(found.place)
    first, last = one.text.offset(wanted.start), one.text.offset(wanted.end)
    return begin <= last and first <= token_end(one.text, begin)


def _quick(one: Opened, found: Finding) -> Iterator[lsp.CodeAction]:
    shown = [diagnostic(found, one.text, one.root)]
    kind = lsp.CodeActionKind.QuickFix.value
    edits = list(_edits(one, [found]))
    if edits:
        yield _action(one, f"Fix {found.rule}: write {edits[0].new_text}", kind, edits, shown, preferred=True)
    meant = _MEANT.search(found.hint)
    if meant is not None:
        begin = one.text.at(found.place)
        word = one.text.source[begin : token_end(one.text, begin)]
        if word and word[0] not in "{[|>&*!":
            edit = lsp.TextEdit(one.text.range(begin, begin + len(word)), quoted(meant[1], flow=True))
            yield _action(one, f"Replace with `{meant[1]}`", kind, [edit], shown)


def _edits(one: Opened, findings: Iterable[Finding]) -> Iterator[lsp.TextEdit]:
    """The edits of the safe fixes; none when the text would be no YAML afterwards."""
    chosen = [found for found in findings if found.rule in FIXES]
    source = one.text.source
    if not chosen or not fixed(source.removeprefix("\ufeff").replace("\r\n", "\n"), chosen)[1]:
        return
    for found in chosen:
        begin = one.text.at(found.place)
        start = one.text.starts[one.text.position(begin).line]
        change = FIXES[found.rule](source[start:begin], source[begin : one.text.line_end(begin)])
        if change is not None:
            yield lsp.TextEdit(one.text.range(begin, begin + change[0]), change[1])


def _action(
    one: Opened,
    title: str,
    kind: str,
    edits: list[lsp.TextEdit],
    shown: list[lsp.Diagnostic] | None = None,
    preferred: bool = False,
) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=title,
        kind=kind,
        diagnostics=shown,
        is_preferred=preferred or None,
        edit=lsp.WorkspaceEdit(changes={one.uri: edits}),
    )
