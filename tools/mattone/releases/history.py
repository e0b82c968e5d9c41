"""Every version of a component: what its number claims over the one before, and what its changes demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from mattone.compat.changes import Comparison
from mattone.compat.sides import Source, compare, component_of
from mattone.errors import InputError
from mattone.git import Repository
from mattone.platform.components import ComponentId
from mattone.platform.tree import RevisionTree
from mattone.releases.arithmetic import step
from mattone.releases.claims import Claims
from mattone.releases.demands import as_demand
from mattone.releases.lineage import TAGS, Tagged, parsed
from mattone.releases.log import read_history
from mattone.releases.model import Demand
from mattone.releases.settings import COMPONENTS, CONVENTIONAL, ReleaseSettings, load_release_settings
from mattone.versions import Bump, Version


class Verdict(StrEnum):
    """What is to be said of a version's number."""

    FIRST = "first"
    PRE_RELEASE = "pre-release"
    RIGHT = "right"
    TOO_LOW = "TOO LOW"
    HIGH = "higher than needed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One version.

    before   the version that it is compared with: the highest below it, from which people move; None for the first
    claimed  what the step from that number to this one says
    commits  what the messages of the commits between claim
    demand   what the difference demands
    date     of its commit, as in 2026-03-01
    """

    tagged: Tagged
    date: str
    before: Tagged | None
    claimed: Bump
    commits: Bump
    demand: Demand

    @property
    def verdict(self) -> Verdict:
        if self.before is None:
            return Verdict.FIRST
        if self.tagged.version.pre:
            return Verdict.PRE_RELEASE  # it may break what it likes
        if self.demand.bump > max(self.claimed, Bump.PATCH):
            return Verdict.TOO_LOW
        if self.demand.unknown and self.demand.bump < Bump.MAJOR:
            return Verdict.UNKNOWN
        needed = max(self.demand.bump, self.commits, Bump.PATCH)
        return Verdict.HIGH if self.claimed > needed else Verdict.RIGHT


@dataclass(frozen=True)
class Subject:
    """Whose versions are asked for.

    component  of this platform; None: a folder of any repository, compared as TOSCA documents
    path       that folder; "" is the whole repository
    pattern    what its tags look like, a `*` for the version
    url        of the repository, where its files name each other by it
    """

    repository: Repository
    component: ComponentId | None
    path: str
    pattern: str
    url: str = ""

    def compare(self, old: str, new: str) -> Demand:
        """What the difference between two commits demands."""
        sides = (self._side(old), self._side(new))
        found = [one for _, one in compare(*sides, url=self.url)]
        changes = tuple(change for one in found for change in one.changes)
        return as_demand(Comparison(changes, tuple(problem for one in found for problem in one.unknown)))

    def _side(self, commit: str) -> Source:
        path = "" if self.component else self.path
        return Source(commit[:12], RevisionTree(self.repository, commit), path, self.component)


def subject_of(repository: Repository, name: str, path: str, tags: str, url: str) -> Subject:
    """The component of a name, or with a path the folder of anybody's repository. Raises InputError."""
    if tags and tags.count("*") != 1:
        raise InputError(f"{tags!r} is no pattern of tags", hint="one `*` stands for the version, as in v*")
    if path:
        inside = "" if Path(path).as_posix() == "." else Path(path).as_posix().strip("/")
        return Subject(repository, None, inside, tags or _guessed(repository, name), url)
    component = component_of(RevisionTree(repository, str(repository.resolve("HEAD"))), name)
    return Subject(repository, component, component.path, tags or f"{component.path}/v*", url)


def _guessed(repository: Repository, name: str) -> str:
    patterns = (f"{name}/v*", "v*", "*")
    return next((one for one in patterns if versions(repository, one)), patterns[1])


def versions(repository: Repository, pattern: str) -> tuple[Tagged, ...]:
    """The versions of a repository whose tags look like a pattern, the lowest first."""
    shape = re.compile("(.+)".join(re.escape(part) for part in pattern.split("*", 1)))
    found: dict[Version, Tagged] = {}
    for ref, commit in sorted(repository.refs(TAGS).items()):
        tag = ref.removeprefix(TAGS)
        match = shape.fullmatch(tag)
        version = parsed(match[1]) if match is not None else None
        if version is not None:
            found.setdefault(version, Tagged(version, tag, commit))
    return tuple(found[version] for version in sorted(found))


def history(subject: Subject, on_step: Callable[[str], None]) -> Iterator[Row]:
    """One row a version, the lowest first. Raises InputError when there is no version."""
    tagged = versions(subject.repository, subject.pattern)
    if not tagged:
        raise InputError(f"{subject.repository.root} has no tags like {subject.pattern!r}", hint=_no_tags(subject))
    if subject.path and not any(_has(subject, one.commit) for one in tagged):
        raise InputError(f"no tag like {subject.pattern!r} is on a commit with {subject.path!r}",
                         hint="say with --path where the files are")  # fmt: skip
    claims = Claims(_settings(subject.repository))
    for position, one in enumerate(tagged):
        on_step(one.tag)
        full = [other for other in tagged[:position] if not other.version.pre]
        yield _row(subject, claims, one, full[-1] if full else None)


def _no_tags(subject: Subject) -> str:
    if subject.component is not None and subject.pattern == f"{subject.path}/v*":
        return "`git fetch --tags` gets those of the forge; `mattone release` makes the first"
    return "say what they are like with --tags"


def _has(subject: Subject, commit: str) -> bool:
    tree = RevisionTree(subject.repository, commit)
    return tree.read(subject.path) is not None or any(True for _ in tree.entries(subject.path))


def _settings(repository: Repository) -> ReleaseSettings:
    tree = RevisionTree(repository, str(repository.resolve("HEAD")))
    return load_release_settings(tree) if tree.read(COMPONENTS) is not None else CONVENTIONAL


def _row(subject: Subject, claims: Claims, one: Tagged, before: Tagged | None) -> Row:
    commits = read_history(subject.repository, one.commit, *([before.commit] if before else []))
    when = next((commit.when for commit in commits.commits if commit.id == one.commit), 0)
    date = datetime.fromtimestamp(when, UTC).date().isoformat() if when else ""
    if before is None:
        return Row(one, date, None, Bump.NONE, Bump.NONE, Demand())
    prefix = f"{subject.path}/" if subject.path else ""
    said = (
        claim.bump
        for commit in commits.commits
        if any(path.startswith(prefix) or path == subject.path for path in commit.paths)
        for claim in claims.of(commit)
    )
    claimed = step(before.version, one.version)
    demand = subject.compare(before.commit, one.commit)
    return Row(one, date, before, claimed, max(said, default=Bump.NONE), demand)
