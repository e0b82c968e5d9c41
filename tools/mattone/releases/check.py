"""Whether what a merge request claims is what its changes demand: a larger claim is fine, a smaller one is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from mattone.errors import InputError
from mattone.git import Repository
from mattone.platform.components import ComponentId
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.claims import Claim
from mattone.releases.demands import RENAMED, accepted, compare, without
from mattone.releases.lineage import TAGS, Lineage, lineages
from mattone.releases.log import Logged
from mattone.releases.model import Demand, Reason
from mattone.releases.plan import Source, claimed_for, entries_of
from mattone.releases.settings import ReleaseSettings
from mattone.releases.source import open_source
from mattone.versions import Bump


@dataclass(frozen=True, slots=True)
class Judgement:
    """What commits and title claim for a component, and what the changes demand.

    title  None: there is none that counts
    """

    component: ComponentId
    commits: Bump
    title: Bump | None
    demand: Demand

    @property
    def claimed(self) -> Bump:
        """The least of what is claimed: both must be true."""
        return self.commits if self.title is None else min(self.commits, self.title)

    @property
    def short(self) -> bool:
        """Whether less is claimed than demanded. A patch needs no claim: it is what any release is at least."""
        return max(self.claimed, Bump.PATCH) < self.demand.bump


@dataclass(frozen=True, slots=True)
class Change:
    """A merge request: `base..head` as revisions, its title ("" when there is none), and how it will be merged.

    squash  its commits become one with the title as subject, so that the title alone counts
    """

    base: str
    head: str
    title: str = ""
    squash: bool = False

    @classmethod
    def parse(cls, text: str, title: str, squash: bool) -> Change:
        """From `BASE..HEAD` (or three dots; HEAD may be left out). Raises InputError."""
        base, dots, head = text.partition("..")
        if not base or not dots:
            raise InputError(f"{text!r} is no range of commits", hint="write BASE..HEAD, as in origin/main..HEAD")
        if squash and not title:
            raise InputError("a squashed merge has the title for its subject", hint="give it with --title")
        return cls(base, head.lstrip(".") or "HEAD", title, squash)


def judge(repository: Repository, change: Change) -> tuple[Judgement, ...]:
    """A judgement of every component that the change touched. Raises InputError, FindingsError."""
    base = _merge_base(repository, change)
    old = RevisionTree(repository, base)
    source, settings = open_source(repository, change.head, waivers=old)  # nobody waives their own findings
    source = _with_removed(source, settings, old, repository)
    commits = source.history.without([base])[0]
    waivers = accepted(old)
    titled = source.claims.title(change.title)
    touched = frozenset(one for commit in commits for one in source.touched(commit))
    found = []
    for lineage in source.lineages.values():
        if lineage.component in touched:
            claimed = _claimed(source, lineage.component, commits)
            title = _titled(lineage.component, titled, touched) if titled or change.squash else None
            if change.squash and title is not None:
                claimed = title
            demand = _demand(source, lineage, old, claimed)
            found.append(Judgement(lineage.component, claimed, title, without(demand, waivers)))
    return tuple(found)


def _merge_base(repository: Repository, change: Change) -> str:
    for revision in (change.base, change.head):
        if repository.resolve(revision) is None:
            hint = "`git fetch` the target branch first"
            raise InputError(f"{revision!r} names no commit in {repository.root}", hint=hint)
    base = repository.merge_base(change.base, change.head)
    if base is None:
        raise InputError(f"{change.base!r} and {change.head!r} have no commit in common")
    return base


def _with_removed(source: Source, settings: ReleaseSettings, old: Tree, repository: Repository) -> Source:
    """The source with the components that were there before and are gone, not moved, too."""
    folders = {folder for lineage in source.lineages.values() for folder in lineage.folders}
    gone = tuple(one for one in settings.components(old) if one.path not in folders)
    if not gone:
        return source
    every = (*source.lineages, *gone)
    return replace(source, lineages=lineages(every, repository.refs(TAGS), source.history))


def _claimed(source: Source, component: ComponentId, commits: Sequence[Logged]) -> Bump:
    entries = entries_of(source, component, source.touching(component, commits))
    return max((entry.bump for entry in entries), default=Bump.NONE)


def _titled(component: ComponentId, claims: Iterable[Claim], touched: Collection[ComponentId]) -> Bump:
    return max((claimed_for(component, claim, touched) for claim in claims), default=Bump.NONE)


def _demand(source: Source, lineage: Lineage, old: Tree, claimed: Bump) -> Demand:
    """What the change demands; what nobody has seen yet, since the last release, cannot be broken."""
    component = lineage.component
    if old.read(component.manifest) is not None:
        demand = compare(old, source.tree, component)
    elif len(lineage.folders) > 1:
        demand = Demand((Reason(RENAMED, Bump.MAJOR, f"was {lineage.folders[1]}: who names it must change"),))
    else:
        return Demand()  # a new one: its first version is the one that it states
    if lineage.last is None or demand.bump <= max(claimed, Bump.PATCH):
        return demand
    since = source.demands(lineage)
    return since if since.bump < demand.bump else demand
