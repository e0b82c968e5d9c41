"""From ranges to exact versions: the service that a deployment asks for, and all that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mattone.errors import InputError, MattoneError, Place
from mattone.pins.lock import Lock, Pin
from mattone.pins.releases import Release, Releases
from mattone.platform.components import ComponentId, Kind, Service, load_component, names
from mattone.platform.deployments import Deployment, lock_path
from mattone.platform.fields import did_you_mean
from mattone.versions import Range

_MOST_CHOICES = 1000  # until versions that exclude each other in a circle are given up
_Demands = dict[ComponentId, dict[str, Range]]  # component -> who asks -> for which range


class Conflict(InputError):
    """No version satisfies everybody who asks for a component."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves against the versions of one repository, seen from one revision."""

    releases: Releases

    def lock(self, deployment: Deployment, keep: Lock | None = None, upgrade: frozenset[str] | None = None) -> Lock:
        """Resolve a deployment.

        keep     the present lock: its pins stay where they still satisfy, so that diffs are minimal
        upgrade  component paths to move to the newest in range; the empty set moves all; None none

        Raises InputError (unknown service, no version in range) and Conflict, saying who asked
        for what.
        """
        service = ComponentId(Kind.SERVICE, deployment.service)
        kept = self._kept(keep, upgrade)
        releases = self._in_range(service, {deployment.id: deployment.version}, deployment, kept)
        first_conflict: Conflict | None = None
        for release in releases:
            try:
                return self._complete(deployment, service, release, kept)
            except Conflict as conflict:
                # An older version of the service may ask for less; the newest one's reason is told.
                first_conflict = first_conflict or conflict
        assert first_conflict is not None  # noqa: S101 - `_in_range` never returns nothing
        raise first_conflict

    def _kept(self, keep: Lock | None, upgrade: frozenset[str] | None) -> Mapping[ComponentId, Pin]:
        if keep is None or upgrade == frozenset():
            return {}
        stays = {which: pin for which, pin in keep.pins.items() if which.path not in (upgrade or ())}
        return {which: pin for which, pin in stays.items() if self._stands(which, pin)}

    def _stands(self, component: ComponentId, pin: Pin) -> bool:
        """Whether a pin's commit is here and has that version: one that is gone is resolved anew."""
        if self.releases.repository.resolve(pin.commit) is None:
            return False
        found, _ = load_component(self.releases.tree(pin.commit), component)
        return found is not None and found.version == pin.version

    def _in_range(
        self,
        component: ComponentId,
        asked: Mapping[str, Range],
        deployment: Deployment,
        kept: Mapping[ComponentId, Pin],
    ) -> tuple[Release, ...]:
        existing = self.releases.of(component)
        pin = kept.get(component)
        if pin is not None:
            others = (release for release in existing if release.version != pin.version)
            existing = (Release(pin.version, pin.commit, True), *others)
        fitting = tuple(release for release in existing if all(release.version in wanted for wanted in asked.values()))
        if not fitting:
            raise self._no_version(component, asked, existing, deployment)
        return fitting

    def _complete(
        self, deployment: Deployment, service: ComponentId, release: Release, kept: Mapping[ComponentId, Pin]
    ) -> Lock:
        chosen = {service: release}
        demands: _Demands = {service: {deployment.id: deployment.version}}
        waiting = [service]
        for _ in range(_MOST_CHOICES):
            if not waiting:
                break
            component = waiting.pop()
            for needed, wanted in self._requires(component, chosen[component]).items():
                demands.setdefault(needed, {})[component.path] = wanted
                best = self._in_range(needed, demands[needed], deployment, kept)[0]
                if chosen.get(needed) != best:
                    chosen[needed] = best
                    waiting.append(needed)
        else:
            raise Conflict(f"what {service} needs goes round in a circle: {', '.join(sorted(map(str, waiting)))}")
        asked = self._asked(deployment, service, chosen)
        return Lock(deployment.id, {which: self._pin(which, chosen[which], asked[which]) for which in asked})

    def _requires(self, component: ComponentId, release: Release) -> Mapping[ComponentId, Range]:
        found = self.releases.manifest(component, release.commit)
        if found.version != release.version:
            raise InputError(
                f"the tag {component.path}/v{release.version} is on a commit where it has version {found.version}",
                place=Place(component.manifest),
                hint="tags are made by releasing; this one was not, and its version cannot be used",
            )
        return found.requires

    def _asked(self, deployment: Deployment, service: ComponentId, chosen: Mapping[ComponentId, Release]) -> _Demands:
        """Who asks for what in the end: an earlier choice may have asked for more than the last one does."""
        demands: _Demands = {service: {deployment.id: deployment.version}}
        waiting = [service]
        while waiting:
            component = waiting.pop()
            for needed, wanted in self._requires(component, chosen[component]).items():
                if needed not in demands:
                    waiting.append(needed)
                demands.setdefault(needed, {})[component.path] = wanted
        return demands

    def _pin(self, component: ComponentId, release: Release, asked: Mapping[str, Range]) -> Pin:
        constraint = ", ".join(sorted({wanted.text for wanted in asked.values()}))
        digest = self.releases.digest(component, release.commit)
        return Pin(component, constraint, release.version, release.commit, digest, tuple(sorted(asked)))

    def _no_version(
        self,
        component: ComponentId,
        asked: Mapping[str, Range],
        existing: tuple[Release, ...],
        deployment: Deployment,
    ) -> MattoneError:
        place = deployment.document.place("version" if component.kind is Kind.SERVICE else "service")
        if not existing:
            known: tuple[str, ...] = ()
            if component.kind is not Kind.TYPES:
                known = names(self.releases.tree(self.releases.revision), component.kind)
            where = deployment.document.place("service")
            hint = did_you_mean(component.name, known)
            if component.kind is Kind.SERVICE:
                return InputError(f"the catalogue has no service {component.name!r}", place=where, hint=hint)
            asking = " and ".join(sorted(asked))
            return InputError(f"{asking} needs the {component.kind} {component.name!r}, which is not here",
                              place=where, hint=hint)  # fmt: skip
        who = "; ".join(f"{name} asks for {wanted.text}" for name, wanted in sorted(asked.items()))
        have = ", ".join(str(release.version) for release in existing[:8])
        return Conflict(f"no version of {component} satisfies all: {who}", place=place, hint=f"there are: {have}")


