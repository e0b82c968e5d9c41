"""The whole check of a template or a type library: every error at once, each at its place."""

from __future__ import annotations

from collections.abc import Iterable, Set

from mattone.checks.affected import is_affected
from mattone.checks.context import Context
from mattone.checks.hygiene import check_hygiene
from mattone.checks.nodes import check_nodes
from mattone.checks.refinement import check_imports, check_repositories
from mattone.checks.structure import check_structure
from mattone.checks.supply import check_supply
from mattone.checks.topology import check_topology
from mattone.checks.typedefs import check_types
from mattone.errors import MattoneError
from mattone.findings import Finding
from mattone.tosca.garbage import without_collector
from mattone.tosca.imports import Resolver, Workspace, read_template
from mattone.tosca.partial import wholes
from mattone.tosca.source import Document
from mattone.tosca.spots import Collector
from mattone.tosca.template import template_of


def check_template(path: str, resolver: Resolver) -> tuple[Finding, ...]:
    """Check one template or type library, and every document it imports.

    path      as the resolver knows it; it is asked for with an empty base
    resolver  reads files; never the network

    The findings are sorted by path, line and column. Nothing is raised for what files hold.
    """
    with without_collector():
        workspace, document = read_template(path, resolver)
        out = Collector()
        if document is not None:
            for one in workspace.documents(document):
                check_document(workspace, one, out)
        out.extend(workspace.problems.findings())
        return out.findings()


def check_templates(
    paths: Iterable[str],
    resolver: Resolver,
    changed: Set[str] | None = None,
    elsewhere: Set[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Check many templates and libraries, each document once however many import it.

    changed    check only the documents that these paths can have an effect on; None: all
    elsewhere  paths that another call checks: where these import them, they are only read
    """
    with without_collector():
        return _check_all(paths, resolver, changed, elsewhere)


def _check_all(
    paths: Iterable[str], resolver: Resolver, changed: Set[str] | None, elsewhere: Set[str]
) -> tuple[Finding, ...]:
    workspace = Workspace(resolver)
    out = Collector()
    checked: dict[str, bool] = {}  # path to whether it was a document to check
    for path in paths:
        try:
            document = workspace.open("", path)
        except MattoneError:
            document = None
        if document is None:
            if changed is None or path in changed:
                out.extend(check_template(path, resolver))
            continue
        for one in workspace.documents(document):
            if one.path not in checked:
                checked[one.path] = changed is None or is_affected(workspace, one, changed)
                if checked[one.path] and one.path not in elsewhere:
                    check_document(workspace, one, out)
    out.extend(one for one in workspace.problems.findings() if checked.get(one.place.path, changed is None))
    return out.findings()


def check_document(workspace: Workspace, document: Document, out: Collector) -> None:
    """Check one document of a workspace by itself, with the types that its imports give it."""
    if not check_structure(document, out):
        return
    template = template_of(workspace, document)
    if template is None:
        return
    bases, found = wholes(workspace, template)
    context = Context(document, template.scope, template, template, out)
    check_types(context)
    check_supply(context, workspace)
    check_repositories(context)
    check_imports(context)
    if not template.topology:
        return
    for whole in bases:
        context = Context(document, template.scope, template, whole, out, not found)
        check_topology(context)
        check_nodes(context)
        check_hygiene(context)
