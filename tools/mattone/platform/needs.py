"""What deployments need of each other: `needs:` names others that must be applied first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from mattone.errors import InputError
from mattone.findings import Finding, finding
from mattone.platform.deployments import Deployment, find, load_deployment
from mattone.platform.fields import did_you_mean
from mattone.platform.tree import Tree


def check_needs(tree: Tree, deployments: Mapping[str, Deployment]) -> tuple[Finding, ...]:
    """Every need that is no deployment of the tree, and every circle that one of the deployments is in."""
    if not any(one.needs for one in deployments.values()):
        return ()
    paths, _ = find(tree)
    findings = tuple(found for one in deployments.values() for found in _unknown(one, paths))
    return (*findings, *_circle(tree, paths, deployments))


def _unknown(deployment: Deployment, known: Iterable[str]) -> Iterator[Finding]:
    names = tuple(known)
    for index, need in enumerate(deployment.needs):
        if need not in names:
            where = deployment.document.place("needs", index)
            yield finding("DEP1017", f"it needs {need!r}, which is no deployment", where, did_you_mean(need, names))


def _circle(tree: Tree, paths: Mapping[str, str], deployments: Mapping[str, Deployment]) -> Iterator[Finding]:
    """The first circle that is found, told at one of its deployments."""
    graph = dict(_reached(tree, paths, deployments))
    try:
        TopologicalSorter({name: one.needs for name, one in graph.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        where = graph[circle[0]].document.key_place("needs")
        told = " needs ".join(reversed(circle))
        yield finding("DEP1018", f"deployments need each other: {told}", where, "take one of these needs away")


def _reached(
    tree: Tree, paths: Mapping[str, str], deployments: Mapping[str, Deployment]
) -> Iterator[tuple[str, Deployment]]:
    """The deployments, and all that they come to need; files that cannot be read are told elsewhere."""
    seen: set[str] = set()
    ahead = list(deployments)
    while ahead:
        name = ahead.pop()
        if name in seen or name not in paths:
            continue
        seen.add(name)
        found = deployments.get(name) or _loaded(tree, paths[name])
        if found is not None:
            yield name, found
            ahead += found.needs


def _loaded(tree: Tree, path: str) -> Deployment | None:
    try:
        return load_deployment(tree, path)[0]
    except InputError:
        return None
