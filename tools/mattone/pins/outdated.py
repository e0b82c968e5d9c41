"""What of a lock could move: to the newest in range, to the newest there is, and who holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mattone import digests
from mattone.errors import MattoneError, Place
from mattone.pins.charts import ChartRef
from mattone.pins.complete import World, make_lock
from mattone.pins.external import External, ExternalKind
from mattone.pins.lock import Lock
from mattone.pins.origins import ArchiveOrigin, GitOrigin
from mattone.pins.releases import Releases
from mattone.pins.sources import GitSource
from mattone.platform.components import ComponentId
from mattone.platform.deployments import Deployment
from mattone.versions import Range


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a lock.

    in_range  what `mattone lock --upgrade` would take
    newest    the newest release, whatever ranges say; empty when nobody can tell
    held_by   who asks for a range that the newest is not in
    """

    name: str
    kind: str
    current: str
    in_range: str
    newest: str
    held_by: tuple[str, ...] = ()

    @property
    def movable(self) -> bool:
        return self.in_range != self.current or self.newest not in {"", self.current}


def outdated(releases: Releases, deployment: Deployment, lock: Lock, world: World) -> tuple[Row, ...]:
    """Every entry of a lock, components first. Raises what `make_lock` raises."""
    best = make_lock(releases, deployment, world, lock, frozenset()).lock
    rows = [
        _component(releases, deployment, lock, best, which) for which in sorted(lock.pins, key=lambda one: one.path)
    ]
    return (*rows, *_elsewhere(lock, best, world))


def _component(releases: Releases, deployment: Deployment, lock: Lock, best: Lock, which: ComponentId) -> Row:
    pin, moved = lock.pins[which], best.pins.get(which)
    versions = [release.version for release in releases.of(which) if not release.version.pre]
    newest = max([pin.version, *versions])
    held = tuple(
        f"{asker} ({wanted.text})"
        for asker, wanted in _asking(releases, deployment, best if moved else lock, which)
        if newest not in wanted
    )
    in_range = _shown(str(moved.version), moved.digest, str(pin.version), pin.digest) if moved else "not needed"
    return Row(which.path, which.kind.value, str(pin.version), in_range, str(newest), held)


def _asking(releases: Releases, deployment: Deployment, lock: Lock, which: ComponentId) -> Iterator[tuple[str, Range]]:
    if which == lock.service.component:
        yield deployment.id, deployment.version
    for other, pin in lock.pins.items():
        wanted = releases.manifest(other, pin.commit).requires.get(which)
        if wanted is not None:
            yield other.path, wanted


def _elsewhere(lock: Lock, best: Lock, world: World) -> Iterator[Row]:
    moved: dict[tuple[str, str, str], list[External]] = {}
    for entry in best.external:
        moved.setdefault((entry.kind.value, entry.name, entry.constraint), []).append(entry)
    by_name = {(entry.kind.value, entry.name): entry for entry in best.external}
    for entry in lock.external:
        same = moved.get((entry.kind.value, entry.name, entry.constraint), [])
        other = same[0] if same else by_name.get((entry.kind.value, entry.name))
        in_range = (
            _shown(other.version, other.commit or other.digest, entry.version, entry.commit or entry.digest)
            if other
            else "not needed"
        )
        newest = _newest(entry, world)
        held: tuple[str, ...] = ()
        if newest and other is not None and newest != other.version and other.constraint:
            held = tuple(f"{asker} ({other.constraint})" for asker in other.required_by)
        yield Row(entry.name, entry.kind.value, entry.version or digests.short(entry.digest), in_range, newest, held)


def _shown(version: str, content: str, before: str, content_before: str) -> str:
    """A version; with its commit or digest when that alone differs, as it does for branches and moved tags."""
    if version == before and content != content_before:
        return f"{version}@{digests.short(content)}"
    return version or digests.short(content)


def _newest(entry: External, world: World) -> str:
    try:
        if entry.kind is ExternalKind.CHART and entry.source.startswith("http"):
            return world.charts.versions(ChartRef(entry.name, "", entry.source, Place(entry.name)))[0].version
        if entry.kind not in {ExternalKind.ROLE, ExternalKind.COLLECTION}:
            return ""
        if entry.commit:
            return GitOrigin(GitSource.at(entry.source)).candidates("")[0].version
        if entry.source == world.galaxy.address:
            return world.galaxy.collection(entry.name).candidates("")[0].version
        return ArchiveOrigin(entry.source).candidates(entry.version)[0].version
    except MattoneError:
        return ""


def as_rows(found: Mapping[str, tuple[Row, ...]], everything: bool) -> list[dict[str, object]]:
    """Rows for a table or JSON, with their deployment; those that cannot move are left out unless all are asked for."""
    return [
        {
            "deployment": deployment,
            "name": row.name,
            "kind": row.kind,
            "current": row.current,
            "in_range": row.in_range,
            "newest": row.newest,
            "held_by": list(row.held_by),
        }
        for deployment, rows in sorted(found.items())
        for row in rows
        if everything or row.movable
    ]
