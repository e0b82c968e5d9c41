"""One side of a comparison: documents with all that they import, the types in them, and what of it is not fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mattone.checks.supply import image_problem, import_problem, is_image, is_role, role_problem
from mattone.errors import MattoneError
from mattone.findings import Finding
from mattone.tosca.imports import Import, Resolver, Workspace
from mattone.tosca.source import Document
from mattone.tosca.spots import Collector, Spot, show
from mattone.tosca.template import mapping
from mattone.tosca.types import KINDS, TypeDef, named

Name = tuple[str, str]  # kind and name of a type


@dataclass(frozen=True, slots=True)
class Files:
    """TOSCA documents to compare.

    resolver  reads them and what they import; never the network
    paths     the documents' paths, each by the name that pairs it with one of the other side
    """

    resolver: Resolver
    paths: Mapping[str, str]


class Side:
    """The documents of one side, read."""

    def __init__(self, files: Files) -> None:
        self.workspace = Workspace(files.resolver)
        self.resolver = files.resolver
        self.roots: dict[str, Document] = {}
        self.out = Collector()
        for name, path in sorted(files.paths.items()):
            try:
                document = self.workspace.open("", path)
            except MattoneError as error:
                self.out.add("TOSCA1007", error.message, Spot(Document(path, None, ())).place(), error.hint)
                continue
            if document is None:
                self.out.add("TOSCA1007", "there is no such file", Spot(Document(path, None, ())).place())
            elif isinstance(document.value, dict) or document.broken:
                self.roots[name] = document

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Every document, the roots first, then what they import."""
        found = {one.path: one for one in self.roots.values()}
        for root in self.roots.values():
            for one in self.workspace.documents(root):
                found.setdefault(one.path, one)
        return tuple(found.values())

    @cached_property
    def types(self) -> dict[Name, TypeDef]:
        """Every type that a document defines; of two with one name the first."""
        found: dict[Name, TypeDef] = {}
        for document in self.documents:
            scope = self.workspace.scope(document)
            for kind, (section, _) in KINDS.items():
                for name in mapping(document.value, section):
                    one = scope.own(kind).get(name) if isinstance(name, str) else None
                    if one is not None and one.spot.document is document:
                        found.setdefault((kind, name), one)
        return found

    def names(self, root: str, kind: str) -> set[str]:
        """The types that one sees who imports the document of this name."""
        document = self.roots.get(root)
        if document is None:
            return set()
        return {one.name for one in self.workspace.scope(document).own(kind).values()}

    def spot_of(self, root: str) -> Spot | None:
        """The beginning of the document of this name."""
        document = self.roots.get(root)
        return Spot(document) if document is not None else None

    def imports(self) -> list[tuple[Document, Import]]:
        """Every import of every document."""
        return [(document, one) for document in self.documents for one in self.workspace.imports(document)]

    def unread(self, other: Side) -> tuple[Finding, ...]:
        """What keeps this side from being known: broken files, imports that were not read, references that move.

        An import that both sides write alike, and that names a version or a commit, is the same on both: not
        having read it says nothing about their difference.
        """
        theirs = {one.reference for _, one in other.imports() if one.path is None and _is_pinned(one.reference)}
        alike = {one.spot.place() for _, one in self.imports() if one.path is None and one.reference in theirs}
        broken = {one.path for one in self.documents if one.broken}
        for one in self.workspace.problems.findings():
            if one.place not in alike and (one.rule == "TOSCA1005" or one.place.path in broken):
                self.out.extend([one])
        for document in self.documents:
            self._floating(document)
        return self.out.findings()

    def _floating(self, document: Document) -> None:
        scope = self.workspace.scope(document)
        for section in ("node_types", "relationship_types"):
            for owner, raw, _ in named(mapping(document.value, section)):
                for name, artifact, keys in named(mapping(raw, "artifacts")):
                    reference = artifact.get("file") if isinstance(artifact, dict) else None
                    if not isinstance(reference, str) or not reference:
                        continue
                    spot = Spot(document, (section, owner, "artifacts", *keys))
                    if is_role(artifact, scope) and (problem := role_problem(reference)):
                        message = f"role `{show(reference, 100)}` {problem}"
                        self.out.add("TOSCA2007", message, spot.place("file"))
                    elif is_image(artifact, scope) and (problem := image_problem(reference)):
                        message = f"image `{show(reference, 100)}` of artifact `{show(name)}` {problem}"
                        self.out.add("TOSCA2008", message, spot.place("file"))


def _is_pinned(reference: str) -> bool:
    return "://" in reference and not import_problem(reference)
