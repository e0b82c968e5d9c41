"""Making releases: finish what was begun, plan, build, land in one transaction, publish.

Killed before the transaction, a release has not happened: there are objects that nothing leads to.
Killed after it, the release is there. Should git itself be killed while it writes the refs, the
branch is the first: its commit names the tags, and the next run makes those that are missing. What
is published is found missing by its tag. So every run begins with what the last one left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mattone.errors import MattoneError, TransientError
from mattone.forges.interface import Release
from mattone.git import ZERO, RefChange, RefMoved, Repository
from mattone.platform.components import ComponentId, load_component
from mattone.platform.site import Site
from mattone.platform.tree import RevisionTree
from mattone.releases.assets import assets_of
from mattone.releases.changelog import Changelogs, section_of
from mattone.releases.claims import effective
from mattone.releases.files import changed_files, sections
from mattone.releases.lineage import TAGS, parsed
from mattone.releases.log import Logged
from mattone.releases.model import Plan
from mattone.releases.objects import make, make_tags, tags_of
from mattone.releases.plan import Source, make_plan
from mattone.releases.settings import ReleaseSettings
from mattone.releases.source import open_source
from mattone.releases.targets import State, Target
from mattone.versions import Version

ATTEMPTS = 20  # each one that fails means that somebody else moved the branch meanwhile


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: the plan it carried out, the tags that an earlier run had left to do, what it published."""

    plan: Plan
    commit: str
    finished: tuple[str, ...]
    published: tuple[str, ...]


def release(site: Site, target: Target, only: Sequence[str], label: str, on_step: Callable[[str], None]) -> Outcome:
    """Release what there is to release, once, whoever else does the same at this moment.

    site         the clone that lends its objects and settings
    only, label  as for `make_plan`
    Raises InputError, FindingsError, PolicyDenied, HostError (signing), TransientError (too busy a branch).
    """
    repository, finished = site.repository, list[str]()
    for _ in range(ATTEMPTS):
        state = target.look()
        source, settings = open_source(repository, state.commit, state.tags)
        try:
            left = _finish(repository, target, state, source)
            if left:
                finished += left
                continue
            plan = make_plan(source, only, label)
            commit = _land(repository, target, state, source, settings, plan) if plan.releases else state.commit
        except RefMoved:
            on_step("somebody else was faster; looking again")
            continue
        published = _publish(site, target, on_step)
        return Outcome(plan, commit, tuple(finished), published)
    raise TransientError(f"the branch moved {ATTEMPTS} times while releasing from it", hint="try again")


def _land(
    repository: Repository, target: Target, state: State, source: Source, settings: ReleaseSettings, plan: Plan
) -> str:
    """The one moment at which a plan's releases happen; returns their commit."""
    changelogs = Changelogs(settings.template, datetime.now(UTC).date().isoformat())
    texts = sections(source.tree, plan, changelogs)
    files = changed_files(source.tree, plan, texts)
    made = make(repository, plan, files, texts)
    target.ready(tuple(files))
    target.move(made.changes(state.branch))
    target.settle(tuple(files))
    return made.commit


def _finish(repository: Repository, target: Target, state: State, source: Source) -> tuple[str, ...]:
    """Make the tags that the newest release's commit names and that are not there; returns them."""
    commit = _newest(source)
    if commit is None:
        return ()
    if commit.id == state.commit:
        target.settle(commit.paths)
    at = RevisionTree(repository, commit.id)
    components = {component.path: component for component in source.lineages}
    named = {tag: components.get(tag.rpartition("/v")[0]) for tag in tags_of(commit.message)}
    missing = [tag for tag, component in named.items() if TAGS + tag not in state.tags and _stated(at, component, tag)]
    if not missing:
        return ()
    tags = make_tags(repository, commit.id, {tag: f"{tag}\n" for tag in missing})
    target.move([RefChange(TAGS + name, tag, ZERO) for name, tag in tags.items()])
    return tuple(missing)


def _newest(source: Source) -> Logged | None:
    """The newest commit of a release, None when there is none or it was reverted."""
    for position, commit in enumerate(source.history.commits):
        if tags_of(commit.message):
            _, taken = effective(source.history.commits[: position + 1])
            return None if commit.id in taken else commit
    return None


def _stated(tree: RevisionTree, component: ComponentId | None, tag: str) -> bool:
    """Whether the manifest states the version of a tag; a message alone makes no release."""
    manifest = load_component(tree, component)[0] if component is not None else None
    return manifest is not None and manifest.version == parsed(tag.rpartition("/v")[2])


def _publish(site: Site, target: Target, on_step: Callable[[str], None]) -> tuple[str, ...]:
    """Publish the newest version of every component that is not; returns the tags.

    One that cannot be published does not keep the others from it; then the first error is raised at the end.
    """
    done = target.published()
    if done is None:
        return ()
    target.settle(())
    repository = site.repository
    found: list[str] = []
    failed: MattoneError | None = None
    state = target.look()
    source, _ = open_source(repository, state.commit, state.tags)
    for lineage in source.lineages.values():
        newest = lineage.newest
        if newest is None or newest.tag in done or not newest.tag.startswith(f"{lineage.component.path}/"):
            continue
        tree = RevisionTree(repository, newest.commit)
        if not _stated(tree, lineage.component, newest.tag):
            continue
        on_step(f"publishing {newest.tag}")
        try:
            target.publish(_published(site, lineage.component, newest.tag, newest.commit, tree))
        except MattoneError as error:
            on_step(f"{newest.tag} is released, and could not be published: {error.message}")
            failed = failed or error
        else:
            found.append(newest.tag)
    if failed is not None:
        raise failed
    return tuple(found)


def _published(site: Site, component: ComponentId, tag: str, commit: str, tree: RevisionTree) -> Release:
    version = Version.parse(tag.rpartition("/v")[2])
    changelog = (tree.read(f"{component.path}/CHANGELOG.md") or b"").decode("utf-8", "replace")
    return Release(
        tag=tag,
        name=f"{component} {version}",
        description=section_of(changelog, version),
        released_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        assets=assets_of(site, component, commit, version),
    )
