"""What is to be released, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from mattone.errors import Place
from mattone.platform.components import ComponentId
from mattone.releases.claims import Claim
from mattone.releases.lineage import Tagged
from mattone.versions import Bump, Version


@dataclass(frozen=True, slots=True)
class Entry:
    """What one commit says of a component; `bump` is what counts for it (see `claimed_for`)."""

    commit: str
    claim: Claim
    bump: Bump


@dataclass(frozen=True, slots=True)
class Reason:
    """One change that was found by comparing, and the bump it demands."""

    rule: str
    bump: Bump
    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What the difference between two states of a component demands.

    reasons   every change, what demands most first
    unknown   what could not be decided, and why: then the demand may be higher
    """

    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def bump(self) -> Bump:
        return max((reason.bump for reason in self.reasons), default=Bump.NONE)


@dataclass(frozen=True, slots=True)
class NewRange:
    """A range in a manifest that has to move, since `version` of what is required leaves it."""

    requirement: ComponentId
    version: Version
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ComponentRelease:
    """The next release of one component.

    last       its newest release that is no pre-release, None for the first
    version    the version it gets, with the tag `tag`
    claimed    the largest bump that its commits claim; `demand` is what the changes demand
    stated     whether the version is the one that the manifest states, beyond what both ask for
    """

    component: ComponentId
    last: Tagged | None
    version: Version
    claimed: Bump
    demand: Demand
    entries: tuple[Entry, ...]
    ranges: tuple[NewRange, ...] = ()
    stated: bool = False

    @property
    def tag(self) -> str:
        return f"{self.component.path}/v{self.version}"

    @property
    def demanded(self) -> Bump:
        return self.demand.bump

    @property
    def bump(self) -> Bump:
        """What the release is: the larger of claimed and demanded, a patch when only a range moves."""
        return max(self.claimed, self.demanded, Bump.PATCH if self.ranges else Bump.NONE)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next releases from a commit, what others require before what requires it."""

    commit: str
    releases: tuple[ComponentRelease, ...]

    @property
    def subject(self) -> str:
        """The subject of the commit that makes them."""
        names = [f"{release.component} {release.version}" for release in self.releases]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"chore(release): {shown}"
