"""What every engine does for whoever reconciles: one suite, run against each adapter and each double.

A subclass says how to submit to its engine (`submission`) and gives the fixture `engine`.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from mattone.engines.interface import Engine, Observation, Phase, Submission
from mattone.errors import RemoteError

NAME = "school/page"


def settled(engine: Engine, remote: str) -> Observation:
    """What it says once nothing is at work."""
    deadline = time.monotonic() + 60
    while (seen := engine.observe(remote)).phase in {Phase.PENDING, Phase.DELETING} and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen


class EngineContract:
    """The suite."""

    def submission(self, operation: str, name: str = NAME, **inputs: Any) -> Submission:
        raise NotImplementedError

    def test_what_was_submitted_is_found_by_its_mark_and_becomes_ready(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        assert settled(engine, remote).phase is Phase.READY
        (found,) = engine.find(NAME)
        assert (found.id, found.deployment, found.operation) == (remote, NAME, "op-1")

    def test_the_same_submission_again_makes_no_second_one(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        assert engine.submit(self.submission("op-1")) == remote
        settled(engine, remote)
        assert engine.submit(self.submission("op-1")) == remote
        assert len(engine.find(NAME)) == 1
        assert len(settled(engine, remote).machines) == 1

    def test_deployments_do_not_see_each_other(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        other = engine.submit(self.submission("op-2", "school/other"))
        assert other != remote
        settled(engine, other)
        engine.destroy(other)
        assert engine.observe(other).phase is Phase.GONE
        assert [one.id for one in engine.find(NAME)] == [remote]
        assert settled(engine, remote).phase is Phase.READY

    def test_an_update_brings_the_new_operation_to_the_same_deployment(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        settled(engine, remote)
        assert engine.update(remote, self.submission("op-2")) == remote
        assert settled(engine, remote).phase is Phase.READY
        (found,) = engine.find(NAME)
        assert (found.id, found.operation) == (remote, "op-2")

    def test_an_update_right_after_the_submit_loses_nothing(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        remote = engine.update(remote, self.submission("op-2"))
        assert settled(engine, remote).phase is Phase.READY
        assert [one.operation for one in engine.find(NAME)] == ["op-2"]

    def test_another_deployments_id_is_refused(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        settled(engine, remote)
        with pytest.raises(RemoteError, match="is not the engine's id of school/other"):
            engine.update(remote, self.submission("op-2", "school/other"))
        assert [one.operation for one in engine.find(NAME)] == ["op-1"]

    def test_destroyed_is_gone_and_may_be_destroyed_again(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        settled(engine, remote)
        engine.destroy(remote)
        assert engine.observe(remote).phase is Phase.GONE
        assert engine.find(NAME) == ()
        engine.destroy(remote)

    def test_destroyed_while_it_is_made_is_gone(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        engine.destroy(remote)
        assert engine.observe(remote).phase is Phase.GONE
        assert engine.find(NAME) == ()

    def test_an_id_that_another_engine_gave_is_gone(self, engine: Engine) -> None:
        for remote in ("00000000-0000-0000-0000-000000000000", "school-page-0a1b2c3d"):
            assert engine.observe(remote).phase is Phase.GONE
            engine.destroy(remote)

    def test_what_is_gone_can_be_made_anew(self, engine: Engine) -> None:
        remote = engine.submit(self.submission("op-1"))
        settled(engine, remote)
        engine.destroy(remote)
        anew = engine.submit(self.submission("op-2"))
        assert settled(engine, anew).phase is Phase.READY
        assert [one.operation for one in engine.find(NAME)] == ["op-2"]

    def test_machines_stop_and_start(self, engine: Engine) -> None:
        if not engine.capabilities().start_stop:
            pytest.skip(f"{engine.name} starts and stops nothing")
        remote = engine.submit(self.submission("op-1"))
        (machine,) = settled(engine, remote).machines
        engine.stop(remote, machine.name)
        assert self.comes_to(engine, remote, Phase.STOPPED)
        engine.start(remote, machine.name)
        assert self.comes_to(engine, remote, Phase.READY)
        with pytest.raises(RemoteError, match="has no machine"):
            engine.stop(remote, "another")

    def test_what_it_is_can_be_recorded(self, engine: Engine) -> None:
        assert engine.name
        assert engine.instance == engine.instance != ""
        assert engine.version()
        remote = engine.submit(self.submission("op-1"))
        settled(engine, remote)
        assert isinstance(engine.log(remote), str)

    @staticmethod
    def comes_to(engine: Engine, remote: str, phase: Phase) -> bool:
        deadline = time.monotonic() + 60
        while (seen := engine.observe(remote)).phase is not phase and time.monotonic() < deadline:
            time.sleep(0.01)
        return seen.phase is phase
