"""From the history of a revision to the next release of every component."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mattone.errors import InputError
from mattone.platform.components import Component, ComponentId, Kind, load_component
from mattone.platform.fields import did_you_mean
from mattone.platform.refuse import refuse
from mattone.platform.tree import Tree
from mattone.releases.arithmetic import next_version
from mattone.releases.claims import Claim, Claims, effective
from mattone.releases.dependencies import ordered, with_dependents
from mattone.releases.lineage import Lineage, Tagged, Touched
from mattone.releases.log import History, Logged
from mattone.releases.model import ComponentRelease, Demand, Entry, Plan
from mattone.versions import Bump

_LABEL = re.compile(r"[A-Za-z][0-9A-Za-z-]*")

Demands = Callable[[Lineage], Demand]


@dataclass(frozen=True)
class Source:
    """What a plan is made from: the tree of a commit, its history, every component with its lineage.

    `demands` compares a component's last release with the tree; it is asked only for components
    that commits touched.
    """

    tree: Tree
    history: History
    lineages: Mapping[ComponentId, Lineage]
    claims: Claims
    demands: Demands

    @cached_property
    def _touched(self) -> Touched:
        return Touched(self.lineages.values())

    def touched(self, commit: Logged) -> Collection[ComponentId]:
        """The components that a commit touched."""
        return self._touched.by(commit)

    def touching(self, component: ComponentId, commits: Sequence[Logged]) -> tuple[Logged, ...]:
        """Those of the commits that touched a component."""
        return tuple(commit for commit in commits if component in self._touched.by(commit))


def make_plan(source: Source, only: Sequence[str] = (), label: str = "") -> Plan:
    """The next releases of all components, or of those named by path and of what they break.

    label   make pre-releases of it, as in `rc`; what requires the component is then left alone
    Raises InputError (an unknown component), FindingsError (a manifest is bad).
    """
    if label and not _LABEL.fullmatch(label):
        raise InputError(f"{label!r} is no label of a pre-release", hint="letters, digits and hyphens, as in rc")
    chosen = _chosen(source, only)
    manifests = {component: _manifest(source.tree, component) for component in source.lineages}
    lasts = [lineage.last for lineage in source.lineages.values()]
    since = source.history.without(last.commit if last else None for last in lasts)
    unreleased = dict(zip(source.lineages, since, strict=True))
    planned: dict[ComponentId, ComponentRelease] = {}
    for component in chosen:
        release = _release(source, manifests[component], unreleased[component], label)
        if release is not None:
            planned[component] = release
    if not label:
        planned = with_dependents(planned, manifests, source.lineages)
    return Plan(source.history.revision, ordered(planned.values(), manifests))


def _chosen(source: Source, only: Sequence[str]) -> tuple[ComponentId, ...]:
    by_path = {component.path: component for component in source.lineages}
    for path in only:
        if path.rstrip("/") not in by_path:
            raise InputError(f"there is no component {path!r}", hint=did_you_mean(path, by_path))
    return tuple(by_path[path.rstrip("/")] for path in only) or tuple(by_path.values())


def _manifest(tree: Tree, component: ComponentId) -> Component:
    found, findings = load_component(tree, component)
    refuse(findings)
    if found is None:
        raise InputError(f"{component.manifest} is missing")
    return found


def _release(source: Source, manifest: Component, since: Sequence[Logged], label: str) -> ComponentRelease | None:
    lineage = source.lineages[manifest.id]
    commits = source.touching(manifest.id, since)
    newest, last = lineage.newest, lineage.last
    if label and newest is not None and newest != last and not _touched_since(source, lineage, newest):
        return None
    entries = entries_of(source, lineage.component, commits)
    claimed = max((entry.bump for entry in entries), default=Bump.NONE)
    demand = source.demands(lineage) if commits and last is not None else Demand()
    taken = {*lineage.elsewhere, *(tagged.version for tagged in lineage.released)}
    bump = max(claimed, demand.bump)
    version = next_version(last.version if last else None, bump, manifest.version, taken, label)
    if version is None:
        return None
    computed = next_version(last.version, bump, last.version, taken, label) if last is not None else None
    return ComponentRelease(
        manifest.id, last, version, claimed, demand, entries, stated=last is not None and version != computed
    )


def _touched_since(source: Source, lineage: Lineage, tagged: Tagged) -> bool:
    return bool(source.touching(lineage.component, source.history.without([tagged.commit])[0]))


def entries_of(source: Source, component: ComponentId, commits: Sequence[Logged]) -> tuple[Entry, ...]:
    """What commits that touched a component say of it, newest first; reverted ones say nothing."""
    left, _ = effective(commits)
    return tuple(
        Entry(commit.id, claim, claimed_for(component, claim, source.touched(commit)))
        for commit in left
        for claim in source.claims.of(commit)
    )


def claimed_for(component: ComponentId, claim: Claim, touched: Collection[ComponentId]) -> Bump:
    """The bump that a claim means for one of the components that its commit touched.

    A commit counts for every component whose files it changed. Where its scope names some of them,
    what it claims is about those, and the others get a patch at most.
    """
    scopes = {word.strip() for word in claim.scope.split(",")}
    named = [one for one in touched if scopes & _words(one)]
    return claim.bump if not named or component in named else min(claim.bump, Bump.PATCH)


def _words(component: ComponentId) -> frozenset[str]:
    """What a scope may call a component by: path, name, folder, kind."""
    plural = "types" if component.kind is Kind.TYPES else f"{component.kind}s"
    top = component.path.split("/")[0]
    return frozenset({component.path, component.name, top, str(component.kind), plural})
