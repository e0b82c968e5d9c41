"""Comparing two revisions: TOSCA files of any layout, or a component of a platform repository."""

from __future__ import annotations

from dataclasses import replace

from mattone.compat.changes import Collector, Comparison, ordered
from mattone.compat.consequences import note_consequences
from mattone.compat.contents import compare_contents
from mattone.compat.documents import compare_documents
from mattone.compat.library import Files, Side
from mattone.compat.manifests import compare_manifests
from mattone.compat.reads import compare_reads
from mattone.compat.roles import compare_roles
from mattone.compat.topology import compare_topologies
from mattone.compat.types import compare_types
from mattone.findings import Finding
from mattone.platform.components import ComponentId, Kind
from mattone.platform.tree import Tree, join
from mattone.tosca.garbage import without_collector
from mattone.tosca.imports import Resolver


def compare_libraries(old: Files, new: Files) -> Comparison:
    """Compare documents with all that they import: every type, and the topology of each document that has one.

    Nothing is raised for what files hold: what cannot be read is in the comparison's `unknown`.
    """
    return _compare(old, new, types=True)


def compare_templates(old: Files, new: Files) -> Comparison:
    """Compare service templates by what their users see: inputs, outputs, substitution; types only behind these."""
    return _compare(old, new, types=False)


def _compare(old: Files, new: Files, types: bool) -> Comparison:
    with without_collector():
        return compare_sides(Side(old), Side(new), types)


def compare_sides(before: Side, after: Side, types: bool = True) -> Comparison:
    """Compare documents that are read already; a side can be compared with many others.

    types  compare types by themselves; else only as far as inputs and outputs have them
    """
    out = Collector()
    compare_documents(before, after, out)
    if types:
        compare_types(before, after, out)
        compare_reads(before, after, out)
        compare_contents(before, after, out)
        note_consequences(before, out)
    compare_topologies(before, after, out, types)
    return Comparison(out.changes(), _unknown(after.unread(before), before.unread(after)))


def _unknown(new: tuple[Finding, ...], old: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What could not be compared, each reference once: at its first place on the new side, else on the old one."""
    found: dict[tuple[str, str], Finding] = {}
    for one in (*new, *old):
        found.setdefault((one.rule, one.message), one)
    return tuple(sorted(found.values(), key=lambda one: (one.place, one.rule, one.message)))


def compare_components(old: Tree, new: Tree, component: ComponentId) -> Comparison:
    """Compare a service, the type library or a role at two revisions of a platform repository.

    A component that is on one side alone is compared with nothing: all of it is new, or gone.
    Raises InputError for links and submodules among its files.
    """
    if component.kind is Kind.ROLE:
        found = compare_roles(old, new, component)
    else:
        sides = [Files(resolver(tree), _documents(tree, component)) for tree in (old, new)]
        found = _compare(sides[0], sides[1], types=component.kind is Kind.TYPES)
    out = Collector()
    compare_manifests(old, new, component, out)
    return replace(found, changes=ordered((*found.changes, *out.changes())))


def _documents(tree: Tree, component: ComponentId) -> dict[str, str]:
    """The TOSCA documents of a component: a service's template, the files of the type library beside its manifest."""
    if component.kind is Kind.SERVICE:
        path = f"{component.path}/template.yaml"
        return {path: path} if tree.read(path) is not None else {}
    paths = (path for path in tree.files(component.path) if path.endswith((".yaml", ".yml")))
    aside = f"{component.path}/artifacts/"
    return {path: path for path in paths if path != component.manifest and not path.startswith(aside)}


def resolver(tree: Tree) -> Resolver:
    """Finds imports in a tree; a reference that leaves it, and a URL, find nothing."""

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        path = join(base, reference) if base else reference
        data = tree.read(path) if path is not None and "://" not in reference else None
        return None if path is None or data is None else (path, data)

    return resolve
