"""What the difference between a component's last release and now demands, found by comparing both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mattone.errors import Place
from mattone.findings import Finding, Severity
from mattone.git import Repository
from mattone.platform.components import ComponentId
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.lineage import Lineage
from mattone.releases.memory import Memory
from mattone.releases.model import Demand, Reason
from mattone.versions import Bump

if TYPE_CHECKING:
    from mattone.checks.waivers import Waiver
    from mattone.compat.changes import Comparison

WAIVERS = "waivers.yaml"
RENAMED = "REL1001"


class Comparing:
    """Compares a tree with the last releases of its components."""

    def __init__(
        self, repository: Repository, new: RevisionTree, memory: Memory | None = None, waivers: Tree | None = None
    ) -> None:
        """`memory` remembers what was compared before; `waivers` is the tree whose waivers count (the new one)."""
        self._repository = repository
        self._new = new
        self._memory = memory
        self._waivers = accepted(waivers or new)
        self._old: dict[str, RevisionTree] = {}

    def __call__(self, lineage: Lineage) -> Demand:
        """What the changes since the last release demand; nothing when there was none."""
        last = lineage.last
        if last is None:
            return Demand()
        if lineage.renamed:
            return Demand((Reason(RENAMED, Bump.MAJOR, f"was {lineage.folders[1]}: who names it must change"),))
        old = self._old.setdefault(last.commit, RevisionTree(self._repository, last.commit))
        component = lineage.component
        if self._memory is None:
            found = compare(old, self._new, component)
        else:
            found = self._memory.demand(old, self._new, component, lambda one, other: compare(one, other, component))
        return without(found, self._waivers)


def accepted(tree: Tree) -> tuple[Waiver, ...]:
    """The waivers of a tree that hold today."""
    data = tree.read(WAIVERS)
    if data is None:
        return ()
    from mattone.checks.waivers import read_waivers

    return tuple(read_waivers(WAIVERS, data, datetime.now(UTC).date())[0])


def without(demand: Demand, waivers: Sequence[Waiver]) -> Demand:
    """A demand without the changes that waivers accept."""
    if not waivers:
        return demand
    standing = (one for one in demand.reasons if not any(waiver.covers(_finding(one)) for waiver in waivers))
    return replace(demand, reasons=tuple(standing))


def _finding(reason: Reason) -> Finding:
    return Finding(reason.rule, Severity.ERROR, reason.message, reason.place or Place(""))


def compare(old: Tree, new: Tree, component: ComponentId) -> Demand:
    """What the difference between two trees demands of a component's next version."""
    from mattone.compat.compare import compare_components

    return as_demand(compare_components(old, new, component))


def as_demand(found: Comparison) -> Demand:
    """A comparison as what it demands."""
    reasons = (Reason(one.id, one.bump, f"{one.subject}: {one.why}", one.place) for one in found.changes)
    return Demand(tuple(reasons), tuple(f"{one.place}: {one.message}" for one in found.unknown))
