"""Drift: recorded against observed, by values; then the command, with an engine that changes behind our back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.cli import main
from mattone.commands.drift import pause
from mattone.engines.interface import Observation, Phase, RemoteMachine
from mattone.errors import TransientError
from mattone.reconcile.drift import Report, State, compare
from mattone.reconcile.metrics import as_metrics
from mattone.reconcile.plan import Change, Step
from tests import small
from tests.doubles.engine import EngineDouble
from tests.doubles.world import PAGE, World
from tests.records.test_model import RECORD

MACHINE = RemoteMachine("page-1", "server", "running", "192.0.2.1", 1, 512, {"data": 10}, ("22/tcp", "443/tcp"))
SAID: Mapping[str, Any] = {
    "name": "page-1", "node": "server", "address": "192.0.2.1", "cpus": 1, "memory": 512, "volumes": {"data": 10},
    "ports": ["22/tcp", "443/tcp"],
}  # fmt: skip
READY = Observation(Phase.READY, "", (MACHINE,))


def drifted(seen: Observation, said: Mapping[str, Any] = SAID) -> list[tuple[str, str, str, str]]:
    report = compare(replace(RECORD, machines=(said,)), seen, None)
    return [(one.kind, one.subject, one.recorded, one.observed) for one in report.differences]


def test_what_is_as_recorded_has_not_drifted() -> None:
    assert compare(replace(RECORD, machines=(SAID,)), READY, None) == Report(RECORD.deployment, State.IN_SYNC)


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (replace(MACHINE, cpus=2), ("cpus", "page-1", "1", "2")),
        (replace(MACHINE, memory=1024), ("memory", "page-1", "512", "1024")),
        (replace(MACHINE, address="192.0.2.9"), ("address", "page-1", "192.0.2.1", "192.0.2.9")),
        (replace(MACHINE, volumes={"data": 20}), ("volume", "page-1 data", "10 bytes", "20 bytes")),
        (replace(MACHINE, volumes={}), ("volume", "page-1 data", "10 bytes", "")),
        (replace(MACHINE, ports=("22/tcp",)), ("port", "page-1 443/tcp", "open", "")),
        (replace(MACHINE, ports=("22/tcp", "443/tcp", "23/tcp")), ("port", "page-1 23/tcp", "", "open")),
    ],
)
def test_each_fact_of_a_machine_that_changed_is_told(
    machine: RemoteMachine, expected: tuple[str, str, str, str]
) -> None:
    assert drifted(replace(READY, machines=(machine,))) == [expected]


def test_machines_that_are_missing_or_too_many_are_told() -> None:
    assert drifted(replace(READY, machines=())) == [("machine", "page-1", "there", "missing")]
    another = replace(MACHINE, name="page-2")
    assert drifted(replace(READY, machines=(MACHINE, another))) == [
        ("machine", "page-2", "", "there, and nobody asked for it")
    ]


@pytest.mark.parametrize("phase", [Phase.GONE, Phase.FAILED, Phase.STOPPED, Phase.PENDING, Phase.DELETING])
def test_an_engine_that_says_anything_but_ready_is_drift(phase: Phase) -> None:
    [found] = drifted(Observation(phase, "because", () if phase is Phase.GONE else (MACHINE,)))
    assert found == ("engine", "state", "ready", f"{phase.value}: because")


def test_what_an_older_record_does_not_say_is_not_compared() -> None:
    older = {name: SAID[name] for name in ("name", "node", "address", "cpus", "memory")}
    assert drifted(replace(READY, machines=(replace(MACHINE, volumes={"x": 1}, ports=("1/tcp",)),)), older) == []


def test_outputs_play_no_part() -> None:
    """An engine repeats there what it was asked for, whatever runs."""
    assert drifted(replace(READY, outputs={"address": "203.0.113.9"})) == []


def test_an_engine_that_does_not_answer_is_unknown_and_no_drift() -> None:
    record = replace(RECORD, machines=(SAID,))
    assert compare(record, TransientError("silent"), None).state is State.UNKNOWN
    assert compare(record, Observation(Phase.UNKNOWN), None).state is State.UNKNOWN


def test_what_is_merged_and_not_applied_is_no_drift() -> None:
    step = Step(RECORD.deployment, Change.UPDATE, "1 input changed")
    report = compare(replace(RECORD, machines=(SAID,)), READY, step)
    assert (report.state, report.reason) == (State.PENDING, "update: 1 input changed")


@given(st.floats(1, 100_000), st.integers(0, 200))
def test_pauses_are_bounded_and_grow_with_failures(seconds: float, failures: int) -> None:
    assert 0.9 * seconds <= pause(seconds, failures) <= 1.1 * max(3600.0, seconds)


def test_metrics_escape_what_they_are_told() -> None:
    text = as_metrics('pro"d\n', [Report("school/page", State.DRIFTED)], 1.5, 0.25).decode()
    assert 'mattone_drift{environment="pro\\"d\\n",deployment="school/page",state="drifted"} 1' in text.splitlines()
    assert 'mattone_deployments{environment="pro\\"d\\n",state="in sync"} 0' in text.splitlines()
    assert all(line.startswith("#") or line.rpartition(" ")[2].replace(".", "").isdigit() for line in text.splitlines())


def rows(capsys: pytest.CaptureFixture[str], world: World, *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["drift", *words, "--repo", str(world.root), "--output", "json"])
    found = json.loads(capsys.readouterr().out)
    return code, {row["deployment"]: row for row in found["deployments"]}


def test_a_machine_switched_off_behind_our_back_is_drift(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, running)[0] == 0
    [record] = running.records()
    running.engine.stop(record.remote_id, str(record.machines[0]["name"]))
    code, found = rows(capsys, running)
    assert (code, found[PAGE]["state"]) == (2, "drifted")
    assert found[PAGE]["differences"][0]["observed"] == "stopped: switched off"


def test_a_deployment_that_the_engine_lost_is_drift(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    running.engine.destroy(running.records()[0].remote_id)
    code, found = rows(capsys, running, PAGE)
    assert (code, found[PAGE]["differences"][0]["observed"]) == (2, "gone")


def test_a_merged_change_is_told_and_no_drift(running: World, capsys: pytest.CaptureFixture[str]) -> None:
    running.wish(small.wish("Other"))
    code, found = rows(capsys, running)
    assert (code, found[PAGE]["state"]) == (0, "not applied")


def test_metrics_are_written_whole(running: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mattone.prom"
    assert rows(capsys, running, "--metrics", str(file))[0] == 0
    assert 'mattone_deployments{environment="production",state="in sync"} 1' in file.read_text()


def test_an_engine_that_is_silent_is_an_error_after_all_was_told(
    running: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_engine: EngineDouble, _remote_id: str) -> Observation:
        raise TransientError("no answer")

    monkeypatch.setattr(EngineDouble, "observe", silent)
    code = main(["drift", "--repo", str(running.root)])
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == f"{PAGE}: unknown: no answer\n1 unknown\n"
    assert "did not say of each deployment" in printed.err


def test_nothing_that_runs_has_not_drifted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, world) == (0, {})
