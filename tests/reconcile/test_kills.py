"""Apply is killed at every instant that leaves something different behind; the next run ends it."""

from __future__ import annotations

import signal
from collections.abc import Sequence

import pytest

from tests import small
from tests.doubles.points import POINTS, arm
from tests.doubles.world import PAGE, World, in_a_process


def killed_at(world: World, point: str, call: str, confirm: Sequence[str] = ()) -> None:
    def work() -> None:
        arm(world, point, call)
        world.apply(confirm=confirm)

    assert in_a_process(work) == signal.SIGKILL, f"nothing was reached {point}"


def assert_settled(world: World, actions: set[str]) -> None:
    """All operations are closed, each record is of an operation of its own, and nothing is left to do."""
    records, calls = world.records(), world.engine.calls()
    assert world.states() == []
    assert {record.action for record in records} <= actions
    assert len({record.operation for record in records}) == len(records)
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert {record.outcome for record in records} == {"succeeded"}
    assert world.apply() == 0
    assert (world.records(), world.engine.calls()) == (records, calls)


@pytest.mark.parametrize("point", POINTS)
def test_create_killed_at_any_point_ends_with_one_deployment_and_one_record(world: World, point: str) -> None:
    killed_at(world, point, "submit")
    assert world.apply() == 0
    assert len(world.engine.held(PAGE)) == 1
    assert len(world.records()) == 1
    assert_settled(world, {"create", "update"})


@pytest.mark.parametrize("point", POINTS)
def test_update_killed_at_any_point_ends_with_the_new_state_and_one_more_record(running: World, point: str) -> None:
    before = running.engine.held(PAGE)
    running.wish(small.wish("Good morning"))
    killed_at(running, point, "update")
    assert running.apply() == 0
    assert running.engine.held(PAGE) == before
    assert "Good morning" in str(running.engine.template(PAGE))
    assert len(running.records()) == 2
    assert_settled(running, {"create", "update"})


@pytest.mark.parametrize("point", [point for point in POINTS if point not in ("after sent", "while waiting")])
def test_delete_killed_at_any_point_ends_with_nothing_and_one_more_record(running: World, point: str) -> None:
    running.unwish()
    killed_at(running, point, "destroy", [PAGE])
    assert running.apply(confirm=[PAGE]) == 0
    assert running.engine.held(PAGE) == []
    assert running.told() == ["create succeeded", "delete succeeded"]
    assert_settled(running, {"create", "delete"})


@pytest.mark.parametrize("second", ["after planned", "after started", "after the engine acted", "after the push"])
def test_run_that_cleans_up_is_killed_too_and_the_third_one_ends_it(world: World, second: str) -> None:
    killed_at(world, "after the engine acted", "submit")
    killed_at(world, second, "update")
    assert world.apply() == 0
    assert len(world.engine.held(PAGE)) == 1
    assert len(world.records()) == 1
    assert_settled(world, {"create", "update"})


def test_failed_operation_killed_before_its_record_is_recorded_as_failed(world: World) -> None:
    world.engine.fail_with("task `install` failed")
    killed_at(world, "after ended", "submit")
    world.engine.fail_with("")
    assert world.apply() == 0
    assert world.told() == ["create failed", "update succeeded"]
    assert world.records()[0].reason == "task `install` failed"
    assert world.states() == []