def verify(releases: Releases, lock: Lock, deployment: Deployment) -> None:
    """Whether a lock still fits its deployment and its pins still are what they were.

    Raises InputError at the first that does not hold: an unlocked or foreign service, a version
    out of range, a component's need that is not pinned, a commit that is gone or was never
    merged, or content that is not what was locked (a moved tag, a rewritten history, an edited
    lock).
    """
    place = Place(lock_path(deployment.id))
    stale = "run `mattone lock` and commit the result"
    if lock.deployment != deployment.id:
        raise InputError(f"this lock is for {lock.deployment}", place=place, hint=stale)
    service = lock.service
    if service.component.name != deployment.service or service.version not in deployment.version:
        raise InputError(
            f"the lock holds {service.component} {service.version}, the deployment asks for "
            f"{deployment.service} {deployment.version.text}",
            place=place,
            hint=stale,
        )
    for component, pin in lock.pins.items():
        _verify_pin(releases, lock, component, pin, place)


def _verify_pin(releases: Releases, lock: Lock, component: ComponentId, pin: Pin, place: Place) -> None:
    if releases.repository.resolve(pin.commit) is None:
        raise InputError(
            f"the commit {pin.commit[:12]} that {component} is locked to is not in this repository",
            place=place,
            hint="fetch all history and tags (`git fetch --tags --unshallow`); if it is gone, run `mattone lock`",
        )
    if not releases.merged(component, pin.commit):
        raise InputError(
            f"the commit {pin.commit[:12]} that {component} is locked to is neither merged nor a release",
            place=place,
            hint="nobody may have looked at it; merge it first, or run `mattone lock`",
        )
    manifest = releases.manifest(component, pin.commit)
    digest = releases.digest(component, pin.commit)
    if manifest.version != pin.version or digest != pin.digest:
        raise InputError(
            f"{component} {pin.version} is not what was locked: the content has {digest[:19]}…, "
            f"the lock says {pin.digest[:19]}…",
            place=place,
            hint="the lock was edited or the source rewritten; find out which before you run `mattone lock`",
        )
    for needed, wanted in manifest.requires.items():
        found = lock.pins.get(needed)
        if found is None or found.version not in wanted:
            have = f"holds {found.version}" if found else "does not name it"
            raise InputError(
                f"{component} needs {needed} {wanted.text}, the lock {have}", place=place, hint="run `mattone lock`"
            )


def service_of(releases: Releases, lock: Lock) -> Service:
    """The service's manifest at its locked commit."""
    pin = lock.service
    found = releases.manifest(pin.component, pin.commit)
    if not isinstance(found, Service):
        raise InputError(f"{pin.component} is no service", place=Place(lock_path(lock.deployment)))
    return found
