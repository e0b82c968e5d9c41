"""Any order of events, kills among them, leaves the forge as a simple model of it says."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.errors import MattoneError
from mattone.forges.interface import MergeState, Pipeline, PipelineState
from mattone.forges.local.refs import move_refs
from mattone.git import RefChange, Repository
from tests.forges.site import Site

# A step is an event and one of two branches, whose merge request is opened when it has none.
EVENTS = ["push", "pass", "pass", "fail", "approve", "approve", "approve own", "close"]
MERGES = ["merge", "merge", "merge", "merge killed 0", "merge killed 1", "merge killed 2"]
STEPS = st.tuples(st.sampled_from(EVENTS + MERGES), st.sampled_from(["one", "two"]))


class _Killed(BaseException):
    """Stands in for SIGKILL within one process: nothing in the forge may catch it."""


class Model:
    """The forge, and beside it what its merge requests must be."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder)
        self.forge = self.site.forge
        self.states: dict[int, MergeState] = {}
        self.open: dict[str, int] = {}
        self.passed: set[str] = set()
        self.approved: set[str] = set()
        self.pushes = 0

    def step(self, event: str, branch: str) -> None:
        if branch not in self.open:
            self.push(branch)
            self.open[branch] = self.forge.open(branch, "title", "", "alice").iid
            self.states[self.open[branch]] = MergeState.OPENED
        iid = self.open[branch]
        head = self.site.must_head(branch)
        key = f"{iid} {head}"
        if event == "push":
            self.push(branch)
        elif event == "pass":
            self.forge.set_pipeline(iid, Pipeline(head, PipelineState.SUCCESS))
            self.passed.add(key)
        elif event == "fail":
            self.forge.set_pipeline(iid, Pipeline(head, PipelineState.FAILED))
            self.passed.discard(key)
        elif event == "approve":
            self.forge.approve(iid, "bob")
            self.approved.add(key)
        elif event == "approve own":
            assert not done(lambda: self.forge.approve(iid, "alice"))
        elif event == "close":
            self.forge.close(iid, "bob")
            self.end(branch, MergeState.CLOSED)
        else:
            self.merge(event, branch, head, allowed=key in self.passed & self.approved)

    def merge(self, event: str, branch: str, head: str, *, allowed: bool) -> None:
        iid = self.open[branch]
        if event == "merge":
            assert done(lambda: self.forge.merge(iid, "bob", head)) == allowed
        else:
            changes = int(event[-1])
            self.killed_merge(iid, head, changes)
            allowed = allowed and changes > 0
        if allowed:
            self.end(branch, MergeState.MERGED)

    def killed_merge(self, iid: int, head: str, changes: int) -> None:
        """A merge that is killed when that many of its last changes to refs are made."""

        def part(repository: Repository, all_changes: Sequence[RefChange]) -> None:
            move_refs(repository, all_changes[:changes])
            raise _Killed

        with mock.patch("mattone.forges.local.merging.move_refs", part):
            try:
                done(lambda: self.forge.merge(iid, "bob", head))
            except _Killed:
                return

    def push(self, branch: str) -> None:
        self.pushes += 1
        self.site.push(branch, {f"{branch}.txt": b"%d\n" % self.pushes})

    def end(self, branch: str, state: MergeState) -> None:
        self.states[self.open.pop(branch)] = state

    def check(self) -> None:
        found = self.forge.merge_requests()
        assert {request.iid: request.state for request in found} == self.states
        merges = [request.merge_commit for request in found if request.state is MergeState.MERGED]
        assert sorted(self.site.trunk()[:-1]) == sorted(merges)


def done(act: Callable[[], object]) -> bool:
    try:
        act()
    except MattoneError:
        return False
    return True


@settings(max_examples=6, deadline=None)
@given(st.lists(STEPS, min_size=12, max_size=20))
def test_any_interleaving_of_events_and_kills_keeps_the_forge_consistent(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder))
        for event, branch in steps:
            model.step(event, branch)
            model.check()
        model.forge.close_reader()
