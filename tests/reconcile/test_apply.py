"""Apply against an engine that goes wrong in every way: what is done, said, recorded and left open."""

from __future__ import annotations

from functools import partial

import pytest

from mattone import redact
from mattone.errors import EXIT_APPLY_FAILED, EXIT_DENIED, EXIT_ERROR, EXIT_LOCKED, EXIT_UNKNOWN
from mattone.reconcile.apply import PAUSES, Applier
from mattone.reconcile.journal import State
from tests import small
from tests.doubles.engine import LOSE_ANSWER, REFUSE, REFUSE_LATE, UNREACHABLE
from tests.doubles.world import PAGE, World

FAILED, UNKNOWN = EXIT_APPLY_FAILED, EXIT_UNKNOWN


def settles(world: World) -> None:
    """The next apply ends what is open, with one deployment; one more changes nothing."""
    assert world.apply() == 0
    assert len(world.engine.held(PAGE)) == 1
    assert world.states() == []
    records, calls = world.records(), world.engine.calls()
    assert world.apply() == 0
    assert (world.records(), world.engine.calls()) == (records, calls)


def test_applied_deployment_has_its_mark_and_a_record_with_all_that_made_it(running: World) -> None:
    (record,) = running.records()
    assert record.operation in str(running.engine.template(PAGE))
    assert (record.action, record.outcome, record.sequence) == ("create", "succeeded", 1)
    assert record.engine == {
        "name": "double", "version": "Engine double 1.0", "instance": "double", "id": running.engine.held(PAGE)[0],
    }  # fmt: skip
    assert [row["component"] for row in record.lock["components"]] == [
        "ansible-roles/base", "ansible-roles/web", "catalog/page", "tosca-types",
    ]  # fmt: skip
    assert list(record.times) == ["ended", "planned", "started"]
    assert record.commit == running.session().revision
    assert record.outputs == {"address": "192.0.2.1"}
    assert running.states() == []


def test_second_apply_changes_nothing(running: World) -> None:
    settles(running)
    assert running.told() == ["create succeeded"]


@pytest.mark.parametrize("fault", [LOSE_ANSWER, UNREACHABLE])
def test_submit_without_answer_is_unknown_and_taken_up_by_the_next_apply(world: World, fault: str) -> None:
    world.engine.fault("submit", fault)
    assert world.apply() == UNKNOWN
    assert world.states() == [State.STARTED]
    settles(world)
    assert len(world.records()) == 1


def test_update_without_answer_is_unknown_and_taken_up_by_the_next_apply(running: World) -> None:
    running.wish(small.wish("Good morning"))
    running.engine.fault("update", LOSE_ANSWER)
    assert running.apply() == UNKNOWN
    settles(running)
    assert running.told() == ["create succeeded", "update succeeded"]


def test_lost_answer_before_the_wish_is_taken_back_is_planned_as_a_deletion(world: World) -> None:
    world.engine.fault("submit", LOSE_ANSWER)
    assert world.apply() == UNKNOWN
    world.unwish()
    assert world.apply(confirm=[PAGE]) == 0
    assert world.engine.held(PAGE) == []
    assert world.told() == ["delete succeeded"]
    assert world.states() == []


def test_engine_that_refuses_before_acting_leaves_nothing_open(world: World) -> None:
    world.engine.fault("submit", REFUSE)
    assert world.apply() == FAILED
    assert (world.engine.held(PAGE), world.states(), world.told()) == ([], [], [])
    settles(world)


def test_engine_that_refuses_after_it_made_machines_keeps_them_in_the_inventory(world: World) -> None:
    world.engine.fault("submit", REFUSE_LATE)
    assert world.apply() == FAILED
    (record,) = world.records()
    assert (record.outcome, record.reason) == ("failed", "submit: no playbook for this")
    assert record.remote_id == world.engine.held(PAGE)[0]
    settles(world)
    assert world.told() == ["create failed", "update succeeded"]


