"""Merges that die half-way: whatever the instant, the next reader sees one consistent state.

The processes are real and die by SIGKILL. To choose the instant, the child replaces one
function of the forge with one that does part of its work and then kills its own process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from unittest import mock

import pytest

from mattone.errors import InputError, TransientError
from mattone.forges.interface import MergeState
from mattone.forges.local import LocalForge, refs, store
from mattone.git import RefChange, Repository
from tests.forges.site import Site

_SPAWN = multiprocessing.get_context("spawn")


def _die(*_arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _replace(module: str, function: Callable[..., None]) -> None:
    mock.patch(f"mattone.forges.local.{module}.move_refs", function).start()


def before_the_attempt_is_written() -> None:
    _replace("store", _die)


def before_the_branch_moves() -> None:
    _replace("merging", _die)


def _after(done: int) -> None:
    """As if git itself was killed while it wrote its transaction: the first changes are done, the rest are not."""

    def part(repository: Repository, changes: Sequence[RefChange]) -> None:
        refs.move_refs(repository, changes[:done])
        _die()

    _replace("merging", part)


def after_the_branch_moved() -> None:
    _after(1)


def after_the_merge_request_was_marked() -> None:
    _after(2)


def after_everything() -> None:
    _after(3)


def _merge(path: str, head: str, prepare: Callable[[], None] | None) -> None:
    if prepare is not None:
        prepare()
    LocalForge(Path(path)).merge(1, "bob", head)


def _killed_merge(site: Site, head: str, prepare: Callable[[], None]) -> None:
    child = _SPAWN.Process(target=_merge, args=(site.forge.url, head, prepare))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("prepare", [before_the_attempt_is_written, before_the_branch_moves])
def test_killed_before_the_branch_moves_nothing_happened_and_the_merge_can_be_repeated(
    site: Site, prepare: Callable[[], None]
) -> None:
    request = site.ready()
    before = site.head()
    _killed_merge(site, request.head, prepare)
    assert site.forge.merge_request(1) == request
    assert (site.head(), site.head("wish")) == (before, request.head)
    merged = site.forge.merge(1, "carol", request.head)
    assert (merged.merged_by, merged.merge_commit) == ("carol", site.head())
    assert len(site.trunk()) == 2


@pytest.mark.parametrize("prepare", [after_the_branch_moved, after_the_merge_request_was_marked, after_everything])
def test_killed_once_the_branch_has_moved_the_merge_request_is_merged(site: Site, prepare: Callable[[], None]) -> None:
    request = site.ready()
    _killed_merge(site, request.head, prepare)
    (listed,) = site.forge.merge_requests(MergeState.MERGED)
    assert (listed.merged_by, listed.merge_commit, listed.head) == ("bob", site.head(), request.head)
    assert site.forge.merge_request(1) == listed
    assert site.forge.merge_request_of(request.head) == listed
    with pytest.raises(InputError, match="was merged already by bob"):
        site.forge.merge(1, "bob", request.head)
    assert len(site.trunk()) == 2


def test_the_next_read_writes_the_merge_down_and_deletes_the_branch(site: Site) -> None:
    request = site.ready()
    _killed_merge(site, request.head, after_the_branch_moved)
    assert site.head("wish") == request.head
    site.forge.merge_request(1)
    assert site.head("wish") is None
    stored = site.bare.read("refs/mattone/merge-requests/1", "merge-request.json")
    assert stored is not None
    assert b'"state": "merged"' in stored


def test_commits_pushed_between_the_kill_and_the_next_read_are_not_deleted(site: Site) -> None:
    request = site.ready()
    _killed_merge(site, request.head, after_the_branch_moved)
    late = site.push("wish", {"late.txt": b"late\n"})
    now = site.forge.merge_request(1)
    assert (now.state, now.head) == (MergeState.MERGED, request.head)
    assert site.head("wish") == late


def test_an_event_in_flight_cannot_hide_a_merge_that_landed(site: Site) -> None:
    request = site.ready()
    reader = store.Store(site.bare)
    _killed_merge(site, request.head, before_the_branch_moves)
    stale = reader.read(1)
    attempt = stale.record.attempt
    assert attempt is not None
    site.bare.run("update-ref", "refs/heads/main", attempt.commit)
    reader.append(stale, stale.record.with_approval("carol", "2026-01-01T00:00:00Z"), "carol", "approved")
    assert site.forge.merge_request(1).state is MergeState.MERGED


def test_a_lock_left_by_a_killed_git_is_named_and_reading_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    request = site.ready()
    _killed_merge(site, request.head, after_the_branch_moved)
    lock = site.bare.root / "refs/mattone/merge-requests/1.lock"
    lock.touch()
    assert site.forge.merge_request(1).state is MergeState.MERGED
    monkeypatch.setattr(refs, "PATIENCE", 0.2)
    with pytest.raises(TransientError, match=r"merge-requests/1\.lock") as caught:
        site.forge.comment(1, "text", "bob")
    assert "remove it" in caught.value.hint
    lock.unlink()
    assert site.forge.comment(1, "text", "bob").id == 1


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _announced_merge(path: str, head: str, ready: Event) -> None:
    forge = LocalForge(Path(path))
    forge.merge_request(1)
    ready.set()
    forge.merge(1, "bob", head)


def _merge_killed_after(site: Site, head: str, seconds: float) -> None:
    ready = _SPAWN.Event()
    child = _SPAWN.Process(target=_announced_merge, args=(site.forge.url, head, ready))
    child.start()
    assert child.pid is not None
    assert ready.wait(120)
    time.sleep(seconds)  # the instant of the kill, not a wait for anything
    for pid in (child.pid, *_children(child.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    child.join(60)
    for lock in (*site.bare.root.glob("refs/**/*.lock"), *site.bare.root.glob("*.lock")):
        lock.unlink()


def test_killed_together_with_its_git_at_any_instant_a_later_merge_finishes_it_once(site: Site) -> None:
    request = site.ready()
    for step in range(12):
        _merge_killed_after(site, request.head, step * 0.012)
        merged = site.forge.merge_request(1).state is MergeState.MERGED
        assert merged == (len(site.trunk()) == 2)
        if merged:
            break
    else:
        site.forge.merge(1, "bob", request.head)
    assert (len(site.trunk()), site.forge.merge_request(1).state) == (2, MergeState.MERGED)
    site.bare.run("fsck", "--strict")
