"""A template and everything it imports, read through a resolver that never touches the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from mattone.errors import MattoneError
from mattone.findings import finding
from mattone.redact import one_line
from mattone.tosca.dialects import dialect_of
from mattone.tosca.normative import normative
from mattone.tosca.paths import PROFILE, import_url, relative_path
from mattone.tosca.source import Document, load
from mattone.tosca.spots import Collector, Spot
from mattone.tosca.types import KINDS, Scope, TypeDef, named

_HINT = "Imports are read from the repository, the lock or the import map; the network is never asked."


class Resolver(Protocol):
    """Finds what a reference means; a callable, so that a closure over a tree is enough."""

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        """Path and content of `reference` as written in the file `base`, or None when there is none.

        A reference that begins with `PROFILE` is the name of a profile (2.0, 6.8.2.1) and no path. The template
        itself is asked for with an empty base. A MattoneError says why it is refused.
        """


class Import(NamedTuple):
    """One import of a document (1.3, 3.6.8): as written, and the path it resolved to (None: not found)."""

    reference: str
    prefix: str
    spot: Spot
    path: str | None


class Workspace:
    """Documents, imports and types, each read once however many templates share them."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._documents: dict[str, Document] = {}
        self._imports: dict[str, tuple[Import, ...]] = {}
        self._scopes: dict[str, Scope] = {}
        self._reads: dict[str, set[str]] = {}
        self.problems = Collector()  # of documents and imports

    def open(self, base: str, reference: str) -> Document | None:
        """The document a reference names, or None. Raises MattoneError when the resolver refuses it."""
        reads = self._reads.setdefault(base, set())
        # Also when nothing is there: a file may come to be.
        reads.add(import_url(base, reference) or relative_path(base, reference))
        # No file system has a name with a NUL in it, and asking for one raises.
        found = self._resolver(base, reference) if "\0" not in reference else None
        if found is None:
            return None
        path, data = found
        reads.add(path)
        if path not in self._documents:
            self._documents[path] = self.read(path, data)
            self.problems.extend(self._documents[path].findings)
        return self._documents[path]

    def read(self, path: str, data: bytes) -> Document:
        """The document of a file's content; a workspace that lives on may know it already."""
        return load(path, data)

    def known(self, path: str) -> Document | None:
        """The document of this path, if it was opened."""
        return self._documents.get(path)

    def imports(self, document: Document) -> tuple[Import, ...]:
        """The imports of a document, resolved; problems are reported once."""
        if document.path not in self._imports:
            self._imports[document.path] = ()  # an import of itself ends here
            written = list(import_entries(document))
            self._imports[document.path] = tuple(self._resolve(document, *entry) for entry in written)
        return self._imports[document.path]

    def _resolve(self, document: Document, reference: str, prefix: str, spot: Spot) -> Import:
        problem, hint = "is not found", _HINT
        try:
            target = self.open(document.path, reference)
        except MattoneError as error:
            target, problem, hint = None, f"is refused: {error.message}", error.hint or _HINT
        if target is None:
            message = f"import `{one_line(reference, 120)}` {problem}"
            if reference.startswith(PROFILE):
                name = one_line(reference, 120)
                message = f"profile `{name.removeprefix(PROFILE)}` {problem}"
                hint = f'Keep it in the repository, and name them in an import map: `"{name}": path/to/it.yaml`.'
            self.problems.add("TOSCA1005", message, spot.place(), hint)
        return Import(reference, prefix, spot, target.path if target else None)

    def documents(self, document: Document, prefixed: bool = True) -> tuple[Document, ...]:
        """The document and all that it imports, directly or not, itself first.

        prefixed  also what is imported under a prefix, and so keeps its names apart
        """
        found = {document.path: document}
        waiting = [document]
        while waiting:
            for one in self.imports(waiting.pop()):
                if one.path is not None and one.path not in found and (prefixed or not one.prefix):
                    found[one.path] = self._documents[one.path]
                    waiting.append(self._documents[one.path])
        return tuple(found.values())

    def reads(self, path: str) -> frozenset[str]:
        """What the file of this path has asked for so far: paths, and URLs as written."""
        return frozenset(self._reads.get(path, ()))

    def scope(self, document: Document) -> Scope:
        """The types a document sees: its own, those of its imports, and the normative ones."""
        known = self._scopes.get(document.path)
        if known is None:
            reach = self.documents(document)
            complete = all(not one.broken and all(i.path for i in self.imports(one)) for one in reach)
            dialect = dialect_of(document.value)
            built_in = normative() if dialect.normative else Scope()
            known = self._scopes[document.path] = Scope.over(built_in, complete, dialect)
            for kind, (section, _) in KINDS.items():
                _define(known, kind, section, document)
            if dialect.sigil:
                _define_functions(known, document)
            for one in self.imports(document):
                if one.path is not None:
                    other = self.scope(self._documents[one.path])
                    known.link(one.prefix, other) if one.prefix else known.share(other)
        return known


