"""What `mattone apply` refuses before it does anything: stale plans and deletions that nobody confirmed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mattone.commands.apply import _allowed, _must_hold
from mattone.errors import InputError, PolicyDenied
from mattone.reconcile.plan import Change, Plan, Step


def step(name: str, change: Change, **more: object) -> Step:
    return Step(f"school/{name}", change, "why", **more)  # type: ignore[arg-type]


def plan(*steps: Step) -> Plan:
    return Plan("production", "a" * 40, "a" * 40, steps)


def written(path: Path, made: Plan) -> Path:
    path.write_text(json.dumps({**asdict(made), "digest": made.digest}))
    return path


LOOKED = plan(step("page", Change.UPDATE, observed="sha256:1", desired="sha256:d"))


def test_a_plan_that_is_made_again_alike_holds(tmp_path: Path) -> None:
    _must_hold(written(tmp_path / "plan.json", LOOKED), LOOKED)


def test_a_plan_made_without_asking_the_engine_holds_when_all_else_is_alike(tmp_path: Path) -> None:
    blind = plan(replace(LOOKED.steps[0], observed=""))
    _must_hold(written(tmp_path / "plan.json", blind), LOOKED)


@pytest.mark.parametrize(
    "change",
    [
        {"change": Change.CREATE},
        {"desired": "sha256:x"},
        {"record": "sha256:x"},
        {"observed": "sha256:2"},
        {"why": "x"},
    ],
)
def test_a_plan_of_which_anything_changed_is_denied(tmp_path: Path, change: dict[str, object]) -> None:
    now = plan(replace(LOOKED.steps[0], **change))  # type: ignore[arg-type]
    with pytest.raises(PolicyDenied, match="no longer holds"):
        _must_hold(written(tmp_path / "plan.json", LOOKED), now)
    with pytest.raises(PolicyDenied, match="no longer holds"):
        _must_hold(written(tmp_path / "plan.json", LOOKED), replace(LOOKED, head="b" * 40))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"digest": "x"}', '{"digest": "x", "steps": [1]}', "\udcff"])
def test_a_file_that_is_no_plan_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="this is no plan file") as caught:
        _must_hold(path, LOOKED)
    assert str(caught.value.place) == str(path)


NEW, OLD, SAFE = step("new", Change.CREATE), step("old", Change.DELETE), step("safe", Change.DELETE, protected=True)


def test_deletions_are_left_alone_unless_they_are_asked_for() -> None:
    made = plan(NEW, OLD, step("x", Change.BLOCKED), step("y", Change.NONE))
    assert _allowed(made, False, set(), empty=False) == [NEW]
    assert _allowed(made, True, set(), empty=False) == [NEW, OLD]
    assert _allowed(made, False, {"school/old"}, empty=False) == [NEW, OLD]


def test_a_protected_deployment_needs_its_name() -> None:
    with pytest.raises(PolicyDenied, match="protected deployments would be deleted: school/safe") as caught:
        _allowed(plan(NEW, OLD, SAFE), True, {"school/old"}, empty=False)
    assert "--confirm school/safe" in caught.value.hint
    assert _allowed(plan(NEW, OLD, SAFE), True, {"school/safe"}, empty=False) == [NEW, OLD, SAFE]


def test_an_empty_desired_state_deletes_only_what_is_named() -> None:
    with pytest.raises(PolicyDenied, match="the desired state is empty: school/old"):
        _allowed(plan(OLD), True, set(), empty=True)
    assert _allowed(plan(OLD), True, {"school/old"}, empty=True) == [OLD]


def test_one_named_deletion_among_others_is_no_empty_state() -> None:
    """`mattone apply --prune school/old`: its plan has that step alone, the platform has more."""
    assert _allowed(plan(OLD), True, set(), empty=False) == [OLD]
