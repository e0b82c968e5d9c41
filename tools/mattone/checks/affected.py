"""What a change can have an effect on, through imports and base templates."""

from __future__ import annotations

from collections.abc import Set

from mattone.tosca.imports import Workspace
from mattone.tosca.partial import wholes
from mattone.tosca.source import Document
from mattone.tosca.template import template_of


def is_affected(workspace: Workspace, document: Document, changed: Set[str]) -> bool:
    """Whether a document is among the changed paths, or reads one of them, directly or not."""
    return not changed.isdisjoint(dependencies(workspace, document))


def dependencies(workspace: Workspace, document: Document) -> frozenset[str]:
    """Every path that decides what the check of a document finds, its own among them.

    A path where nothing lies is one of them too, when an import names it. An import of a URL is there as
    written, besides the path that it stands for.
    """
    found = {document.path}
    for one in workspace.documents(document):
        _find_bases(workspace, one)
    waiting = [document.path]
    while waiting:
        new = workspace.reads(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)


def _find_bases(workspace: Workspace, document: Document) -> None:
    """Let an add-on open its base templates, and all that those import."""
    metadata = document.value.get("metadata") if isinstance(document.value, dict) else None
    if not (isinstance(metadata, dict) and metadata.get("parents")):
        return
    template = template_of(workspace, document)
    if template is not None:
        wholes(workspace, template)