def _define(scope: Scope, kind: str, section: str, document: Document) -> None:
    value = document.value.get(section) if isinstance(document.value, dict) else None
    if isinstance(value, dict):
        for name, raw in value.items():
            if isinstance(name, str):
                scope.define(TypeDef(kind, name, raw, Spot(document, (section, name)), scope))


def _define_functions(scope: Scope, document: Document) -> None:
    """Functions of 2.0 are defined beside the types and in the service template, which refines them (10.4)."""
    value = document.value if isinstance(document.value, dict) else {}
    for above, holder in ((("service_template",), value.get("service_template")), ((), value)):
        for name, raw, keys in named(holder.get("functions") if isinstance(holder, dict) else None):
            scope.functions.setdefault(name, (raw, Spot(document, (*above, "functions", *keys)), scope))


def import_entries(document: Document) -> Iterator[tuple[str, str, Spot]]:
    """Reference, namespace prefix and place of each import, in every form that 1.0 to 1.3 and 2.0 allow.

    `- file.yaml`, `- name: file.yaml`, `- file: x`, `- name: {file: x, repository: r, namespace_prefix: p}`;
    in 2.0 (6.8.1) `- url: x` and `- profile: name`, whose reference is `PROFILE` and the name. Malformed imports
    are left to the grammar.
    """
    section = document.value.get("imports") if isinstance(document.value, dict) else None
    if isinstance(section, dict):
        section = [{name: entry} for name, entry in section.items()]
    if not isinstance(section, list):
        return
    written = _import_2_0 if dialect_of(document.value).sigil else _import_1_x
    for index, entry in enumerate(section):
        found = written(entry, Spot(document, ("imports", index)))
        if found is not None:
            reference, prefix, spot = found
            # Under a name of its own, the entry stands one level deeper.
            named = isinstance(entry, dict) and len(entry) == 1 and next(iter(entry.values()))
            long = named if isinstance(named, dict) else entry if isinstance(entry, dict) else {}
            yield _with_repository(document, long, reference), prefix if isinstance(prefix, str) else "", spot


def _import_1_x(entry: Any, spot: Spot) -> tuple[str, Any, Spot] | None:
    if isinstance(entry, dict) and "file" not in entry and len(entry) == 1:
        name, entry = next(iter(entry.items()))
        spot = spot.at(name)
    reference, spot = (entry.get("file"), spot.at("file")) if isinstance(entry, dict) else (entry, spot)
    prefix = entry.get("namespace_prefix") if isinstance(entry, dict) else None
    return (reference, prefix, spot) if isinstance(reference, str) else None


def _import_2_0(entry: Any, spot: Spot) -> tuple[str, Any, Spot] | None:
    long = entry if isinstance(entry, dict) else {"url": entry}
    key = "profile" if "profile" in long and "url" not in long else "url"
    reference = long.get(key)
    if not isinstance(reference, str):
        return None
    at = spot.at(key) if long is entry else spot
    if key == "profile":
        reference = PROFILE + reference
    elif reference.startswith("/") and "repository" not in long:  # from the root of the repository (6.8.2.2)
        reference = "../" * spot.document.path.count("/") + reference.lstrip("/")
    return reference, long.get("namespace"), at


def _with_repository(document: Document, entry: dict[Any, Any], reference: str) -> str:
    repositories = document.value.get("repositories")
    repository = repositories.get(entry.get("repository")) if isinstance(repositories, dict) else None
    url = repository.get("url") if isinstance(repository, dict) else repository
    if not isinstance(url, str):
        return reference
    return url.rstrip("/") + "/" + reference


def read_template(path: str, resolver: Resolver) -> tuple[Workspace, Document | None]:
    """A workspace with the template of this path opened; without a document when there is none."""
    workspace = Workspace(resolver)
    try:
        document = workspace.open("", path)
    except MattoneError as error:
        place = error.place or Spot(Document(path, None, ())).place()
        workspace.problems.extend([finding("TOSCA1007", error.message, place, error.hint)])
        return workspace, None
    if document is None:
        place = Spot(Document(path, None, ())).place()
        workspace.problems.extend([finding("TOSCA1007", "there is no such file", place)])
    return workspace, document
