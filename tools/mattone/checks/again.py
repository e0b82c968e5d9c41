"""Checking the same files again and again: only what a change has an effect on is checked anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mattone.checks.affected import dependencies
from mattone.checks.template import check_document, check_template
from mattone.errors import MattoneError
from mattone.findings import Finding
from mattone.tosca.garbage import without_collector
from mattone.tosca.imports import Resolver, Workspace
from mattone.tosca.remembering import Kept, RememberingWorkspace
from mattone.tosca.source import Document
from mattone.tosca.spots import Collector

# What a document's findings were made from: each path that it depends on, and what lay there.
_State = Mapping[str, Document | None]


class Memory:
    """What was found in each document, and from what; one memory for one folder and one import map."""

    def __init__(self) -> None:
        self._kept: Kept = {}
        self._found: dict[str, tuple[_State, tuple[Finding, ...]]] = {}

    def check(self, paths: Iterable[str], resolver: Resolver) -> tuple[Finding, ...]:
        """What `check_templates` finds, at the cost of reading the files and checking what changed."""
        with without_collector():
            workspace = RememberingWorkspace(resolver, self._kept)
            out = Collector()
            found: dict[str, tuple[_State, tuple[Finding, ...]]] = {}
            for path in paths:
                document = _open(workspace, path)
                if document is None:
                    out.extend(check_template(path, resolver))
                    continue
                for one in workspace.documents(document):
                    if one.path not in found:
                        found[one.path] = self._look(workspace, one)
            self._found = found
            for _, findings in found.values():
                out.extend(findings)
            out.extend(workspace.problems.findings())
            return out.findings()

    def _look(self, workspace: Workspace, document: Document) -> tuple[_State, tuple[Finding, ...]]:
        state = {path: workspace.known(path) for path in dependencies(workspace, document)}
        before = self._found.get(document.path)
        if before is not None and _same(before[0], state):
            return before
        own = Collector()
        check_document(workspace, document, own)
        return state, own.findings()


def _same(before: _State, now: _State) -> bool:
    return before.keys() == now.keys() and all(before[path] is one for path, one in now.items())


def _open(workspace: Workspace, path: str) -> Document | None:
    try:
        return workspace.open("", path)
    except MattoneError:
        return None
