"""Ending operations whose answer was lost: by the engine's word, or by a person's while it is silent."""

from __future__ import annotations

import pytest

from mattone.commands import resolve
from mattone.errors import (
    EXIT_DENIED,
    EXIT_ERROR,
    EXIT_UNKNOWN,
    InputError,
    MattoneError,
    OutcomeUnknown,
    PolicyDenied,
    RemoteError,
)
from mattone.reconcile.journal import State
from mattone.reconcile.plan import Change
from tests import small
from tests.doubles.engine import LOSE_ANSWER, UNREACHABLE
from tests.doubles.points import arm
from tests.doubles.world import PAGE, World, in_a_process

SILENT = 10**6


def end(world: World, verb: str | None, name: str = PAGE) -> None:
    assert resolve.run(name, verb, world.root, "text") == 0


def code(world: World, verb: str) -> int:
    try:
        return resolve.run(PAGE, verb, world.root, "json")
    except MattoneError as error:
        return error.exit_code


def lost(world: World, call: str = "submit", *, confirm: tuple[str, ...] = ()) -> None:
    """An apply whose answer was lost; the engine has done it, and says nothing any more."""
    world.engine.fault(call, LOSE_ANSWER)
    assert world.apply(confirm=confirm) == EXIT_UNKNOWN
    world.engine.fault("find", UNREACHABLE, times=SILENT)
    assert world.apply(confirm=confirm) == EXIT_UNKNOWN
    assert world.states() == [State.UNKNOWN]


def speaks(world: World) -> None:
    world.engine.fault("find", "", times=1)


def settled(world: World, *told: str) -> None:
    """Nothing is open, these are the records, and one more apply changes nothing."""
    assert world.states() == []
    assert world.told() == list(told)
    calls = world.engine.calls()
    assert world.apply() == 0
    assert world.engine.calls() == calls
    assert world.told() == list(told)


def test_evidence_is_shown_and_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lost(world)
    end(world, None)
    shown = capsys.readouterr().out
    assert "is unknown" in shown
    for line in ("journal  planned: action create", "journal  started", "journal  unknown: reason find: connection"):
        assert line in shown
    assert "engine   does not say: find: connection refused" in shown
    assert "record   none" in shown
    assert world.states() == [State.UNKNOWN]


def test_unknown_operation_blocks_its_deployment_in_the_plan_and_no_other(world: World) -> None:
    lost(world)
    world.wish(name="school/other")
    changes = {step.deployment: step.change for step in world.session().plan().steps}
    assert changes == {PAGE: Change.BLOCKED, "school/other": Change.CREATE}


def test_adopt_records_what_the_engine_did_and_nothing_is_posted_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lost(world)
    speaks(world)
    end(world, "adopt")
    assert "made by this operation" in capsys.readouterr().out
    settled(world, "create succeeded")
    (record,) = world.records()
    assert record.operation in str(world.engine.template(PAGE))
    assert record.commit == world.session().revision
    assert world.engine.calls() == 1


def test_adopt_records_the_wish_of_its_own_commit_though_another_was_merged_since(world: World) -> None:
    lost(world)
    commit = world.session().revision
    world.wish(small.wish("Good morning"))
    speaks(world)
    end(world, "adopt")
    assert (world.records()[0].inputs, world.records()[0].commit) == ({"title": "Hello"}, commit)
    assert world.apply() == 0
    assert "Good morning" in str(world.engine.template(PAGE))


def test_adopt_of_a_deletion_that_was_done_records_it(running: World) -> None:
    running.unwish()
    lost(running, "destroy", confirm=(PAGE,))
    speaks(running)
    end(running, "adopt")
    settled(running, "create succeeded", "delete succeeded")


def test_adopt_of_what_the_engine_did_not_do_is_refused(running: World) -> None:
    running.wish(small.wish("Good morning"))
    running.engine.fault("update", UNREACHABLE)
    assert running.apply() == EXIT_UNKNOWN
    with pytest.raises(InputError, match="the engine did not do it: what the engine has is of operation"):
        end(running, "adopt")
    assert running.states() == [State.STARTED]


def test_adopt_while_the_engine_is_silent_leaves_it_open(world: World) -> None:
    lost(world)
    with pytest.raises(RemoteError):
        end(world, "adopt")
    assert world.states() == [State.UNKNOWN]
    assert code(world, "adopt") == EXIT_ERROR


def test_adopt_of_an_operation_that_ended_appends_its_record(world: World) -> None:
    def work() -> None:
        arm(world, "after ended", "submit")
        world.apply()

    assert in_a_process(work)
    with pytest.raises(InputError, match="only its record is missing"):
        end(world, "discard")
    end(world, "adopt")
    settled(world, "create succeeded")


def test_retry_takes_over_what_the_lost_operation_left(world: World) -> None:
    lost(world)
    speaks(world)
    end(world, "retry")
    assert len(world.engine.held(PAGE)) == 1
    settled(world, "update succeeded")


def test_retry_of_a_deletion_deletes(running: World) -> None:
    running.unwish()
    running.engine.fault("destroy", UNREACHABLE)
    assert running.apply(confirm=[PAGE]) == EXIT_UNKNOWN
    end(running, "retry")
    assert running.engine.held(PAGE) == []
    settled(running, "create succeeded", "delete succeeded")


def test_retry_deletes_nothing_that_nobody_asked_to_delete(world: World) -> None:
    lost(world)
    world.unwish()
    speaks(world)
    with pytest.raises(InputError, match="its file is gone, and it was no deletion"):
        end(world, "retry")
    assert len(world.engine.held(PAGE)) == 1
    assert world.apply(confirm=[PAGE]) == 0
    assert world.engine.held(PAGE) == []


def test_retry_while_the_engine_is_silent_stays_unknown(world: World) -> None:
    lost(world)
    with pytest.raises(OutcomeUnknown, match="the engine does not say"):
        end(world, "retry")
    assert world.states() == [State.UNKNOWN]
    assert code(world, "retry") == EXIT_UNKNOWN


def test_discard_closes_it_and_the_next_apply_makes_no_second_one(world: World) -> None:
    lost(world)
    end(world, "discard")  # though the engine is silent: whoever applies the wish will find what it left
    assert (world.states(), world.told()) == ([], [])
    speaks(world)
    assert world.apply() == 0
    assert len(world.engine.held(PAGE)) == 1
    settled(world, "update succeeded")


def test_discard_is_denied_when_nothing_would_lead_to_what_was_left(world: World) -> None:
    lost(world)
    world.unwish()
    with pytest.raises(PolicyDenied, match="does not say whether it made something"):
        end(world, "discard")
    speaks(world)
    with pytest.raises(PolicyDenied, match="the engine holds what it made"):
        end(world, "discard")
    assert code(world, "discard") == EXIT_DENIED
    end(world, "adopt")
    assert world.apply(confirm=[PAGE]) == 0
    assert world.engine.held(PAGE) == []


def test_discard_of_what_left_nothing_ends_it(world: World) -> None:
    world.engine.fault("submit", UNREACHABLE)
    assert world.apply() == EXIT_UNKNOWN
    world.unwish()
    end(world, "discard")
    settled(world)


def test_deployment_without_an_open_operation_is_told(running: World) -> None:
    with pytest.raises(InputError, match="has no open operation"):
        end(running, "retry")
