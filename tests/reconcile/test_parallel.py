"""Applies of many deployments at once: journal and records stay whole, needs are kept, a stop loses nothing."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from mattone import cli
from mattone.errors import EXIT_APPLY_FAILED, EXIT_INTERRUPTED, FindingsError
from mattone.reconcile.journal import State
from mattone.records.signing import SigningKey
from mattone.records.store import RecordStore
from tests import small
from tests.doubles.engine import REFUSE
from tests.doubles.world import PAGE, World, use

NAMES = tuple(f"school/page-{number}" for number in range(8))
NEEDING = small.wish() + f"needs: [{PAGE}]\n"


@pytest.fixture(scope="session")
def many_made(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = first_world.copy(tmp_path_factory.mktemp("world") / "many")
    for name in NAMES:
        made.wish(name=name)
    return made


@pytest.fixture
def many(many_made: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> World:
    """A platform that wishes for nine deployments."""
    return use(many_made.copy(tmp_path_factory.mktemp("world") / "copy"), monkeypatch)


def interleaved(lines: list[str]) -> int:
    """How often an operation begins while another one is open, by the journal."""
    found, at = 0, set[str]()
    for event in map(json.loads, lines):
        if event["state"] == "recorded":
            at.discard(event["operation"])
        else:
            found += bool(at - {event["operation"]})
            at.add(event["operation"])
    return found


def stopped_while_waiting(world: World, number: int, times: int) -> int:
    """`mattone apply` in a process that gets signals while it waits for the engine; its exit code."""
    world.engine.looks_until_ready(10**9)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, cli._terminate)  # as the command line has it before and after
        try:
            os._exit(world.apply(parallel=2))
        except KeyboardInterrupt:
            os._exit(EXIT_INTERRUPTED)
    end = time.monotonic() + 60
    while world.states().count(State.SENT) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    for _ in range(times):
        os.kill(child, number)
        time.sleep(0.02)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_many_at_once_have_each_one_deployment_one_record_and_a_closed_operation(many: World) -> None:
    assert many.apply(parallel=5) == 0
    for name in (*NAMES, PAGE):
        assert len(many.engine.held(name)) == 1
        assert many.told(name) == ["create succeeded"]
    assert (many.states(), many.engine.calls()) == ([], 9)
    assert many.apply() == 0
    assert many.engine.calls() == 9


def test_records_that_many_threads_append_are_whole_chains_in_few_commits(many: World) -> None:
    assert many.apply(parallel=9) == 0
    for name in NAMES[:3]:
        many.wish(small.wish("Good morning"), name)
    assert many.apply(parallel=9) == 0
    assert many.told(NAMES[0]) == ["create succeeded", "update succeeded"]
    first, second = many.records(NAMES[0])
    assert (first.sequence, second.sequence) == (1, 2)
    store = RecordStore(many.session().site.repository, "production", SigningKey.generate)
    store.fetch()
    assert store.tip is not None
    assert len(store.entries()) == 12
    commits = many.session().site.repository.run("rev-list", "--count", store.tip).output
    assert int(commits) <= 12


def test_what_is_needed_comes_first_and_its_failure_leaves_the_dependent_alone(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.wish(NEEDING, "school/a-first-by-name")
    world.engine.fault("submit", REFUSE)
    assert world.apply() == EXIT_APPLY_FAILED
    assert (world.engine.calls("submit"), world.told("school/a-first-by-name")) == (1, [])
    assert f"school/a-first-by-name was not attempted: it needs {PAGE}, which failed" in capsys.readouterr().err
    assert world.apply() == 0
    times = [world.records(name)[0].times for name in (PAGE, "school/a-first-by-name")]
    assert times[0]["ended"] <= times[1]["started"]


def test_need_that_is_left_out_must_run_already(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.wish(NEEDING, "school/other")
    assert world.apply("school/other") == EXIT_APPLY_FAILED
    assert world.engine.calls() == 0
    capsys.readouterr()
    assert world.apply(PAGE) == 0
    assert world.apply("school/other") == 0


def test_needs_change_nothing_of_what_runs(running: World) -> None:
    running.wish(name="school/other")
    assert running.apply() == 0
    running.wish(small.wish() + "needs: [school/other]\n")
    calls = running.engine.calls()
    assert running.apply() == 0
    assert running.engine.calls() == calls


def test_circle_and_unknown_need_are_refused_before_anything_is_applied(world: World) -> None:
    world.wish(NEEDING, "school/other")
    world.wish(small.wish() + "needs: [school/other]\n")
    with pytest.raises(FindingsError):
        world.session().wishes()
    world.wish(small.wish() + "needs: [school/othr]\n")
    with pytest.raises(FindingsError):
        world.session().wishes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_apply_leaves_what_runs_to_the_engine_and_begins_nothing_more(many: World, number: int) -> None:
    assert stopped_while_waiting(many, number, 1) == EXIT_INTERRUPTED
    assert many.engine.calls() == 2
    assert many.states() == [State.SENT, State.SENT]
    many.engine.end_waiting()
    assert many.apply() == 0
    assert [len(many.engine.held(name)) for name in (*NAMES, PAGE)] == [1] * 9
    assert many.states() == []


def test_apply_that_is_told_twice_to_stop_loses_nothing(many: World) -> None:
    assert stopped_while_waiting(many, signal.SIGTERM, 2) == EXIT_INTERRUPTED
    many.engine.end_waiting()
    assert many.apply() == 0
    assert [len(many.engine.held(name)) for name in (*NAMES, PAGE)] == [1] * 9


def test_provider_takes_no_more_at_once_than_the_federation_says(many: World) -> None:
    path = many.root / "federation/providers.yaml"
    path.write_text(path.read_text().replace("local: {", "local: {parallel: 1, "))
    many.wish()
    assert many.apply(parallel=9) == 0
    lines = (many.root / ".mattone/journal/production.jsonl").read_text().splitlines()
    assert interleaved(lines) == 0