def test_refused_update_is_a_failure_of_what_still_runs(running: World) -> None:
    running.wish(small.wish("Good morning"))
    running.engine.fault("update", REFUSE)
    assert running.apply() == FAILED
    assert running.told() == ["create succeeded", "update failed"]
    settles(running)


def test_engine_that_refuses_and_then_does_not_answer_is_unknown(world: World) -> None:
    world.engine.fault("submit", REFUSE_LATE)
    find, asked = world.engine.find, []

    def once(deployment: str) -> object:
        asked.append(deployment)
        if len(asked) == 2:
            world.engine.fault("find", UNREACHABLE)
        return find(deployment)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.engine, "find", once)
        assert world.apply() == UNKNOWN
    assert world.states() == [State.STARTED]
    settles(world)


def test_failed_configuration_is_recorded_and_tried_again(world: World) -> None:
    world.engine.fail_with("task `install` failed on page-1")
    assert world.apply() == FAILED
    assert world.records()[0].reason == "task `install` failed on page-1"
    assert world.apply() == FAILED
    world.engine.fail_with("")
    settles(world)
    assert world.told() == ["create failed", "update failed", "update succeeded"]


def test_secret_in_what_the_engine_says_reaches_no_record_and_no_journal(world: World) -> None:
    secret = "correct horse " + "battery staple"
    redact.register([secret])
    world.engine.fail_with(f"cannot log in with {secret}")
    assert world.apply() == FAILED
    assert world.records()[0].reason == "cannot log in with (secret)"
    assert secret not in (world.root / ".mattone/journal/production.jsonl").read_text()


def test_unreachable_engine_is_waited_for_while_it_works(world: World) -> None:
    world.engine.fault("observe", UNREACHABLE, times=5)
    assert world.apply() == 0
    assert world.told() == ["create succeeded"]


def test_engine_that_never_answers_again_is_unknown_and_gone_on_with(world: World) -> None:
    world.engine.fault("observe", UNREACHABLE, times=30)
    assert world.apply() == UNKNOWN
    assert world.states() == [State.SENT]
    settles(world)


def test_engine_that_refuses_to_tell_leaves_the_outcome_unknown(world: World) -> None:
    world.engine.fault("observe", REFUSE)
    assert world.apply() == UNKNOWN
    assert world.states() == [State.SENT]
    settles(world)


def test_engine_out_of_reach_before_anything_was_sent_leaves_nothing_open(world: World) -> None:
    world.engine.fault("find", UNREACHABLE, times=len(PAUSES) + 1)
    assert world.apply() == EXIT_ERROR
    assert (world.states(), world.engine.calls()) == ([], 0)
    settles(world)


def test_engine_out_of_reach_for_a_moment_before_anything_was_sent_is_asked_again(world: World) -> None:
    world.engine.fault("find", UNREACHABLE, times=len(PAUSES))
    assert world.apply() == 0
    assert (world.told(), world.engine.calls("submit")) == (["create succeeded"], 1)


def test_open_operation_of_which_the_engine_says_nothing_blocks_its_deployment_alone(world: World) -> None:
    world.wish(name="school/other")
    world.engine.fault("submit", LOSE_ANSWER)
    assert world.apply("school/other") == UNKNOWN
    world.engine.fault("find", UNREACHABLE)
    assert world.apply() == UNKNOWN
    assert world.states() == [State.UNKNOWN]
    assert world.told() == ["create succeeded"]
    assert world.told("school/other") == []
    assert world.apply() == 0
    assert world.told("school/other") == ["update succeeded"]
    assert world.states() == []


def test_deployment_that_the_engine_forgot_is_made_again(running: World) -> None:
    running.engine.forget(PAGE)
    settles(running)
    assert running.told() == ["create succeeded", "create succeeded"]


def test_deployment_held_twice_is_touched_by_nobody(running: World) -> None:
    running.engine.hold_twice(PAGE)
    running.wish(small.wish("Good morning"))
    before = running.engine.calls()
    assert running.apply() == UNKNOWN
    assert running.engine.calls() == before
    running.unwish()
    assert running.apply(confirm=[PAGE]) == 0
    assert running.engine.held(PAGE) == []


