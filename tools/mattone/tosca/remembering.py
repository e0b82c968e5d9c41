"""A workspace that keeps what it parsed for the next one."""

from __future__ import annotations

from mattone.tosca.imports import Resolver, Workspace
from mattone.tosca.source import Document, load

Kept = dict[str, tuple[bytes, Document]]


class RememberingWorkspace(Workspace):
    """A library is read once, not at every key that somebody types in a template.

    kept  documents by path, with the content that they were made of; the same content is the same document
    """

    def __init__(self, resolver: Resolver, kept: Kept) -> None:
        super().__init__(resolver)
        self.kept = kept

    def read(self, path: str, data: bytes) -> Document:
        known = self.kept.get(path)
        if known is None or known[0] != data:
            known = self.kept[path] = (data, load(path, data))
        return known[1]
