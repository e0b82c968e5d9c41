"""What the difference between a component's last release and now demands, found by comparing both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mattone.git import Repository
from mattone.platform.components import ComponentId
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.lineage import Lineage
from mattone.releases.memory import Memory
from mattone.releases.model import Demand, Reason
from mattone.versions import Bump

if TYPE_CHECKING:
    from mattone.compat.changes import Comparison

RENAMED = "REL1001"


class Comparing:
    """Compares a tree with the last releases of its components."""

    def __init__(self, repository: Repository, new: RevisionTree, memory: Memory | None = None) -> None:
        """`memory` remembers what was compared before."""
        self._repository = repository
        self._new = new
        self._memory = memory
        self._old: dict[str, RevisionTree] = {}

    def __call__(self, lineage: Lineage) -> Demand:
        """What the changes since the last release demand; nothing when there was none."""
        last = lineage.last
        if last is None:
            return Demand()
        if lineage.renamed:
            return Demand((Reason(RENAMED, Bump.MAJOR, f"was {lineage.folders[1]}: who names it must change"),))
        old = self._old.setdefault(last.commit, RevisionTree(self._repository, last.commit))
        if self._memory is None:
            return compare(old, self._new, lineage.component)
        return self._memory.demand(
            old, self._new, lineage.component, lambda one, other: compare(one, other, lineage.component)
        )


def compare(old: Tree, new: Tree, component: ComponentId) -> Demand:
    """What the difference between two trees demands of a component's next version."""
    from mattone.compat.compare import compare_components

    return as_demand(compare_components(old, new, component))


def as_demand(found: Comparison) -> Demand:
    """A comparison as what it demands."""
    reasons = (Reason(one.id, one.bump, f"{one.subject}: {one.why}", one.place) for one in found.changes)
    return Demand(tuple(reasons), tuple(f"{one.place}: {one.message}" for one in found.unknown))
