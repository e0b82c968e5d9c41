"""Apply over the INDIGO PaaS Orchestrator's adapter and a double of its server: killed anywhere, it ends with one."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from mattone import http
from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine
from mattone.engines.indigo_orchestrator.tokens import GivenToken
from mattone.errors import EXIT_APPLY_FAILED, EXIT_UNKNOWN
from mattone.reconcile.journal import State
from mattone.reconcile.plan import Change
from tests import small
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble, running
from tests.doubles.indigo_orchestrator.state import Row
from tests.doubles.points import POINTS, arm_records
from tests.doubles.world import PAGE, World, die, in_a_process
from tests.engines.indigo_orchestrator import site

# Between two of these nothing durable happens, here or at the server.
HERE = [point for point in POINTS if point not in ("after the engine acted", "while waiting")]
THERE = ("before the server hears", "after the server acted", "while waiting")


@pytest.fixture
def double(tmp_path: Path) -> Iterator[OrchestratorDouble]:
    with running() as made:
        made.files = tmp_path / "published"
        yield made


@pytest.fixture
def place(first_world: World, double: OrchestratorDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A platform that wishes for school/page, whose engine is the orchestrator; nothing is applied yet."""
    world = first_world.copy(tmp_path / "world")
    token = site.given(double)  # before anything forks: a child's state of the double is its own
    monkeypatch.setattr("mattone.engines.choose.open_engine", lambda _site: adapter(double, token))
    monkeypatch.setattr("mattone.reconcile.apply.POLL", 0.0)
    return world


def adapter(double: OrchestratorDouble, token: GivenToken) -> IndigoOrchestratorEngine:
    files = {"files_folder": str(double.files), "files_url": f"{double.url}/files"}
    return site.engine(double, site.client(double, token), **files)


def held(double: OrchestratorDouble) -> list[Row]:
    return list(double.state.rows.values())


def arm(point: str, method: str) -> None:
    """From now on this process is killed at the point; `method` is what changes something at the server."""
    call = http.call
    wanted = "GET" if point == "while waiting" else method
    started: list[bool] = []

    def dying(verb: str, url: str, **more: object) -> http.Response:
        started.append(verb == method)
        hit = verb == wanted and (point != "while waiting" or any(started))
        if hit and point == "before the server hears":
            die()
        answer = call(verb, url, **more)  # type: ignore[arg-type]
        if hit:
            die()
        return answer

    http.call = dying  # type: ignore[assignment]


def killed_at(world: World, point: str, method: str, confirm: Sequence[str] = ()) -> None:
    def work() -> None:
        if point in THERE:
            arm(point, method)
        else:
            arm_records(point)
        world.apply(confirm=confirm)

    assert in_a_process(work) == signal.SIGKILL, f"nothing was reached {point}"


def assert_settled(world: World, double: OrchestratorDouble, told: int) -> None:
    """As many records as wishes were brought about, nothing open, and one more apply changes nothing."""
    assert world.states() == []
    records = world.records()
    assert len(records) == told
    assert {record.outcome for record in records} == {"succeeded"}
    before = [line for line, _ in double.requests if not line.startswith("GET")]
    assert world.apply() == 0
    assert world.records() == records
    assert [line for line, _ in double.requests if not line.startswith("GET")] == before


@pytest.mark.parametrize("point", [*HERE, *THERE])
def test_create_killed_at_any_point_ends_with_one_deployment(
    place: World, double: OrchestratorDouble, point: str
) -> None:
    killed_at(place, point, "POST")
    assert place.apply() == 0
    assert len(held(double)) == 1
    assert double.asked("^POST /deployments$") == 1
    assert_settled(place, double, 1)


