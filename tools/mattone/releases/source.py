"""Opens what plans are made from: one reading of the log, the tags and the tree of a revision."""

from __future__ import annotations

from collections.abc import Mapping

from mattone.git import Repository
from mattone.platform.site import cache_folder
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.claims import Claims
from mattone.releases.demands import Comparing
from mattone.releases.lineage import TAGS, lineages
from mattone.releases.log import read_history
from mattone.releases.memory import Memory
from mattone.releases.plan import Source
from mattone.releases.settings import ReleaseSettings, load_release_settings


def open_source(
    repository: Repository, revision: str, tags: Mapping[str, str] | None = None, waivers: Tree | None = None
) -> tuple[Source, ReleaseSettings]:
    """What a plan of a revision's releases is made from, and the settings of `release/` there.

    tags     every tag (ref to commit); those of the clone when not given
    waivers  the tree whose waivers count; that of the revision when not given
    Raises InputError and FindingsError: no such commit, a shallow clone, settings or manifests that are bad.
    """
    history = read_history(repository, revision)
    tree = RevisionTree(repository, history.revision)
    settings = load_release_settings(tree)
    found = lineages(settings.components(tree), repository.refs(TAGS) if tags is None else tags, history)
    demands = Comparing(repository, tree, Memory(cache_folder() / "comparisons", repository.root), waivers)
    return Source(tree, history, found, Claims(settings), demands), settings
