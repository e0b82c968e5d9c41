"""The lease: one apply an environment among all clones; who is dead is told by no clock but one's own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mattone.errors import EXIT_DONE, EXIT_LOCKED, InputError, LockHeld
from mattone.git import Repository
from mattone.reconcile import lease as module
from mattone.reconcile.claims import Claim, Place
from mattone.reconcile.lease import Lease, Taking
from tests.doubles.engine import KILL_AFTER
from tests.doubles.world import PAGE, World, in_a_process
from tests.forges.site import git

TERM = 0.8  # seconds, in tests that wait for an end


def clone(world: World, number: int) -> World:
    """Another clone of the same forge, with the same engine and a workspace of its own."""
    other = World(world.folder)
    other.root = world.folder / f"clone-{number}"
    git(world.folder, "clone", "--quiet", str(world.forge), str(other.root))
    return other


def place(world: World) -> Place:
    return Place(Repository(world.root), "production")


def holder(world: World) -> Claim:
    found = place(world).read()
    assert found is not None
    return found


def killed_while_it_holds(world: World) -> str:
    """An apply is killed at the engine; returns the operation whose lease it leaves behind."""

    def work() -> None:
        world.engine.fault("submit", KILL_AFTER)
        world.apply()

    assert in_a_process(work) == signal.SIGKILL
    return holder(world).operation


def refusal(lease: Lease) -> str:
    """Why nothing more may be begun under a lease; empty when it may."""
    try:
        lease.permit()
    except LockHeld as error:
        return error.message
    return ""


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TERM", TERM)


def test_eight_applies_at_once_from_eight_clones_one_runs_and_the_others_are_told_so(world: World) -> None:
    world.engine.looks_until_ready(10**6)
    clones = [clone(world, number) for number in range(8)]
    children = {}
    for one in clones:
        child = os.fork()
        if child == 0:
            os._exit(one.apply())
        children[child] = one
    try:
        codes = [os.waitpid(-1, 0) for _ in range(7)]  # the eighth is still waiting for the engine
    finally:
        world.engine.end_waiting()
    assert [os.waitstatus_to_exitcode(status) for _, status in codes] == [EXIT_LOCKED] * 7
    (last,) = set(children) - {child for child, _ in codes}
    assert os.waitstatus_to_exitcode(os.waitpid(last, 0)[1]) == EXIT_DONE
    assert (world.engine.calls(), len(world.engine.held(PAGE)), world.told()) == (1, 1, ["create succeeded"])
    assert place(world).read() is None
    assert [one.apply() for one in clones] == [EXIT_DONE] * 8
    assert world.engine.calls() == 1


def test_who_is_refused_is_told_who_applies_since_when_and_until_when(world: World) -> None:
    other = clone(world, 1)
    with world.session().lease() as lease:
        assert lease is not None
        with pytest.raises(LockHeld) as refused, other.session().lease():
            pass
    found = refused.value
    assert f"{module.owner()} is applying 'production' since 20" in found.message
    assert f"operation {lease.operation}" in found.message
    assert "until 20" in found.message
    assert f"--break-lease {lease.operation}" in found.hint
    assert place(world).read() is None


def test_lease_of_a_killed_apply_is_taken_by_the_next_in_its_workspace_at_once(world: World) -> None:
    killed_while_it_holds(world)
    assert world.apply() == EXIT_DONE
    assert len(world.engine.held(PAGE)) == 1
    assert place(world).read() is None


def test_copy_of_a_workspace_does_not_take_the_lease_for_its_own(world: World, tmp_path: Path) -> None:
    killed_while_it_holds(world)
    copy = world.copy(tmp_path / "copy")
    git(copy.root, "remote", "set-url", "origin", str(world.forge))
    assert copy.apply() == EXIT_LOCKED


def test_lease_of_a_killed_apply_is_waited_for_elsewhere(short: None, world: World) -> None:
    killed_while_it_holds(world)
    assert clone(world, 1).apply() == EXIT_LOCKED
    assert clone(world, 2).apply(wait=60.0) == EXIT_DONE
    assert len(world.engine.held(PAGE)) == 1


def test_what_was_seen_of_a_lease_is_known_to_the_next_run(short: None, world: World) -> None:
    killed_while_it_holds(world)
    other = clone(world, 1)
    assert other.apply() == EXIT_LOCKED
    until(lambda: other.apply() == EXIT_DONE)


def test_lease_that_is_renewed_is_never_taken_however_wrong_the_clocks_are(short: None, world: World) -> None:
    at = place(world)
    long_ago = Claim("alice@far", "a" * 32, "2001-01-01T00:00:00Z", "2001-01-01T00:02:00Z", TERM)
    lease = Lease(at, at.swap(long_ago, None), module.clock())
    assert clone(world, 1).apply(wait=3 * TERM) == EXIT_LOCKED
    lease.permit()
    lease.release()
    assert clone(world, 2).apply() == EXIT_DONE


def test_lease_is_broken_by_its_operation_alone_and_its_holder_begins_nothing_more(short: None, world: World) -> None:
    other = clone(world, 1)
    with world.session().lease() as lease:
        assert lease is not None
        with pytest.raises(InputError, match="is held by operation"), other.session().lease(breaks="f" * 32):
            pass
        with other.session().lease(breaks=lease.operation) as broken:
            assert broken is not None
            assert holder(world).operation == broken.operation
            until(lambda: refusal(lease))
            # On a busy host its time may be over before it has heard who took it: it is refused then too.
            until(lambda: "was taken by" in refusal(lease))
            assert f"operation {broken.operation}" in refusal(lease)


def test_holder_that_cannot_renew_begins_nothing_more_before_its_lease_ends(short: None, world: World) -> None:
    at = place(world)
    with world.session().lease() as lease:
        assert lease is not None
        world.forge.rename(world.folder / "away.git")
        begun = module.clock()
        until(lambda: refusal(lease))
        assert module.clock() - begun < TERM + 1.0
        (world.folder / "away.git").rename(world.forge)
        until(lambda: not refusal(lease))  # the forge answers again, and nobody took it
    assert at.read() is None


def test_apply_that_lost_its_lease_sends_nothing_and_leaves_nothing_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_lease: Lease) -> None:
        raise LockHeld("it was taken")

    monkeypatch.setattr(Lease, "permit", lost)
    assert world.apply() == EXIT_LOCKED
    assert (world.engine.calls(), world.states(), world.told()) == (0, [], [])


def test_renewal_whose_answer_was_lost_is_known_as_ours(world: World) -> None:
    at = place(world)
    first = at.swap(Claim.made("alice", "a" * 32, 60.0), None)
    lease = Lease(at, first, module.clock())
    at.swap(first.renewed(), first)  # arrived, and the lease does not know of it
    lease._renew()
    lease.permit()
    lease._renew()
    lease.release()
    assert at.read() is None


def test_plain_pushes_cannot_take_a_held_lease_nor_put_anything_else_in_its_place(world: World) -> None:
    with world.session().lease():
        held = holder(world)
        stolen = Claim.made("mallory", "b" * 32, 60.0)
        commit = place(world).repository.write_commit(
            f"{held.commit}^{{tree}}", [held.commit], place(world)._message(stolen)
        )
        pushed = git(world.root, "push", "origin", f"{commit}:refs/heads/leases/production", check=False)
        assert f"the lease is held by operation {held.operation}" in pushed.stderr
    for name, message in (("production", "holds the lease"), ("a/b", "where the lease of an environment stands")):
        pushed = git(world.root, "push", "origin", f"HEAD:refs/heads/leases/{name}", check=False)
        assert message in pushed.stderr
        assert pushed.returncode != 0


def test_branch_that_is_no_lease_is_said_to_be_none(world: World) -> None:
    git(world.forge, "update-ref", "refs/heads/leases/production", "main")
    with pytest.raises(InputError, match="'leases/production' is no lease"), world.session().lease():
        pass


def test_promise_that_is_too_long_is_not_believed(world: World) -> None:
    at = place(world)
    at.swap(Claim.made("alice", "a" * 32, 10**9), None)
    with pytest.raises(InputError, match="is no lease"):
        at.read()


def test_dry_run_needs_no_lease(world: World) -> None:
    with world.session().lease(), clone(world, 1).session().lease(local=True) as none:
        assert none is None


def test_lock_file_of_a_lease_that_was_not_got_still_names_the_dead_one(world: World, tmp_path: Path) -> None:
    at, path = place(world), tmp_path / "lock"
    with path.open("a+") as file:
        taking = Taking(at, tmp_path, file)
        with taking.held() as lease:
            pass
        other = at.swap(Claim.made("alice", "a" * 32, 60.0), None)
        with pytest.raises(LockHeld), taking.held():
            pass
        assert lease.operation in taking._noted()
        at.clear(other)
