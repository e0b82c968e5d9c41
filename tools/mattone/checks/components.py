"""Checks of the catalogue's parts: manifests of services, types and roles, and what they name."""

from __future__ import annotations

from collections.abc import Set

from mattone.errors import MattoneError, Place
from mattone.findings import Finding, finding
from mattone.platform.components import TYPES, ComponentId, Kind, Service, load_component, names
from mattone.platform.federation import read_federation
from mattone.platform.fields import did_you_mean
from mattone.platform.keys import read_keys
from mattone.platform.site import WORKSPACE
from mattone.platform.tree import Tree


def check_components(tree: Tree, changed: Set[str] | None = None) -> tuple[Finding, ...]:
    """Every manifest of a tree, and every role and type library that one names.

    changed  only the components that these paths can have an effect on; None: all
    """
    roles = names(tree, Kind.ROLE)
    services = [ComponentId(Kind.SERVICE, name) for name in names(tree, Kind.SERVICE)]
    others = [ComponentId(Kind.ROLE, name) for name in roles]
    if tree.read(TYPES.manifest) is not None:
        others.append(TYPES)
    findings: list[Finding] = []
    for which in (*services, *others):
        component, found = load_component(tree, which)
        needs = component.requires if component is not None else ()
        if changed is not None and not (touched(changed, which.path) or any(n.manifest in changed for n in needs)):
            continue
        findings += found
        if component is None:
            continue
        for needed in component.requires:
            if tree.read(needed.manifest) is None:
                where = component.document.place("roles" if needed.kind is Kind.ROLE else "tosca_types", needed.name)
                findings.append(finding("CMP1010", f"there is no {needed.kind} {needed.name!r} here", where,
                                        did_you_mean(needed.name, roles)))  # fmt: skip
        if isinstance(component, Service) and tree.read(component.template) is None:
            findings.append(finding("CMP1011", "the service has no template", Place(component.template)))
    return tuple(findings)


def touched(changed: Set[str], folder: str) -> bool:
    """Whether one of the changed paths is a folder's."""
    return any(path.startswith(f"{folder}/") for path in changed)


def check_federation(tree: Tree) -> tuple[Finding, ...]:
    """Every file of `federation/`."""
    try:
        return (*read_federation(tree)[1], *read_keys(tree)[1])
    except MattoneError as error:
        return (finding("FED1014", error.message, error.place or Place("federation"), error.hint),)


def check_workspace(committed: Tree) -> tuple[Finding, ...]:
    """Files in git where every clone keeps its own state: a pull would put them over an operator's journal."""
    hint = f"`git rm -r --cached {WORKSPACE}`, and keep it out of git"
    return tuple(
        finding("DEP1015", "the workspace's folder must not be in git", Place(path), hint)
        for path in committed.files(WORKSPACE)
    )


def templates(tree: Tree) -> tuple[str, ...]:
    """The paths of all service templates and type files."""
    found = [f"{ComponentId(Kind.SERVICE, name).path}/template.yaml" for name in names(tree, Kind.SERVICE)]
    types = (path for path in tree.files(TYPES.path) if path.endswith(".yaml") and path.count("/") == 1)
    return (*found, *(path for path in types if path != TYPES.manifest))