@pytest.mark.parametrize("point", [*HERE, *THERE])
def test_update_killed_at_any_point_ends_with_the_new_state(
    place: World, double: OrchestratorDouble, point: str
) -> None:
    assert place.apply() == 0
    before = [row.uuid for row in held(double)]
    place.wish(small.wish("Good morning"))
    killed_at(place, point, "PUT")
    assert place.apply() == 0
    (row,) = held(double)
    assert ([row.uuid], row.parameters["title"]) == (before, "Good morning")
    assert_settled(place, double, 2)


@pytest.mark.parametrize("point", [point for point in (*HERE, *THERE) if point != "after sent"])
def test_delete_killed_at_any_point_ends_with_nothing(place: World, double: OrchestratorDouble, point: str) -> None:
    assert place.apply() == 0
    place.unwish()
    killed_at(place, point, "DELETE", [PAGE])
    assert place.apply(confirm=[PAGE]) == 0
    assert held(double) == []
    assert_settled(place, double, 2)


def story(world: World) -> None:
    """A deployment is wished for, changed, and taken back."""
    world.apply()
    world.wish(small.wish("Good morning"))
    world.apply()
    world.unwish()
    world.apply(confirm=[PAGE])


@pytest.mark.parametrize("seed", range(12))
def test_story_killed_at_a_random_call_ends_with_what_is_wished_for(
    place: World, double: OrchestratorDouble, seed: int
) -> None:
    """The process dies before or after its n-th call to the server, and so does the one that cleans up."""
    chance = random.Random(seed)  # noqa: S311  (which call, not a secret)
    for calls in (chance.randrange(1, 45), chance.randrange(1, 15)):
        in_a_process(partial(die_at_call, calls, chance.random() < 0.5, partial(story, place)))
        assert len(held(double)) <= 1
    wished = (place.root / f"deployments/{PAGE}.yaml").exists()
    assert place.apply(confirm=[PAGE]) == 0
    assert len(held(double)) == wished
    assert place.states() == []
    assert double.asked("^POST /deployments$") <= 2
    records = place.records()
    assert len({record.operation for record in records}) == len(records)
    assert place.apply(confirm=[PAGE]) == 0
    assert place.records() == records


def die_at_call(calls: int, before: bool, work: Callable[[], None]) -> None:
    """Do it until this process is killed before or after its call of that number, or to its end."""
    call, left = http.call, [calls]

    def counting(verb: str, url: str, **more: object) -> http.Response:
        left[0] -= 1
        if before and left[0] == 0:
            die()
        answer = call(verb, url, **more)  # type: ignore[arg-type]
        if left[0] == 0:
            die()
        return answer

    http.call = counting  # type: ignore[assignment]
    work()


def test_failed_creation_killed_between_its_deletion_and_the_new_post_is_made_once(
    place: World, double: OrchestratorDouble
) -> None:
    double.state.failing["create"] = "no quota left"
    assert place.apply() == EXIT_APPLY_FAILED
    killed_at(place, "before the server hears", "POST")
    assert held(double) == []
    assert place.apply() == 0
    assert len(held(double)) == 1
    assert place.told() == ["create failed", "create succeeded"]
    assert place.states() == []