def test_still_pending_at_the_deadline_is_a_failure_and_is_gone_on_with(world: World) -> None:
    world.engine.looks_until_ready(10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mattone.reconcile.applier.Applier", partial(Applier, deadline=0.0))
        assert world.apply() == FAILED
    assert world.records()[0].reason == "not ready after 0 s"
    settles(world)


# Deleting


def test_deletion_is_asked_for_and_confirmed_when_nothing_else_is_left(running: World) -> None:
    running.unwish()
    assert running.apply() == 0
    assert running.apply(prune=True) == EXIT_DENIED
    assert len(running.engine.held(PAGE)) == 1
    assert running.apply(confirm=[PAGE]) == 0
    assert running.engine.held(PAGE) == []
    assert running.records()[-1].service == "page 1.0.0"


def test_deletion_that_the_engine_refuses_stays_in_the_inventory(running: World) -> None:
    running.unwish()
    running.engine.fault("destroy", REFUSE)
    assert running.apply(confirm=[PAGE]) == FAILED
    assert running.told() == ["create succeeded", "delete failed"]
    left = running.session().running(PAGE)
    assert left.remote_id == running.engine.held(PAGE)[0]
    assert running.states() == []
    assert running.apply(confirm=[PAGE]) == 0
    assert running.told()[-1] == "delete succeeded"


def test_deployment_whose_deletion_failed_can_be_wished_for_again(running: World) -> None:
    running.unwish()
    running.engine.fault("destroy", REFUSE)
    assert running.apply(confirm=[PAGE]) == FAILED
    running.wish()
    settles(running)
    assert running.told()[-1] == "update succeeded"


@pytest.mark.parametrize("fault", [LOSE_ANSWER, UNREACHABLE])
def test_deletion_without_answer_is_unknown_and_taken_up_by_the_next_apply(running: World, fault: str) -> None:
    running.unwish()
    running.engine.fault("destroy", fault)
    assert running.apply(confirm=[PAGE]) == UNKNOWN
    assert running.apply(confirm=[PAGE]) == 0
    assert running.engine.held(PAGE) == []
    assert running.told() == ["create succeeded", "delete succeeded"]
    assert running.states() == []


def test_failed_deployment_does_not_stop_the_others(world: World) -> None:
    world.wish(name="school/other")
    world.engine.fault("submit", REFUSE)
    assert world.apply(parallel=1) == FAILED
    assert (world.told("school/other"), world.told()) == ([], ["create succeeded"])


def test_record_that_cannot_be_pushed_is_pushed_by_the_next_apply(world: World) -> None:
    hidden = world.forge.rename(world.folder / "away.git")
    assert world.apply() == EXIT_ERROR
    hidden.rename(world.forge)
    settles(world)
    assert len(world.told()) == 1


def test_deployment_whose_template_inputs_and_locks_did_not_change_is_not_posted_again(running: World) -> None:
    calls = running.engine.calls()
    running.wish(name="school/other")
    assert running.apply() == 0
    assert running.engine.calls() == calls + 1
    assert running.told() == ["create succeeded"]
    (running.root / "catalog/page/README.md").write_text("Nothing that a lock names.\n")
    running.wish(small.wish() + "description: Said otherwise.\n")
    assert running.apply() == 0
    assert running.engine.calls() == calls + 1


def test_time_that_the_settings_give_a_creation_is_kept(world: World) -> None:
    world.engine.looks_until_ready(10**6)
    settings = world.root / "mattone.toml"
    settings.write_text(settings.read_text() + "[apply]\ncreate_timeout = 0.1\n")
    world.wish()
    assert world.apply() == FAILED
    assert world.records()[0].reason == "not ready after 0 s"


def test_second_apply_at_the_same_time_is_refused(world: World) -> None:
    with world.session().lease():
        assert world.apply() == EXIT_LOCKED
    assert world.apply() == 0
