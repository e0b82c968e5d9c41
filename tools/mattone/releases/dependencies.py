"""What requires what: a release that leaves the range of another component makes that one's release too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mattone.platform.components import Component, ComponentId
from mattone.releases.arithmetic import next_version
from mattone.releases.lineage import Lineage
from mattone.releases.model import ComponentRelease, Demand, NewRange
from mattone.versions import Bump, Range, Version

_SIMPLE = re.compile(r"(?P<sign>[~^]?)\s*\d+(?P<minor>\.\d+)?(?P<patch>\.\d+)?")

Planned = Mapping[ComponentId, ComponentRelease]


def with_dependents(
    planned: Planned, manifests: Mapping[ComponentId, Component], lineages: Mapping[ComponentId, Lineage]
) -> dict[ComponentId, ComponentRelease]:
    """The planned releases with those of all components whose ranges they leave, which move.

    Goes on until nothing changes: a moved range is a release that may itself leave a range. Bumps
    only grow, so it ends, in a circle of roles too.
    """
    found = dict(planned)
    changed = True
    while changed:
        changed = False
        for component, manifest in manifests.items():
            ranges = _left_ranges(manifest, found)
            if ranges and ranges != (found[component].ranges if component in found else ()):
                found[component] = _moved(manifest, lineages[component], found.get(component), ranges)
                changed = True
    return found


def _left_ranges(manifest: Component, planned: Planned) -> tuple[NewRange, ...]:
    found = []
    for requirement, wanted in sorted(manifest.requires.items(), key=lambda item: item[0].path):
        release = planned.get(requirement)
        if release is not None and release.last is not None and _left(wanted, release.last.version, release.version):
            found.append(NewRange(requirement, release.version, wanted.text, moved_range(wanted, release.version)))
    return tuple(found)


def _left(wanted: Range, before: Version, now: Version) -> bool:
    """Whether a range held the version before and does not hold the new one; another never fitted, and stays."""
    return before in wanted and now not in wanted


def moved_range(old: Range, version: Version) -> str:
    """A range in the style of the old one that holds a version: `^1.2` becomes `^2.0` for 2.0.0."""
    style = _SIMPLE.fullmatch(old.text.strip())
    if style is None:
        return f"^{version.major}.{version.minor}"
    numbers = str(version).split(".")[: 3 if style["patch"] else 2 if style["minor"] else 1]
    return style["sign"] + ".".join(numbers)


def _moved(
    manifest: Component, lineage: Lineage, release: ComponentRelease | None, ranges: tuple[NewRange, ...]
) -> ComponentRelease:
    """A release, or a new one, that moves ranges: at least a patch."""
    last = lineage.last
    bump = max(release.bump if release else Bump.NONE, Bump.PATCH)
    taken = {*lineage.elsewhere, *(tagged.version for tagged in lineage.released)}
    version = next_version(last.version if last else None, bump, manifest.version, taken)
    assert version is not None  # noqa: S101 - the bump is a patch at least
    if release is None:
        return ComponentRelease(manifest.id, last, version, Bump.NONE, Demand(), (), ranges)
    return replace(release, version=version, ranges=ranges)


def ordered(
    releases: Iterable[ComponentRelease], manifests: Mapping[ComponentId, Component]
) -> tuple[ComponentRelease, ...]:
    """Releases so that what is required comes first; by path where nothing decides."""
    by_component = {release.component: release for release in releases}
    found: dict[ComponentId, ComponentRelease] = {}

    def visit(component: ComponentId, above: frozenset[ComponentId]) -> None:
        if component in above or component in found or component not in manifests:
            return
        for requirement in sorted(manifests[component].requires, key=str):
            visit(requirement, above | {component})
        if component in by_component:
            found[component] = by_component[component]

    for component in sorted(by_component, key=str):
        visit(component, frozenset())
    return tuple(found.values())
