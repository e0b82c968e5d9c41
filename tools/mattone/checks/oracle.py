"""A second opinion: what tosca-parser says of the same templates, and where it differs from us.

It runs in a process of its own for each template, without network, with bounded time and memory. It sees
a copy of the template and of its imports, in which imports of URLs name the files that they stand for.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mattone import digests, process
from mattone.checks.affected import dependencies
from mattone.errors import MattoneError
from mattone.findings import Finding, Severity
from mattone.pins.imports import with_imports
from mattone.redact import one_line, visible
from mattone.tosca.files import IMPORT_MAP, FileResolver, read_import_map
from mattone.tosca.imports import Workspace
from mattone.tosca.source import Document

_SECONDS = 60.0
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Opinion:
    """What both say of one service template.

    ours     our first error, as `path:line:column: RULE message`; empty when we accept it
    verdict  of tosca-parser: accepted, refused, crashed, or timed out
    theirs   its message; empty when it accepts
    """

    path: str
    ours: str
    verdict: str
    theirs: str

    @property
    def agrees(self) -> bool:
        return bool(self.ours) == (self.verdict != "accepted")


def opinions(
    root: Path, paths: Sequence[str], findings: Iterable[Finding], import_map: Path | None = None
) -> tuple[Opinion, ...]:
    """The opinions on each service template among files below `root`; type libraries have no such check there."""
    chosen = import_map or root / IMPORT_MAP
    urls = read_import_map(chosen, root) if import_map or chosen.is_file() else {}
    workspace = Workspace(with_imports(FileResolver(root), urls))
    errors = sorted((one for one in findings if one.severity is Severity.ERROR), key=lambda one: one.place)
    waiting = []
    with tempfile.TemporaryDirectory(prefix="mattone-oracle-") as scratch, process.parallel(_AT_ONCE) as workers:
        for number, path in enumerate(paths):
            document = _open(workspace, path)
            if document is None or "topology_template" not in document.value:
                continue
            reach = dependencies(workspace, document)
            ours = next((f"{one.place}: {one.rule} {one.message}" for one in errors if one.place.path in reach), "")
            copy = Path(scratch, str(number))
            _copy(workspace, document, copy)
            waiting.append((path, ours, workers.start(_ask, copy / path)))
        return tuple(Opinion(path, ours, *answer.result()) for path, ours, answer in waiting)


def _open(workspace: Workspace, path: str) -> Document | None:
    try:
        document = workspace.open("", path)
    except MattoneError:
        return None
    return document if document is not None and isinstance(document.value, dict) else None


def _copy(workspace: Workspace, document: Document, folder: Path) -> None:
    for one in workspace.documents(document):
        text = one.text
        for entry in reversed(workspace.imports(one)):
            begin, end = one.span(*entry.spot.keys)
            if ("://" in entry.reference or "://" in one.path) and entry.path is not None and end:
                local = os.path.relpath(_local(entry.path), os.path.dirname(_local(one.path)) or ".")  # noqa: PTH120
                text = f"{text[:begin]}{json.dumps(local)}{text[end:]}"
        file = folder / _local(one.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _local(path: str) -> str:
    """Where the copy of a document lies; one that was imported by its URL has no path."""
    return f"imported/{digests.short(digests.of_bytes(path.encode()))}.yaml" if "://" in path else path


def _ask(file: Path) -> tuple[str, str]:
    program = str(Path(__file__).with_name("oracle_process.py"))
    try:
        done = process.run(
            [sys.executable, "-I", program, str(file)], timeout=_SECONDS, accept=range(-64, 256), cwd=file.parent
        )
    except MattoneError as error:
        return "timed out", error.message
    try:
        verdict, message = json.loads(done.output.splitlines()[-1])
    except (ValueError, IndexError, TypeError):
        return "crashed", one_line(done.errors or f"exit code {done.code}", 300)
    return str(verdict), one_line(str(message), 300)


def _verb(verdict: str) -> str:
    return {"crashed": "ended by a crash", "timed out": "not answered in time"}.get(verdict, verdict)


def as_items(found: Sequence[Opinion]) -> list[dict[str, object]]:
    """The opinions for programs: of every service template, whether both agree, and what each says."""
    return [
        {
            "path": visible(one.path),
            "agrees": one.agrees,
            "mattone": "refused" if one.ours else "accepted",
            "mattone_says": visible(one.ours),
            "tosca_parser": one.verdict,
            "tosca_parser_says": visible(one.theirs),
        }
        for one in found
    ]


def render(found: Sequence[Opinion]) -> str:
    """The opinions for people: one line for all that agree, three for each that does not."""
    lines = [
        f"tosca-parser agrees on {sum(one.agrees for one in found)} of {len(found)} service "
        f"template{'s' * (len(found) != 1)}."
    ]
    for one in found:
        if not one.agrees:
            ours = "refused" if one.ours else "accepted"
            lines += [
                f"{visible(one.path)}: {_verb(one.verdict)} by tosca-parser, {ours} by mattone",
                f"  mattone: {one_line(one.ours, 300) or 'no error'}",
                f"  tosca-parser: {one.theirs or 'no error'}",
            ]
    return "\n".join(lines)