def test_platform_that_names_the_orchestrator_in_its_settings_applies_through_it(
    first_world: World, double: OrchestratorDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = first_world.copy(tmp_path / "world")
    monkeypatch.setattr("mattone.reconcile.apply.POLL", 0.0)
    monkeypatch.setenv("IAM_TOKEN", double.state.issue())
    lines = [
        "[engine]",
        'kind = "indigo-orchestrator"',
        f'url = "{double.url}"',
        'group = "school"',
        'token = "env:IAM_TOKEN"',
        f'files_folder = "{double.files}"',
        f'files_url = "{double.url}/files"',
        "[merge]",
        "approvals = 1",
    ]
    (world.root / "mattone.toml").write_text("\n".join(lines) + "\n")
    world.wish()
    assert world.apply() == 0
    (row,) = held(double)
    assert (row.status, world.told()) == ("CREATE_COMPLETE", ["create succeeded"])
    assert world.apply() == 0
    assert double.asked("^(POST|PUT)") == 1


def test_create_whose_answer_is_lost_is_found_and_never_posted_twice(place: World, double: OrchestratorDouble) -> None:
    double.fault("^POST /deployments$", after=True, drop=True)
    assert place.apply() == 0
    assert double.asked("^POST /deployments$") == 1
    assert len(held(double)) == 1
    assert_settled(place, double, 1)


def test_create_that_shows_late_is_unknown_and_taken_up_by_the_next_apply(
    place: World, double: OrchestratorDouble
) -> None:
    double.fault("^POST /deployments$", after=True, drop=True)
    double.fault(r"^GET /deployments\?", status=503, times=10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mattone.engines.indigo_orchestrator.adapter.IndigoOrchestratorEngine.find", _nothing)
        assert place.apply() == EXIT_UNKNOWN
    assert place.states() == [State.STARTED]
    assert place.apply() == EXIT_UNKNOWN  # the server does not list: nothing is posted
    assert double.asked("^POST /deployments$") == 1
    double.faults.clear()
    assert place.apply() == 0
    assert double.asked("^POST /deployments$") == 1
    assert_settled(place, double, 1)


def _nothing(_engine: IndigoOrchestratorEngine, _deployment: str) -> tuple[()]:
    return ()


def test_deployment_whose_mark_was_removed_is_never_made_a_second_time(
    place: World, double: OrchestratorDouble
) -> None:
    assert place.apply() == 0
    (row,) = held(double)
    row.template = "tosca_definitions_version: tosca_simple_yaml_1_0\n"
    place.wish(small.wish("Good morning"))
    assert place.apply() == EXIT_UNKNOWN
    assert [one.uuid for one in held(double)] == [row.uuid]
    assert double.asked("^POST /deployments$") == 1


def test_another_group_of_the_same_account_is_unknown_and_makes_no_second_one(
    place: World, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.apply() == 0
    token = site.given(double, groups=("school", "other"))
    moved = site.engine(double, site.client(double, token), group="other")
    monkeypatch.setattr("mattone.engines.choose.open_engine", lambda _site: moved)
    place.wish(small.wish("Good morning"))
    assert place.apply() == EXIT_UNKNOWN
    assert double.asked("^POST /deployments$") == 1


def test_another_account_is_told_and_makes_no_second_one(
    place: World, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.apply() == 0
    (row,) = held(double)
    token = site.given(double, subject="successor")
    monkeypatch.setattr("mattone.engines.choose.open_engine", lambda _site: adapter(double, token))
    place.wish(small.wish("Good morning"))
    assert place.apply() == EXIT_APPLY_FAILED
    assert [one.uuid for one in held(double)] == [row.uuid]
    (step,) = place.session().plan(look=True).steps
    assert step.change is Change.BLOCKED


def test_record_names_the_orchestrator_and_its_id(place: World, double: OrchestratorDouble) -> None:
    assert place.apply() == 0
    (record,) = place.records()
    (row,) = held(double)
    assert record.engine == {
        "name": "indigo-orchestrator",
        "version": "INDIGO PaaS Orchestrator 4.0.1-double",
        "instance": f"{double.url} as subject@https://iam.example.org/",
        "id": row.uuid,
    }
    assert record.provider == row.provider == "local"
    assert record.outputs == {"address": "192.0.2.10"}


def test_secrets_reach_the_server_as_parameters_and_nothing_else(
    place: World, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "-".join(["canary", "of", "this", "test"])
    monkeypatch.setenv("PAGE_WORD", canary)
    place.wish(small.wish("Hello", secret_word='{secret: "env:PAGE_WORD"}'))
    assert place.apply() == 0
    (row,) = held(double)
    assert row.parameters["secret_word"] == canary
    assert canary not in row.template
    assert double.files is not None
    assert not [path for path in double.files.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]
