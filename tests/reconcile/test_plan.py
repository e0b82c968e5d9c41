"""What planning says in every case, and that it says the same twice."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.engines.interface import Phase
from mattone.pins.external import External, ExternalKind
from mattone.reconcile.journal import State
from mattone.reconcile.plan import Change, FieldChange, Known, Wish
from tests.reconcile.wishes import INPUTS, PAGE, change, deleted, known, lock, planned, record, step, wish

LATER = wish({**INPUTS, "title": "Good morning"})  # title may change while it lives
BIGGER = wish({**INPUTS, "cpus": 4})  # cpus may not
FAR = wish(provider="far")
NOT_UPDATED = record(sequence=2, action="update", ok=False)
ACTED = (State.STARTED, State.SENT)

CASES: dict[str, tuple[Wish | None, Known | None, Change | None]] = {
    "wished for, never heard of": (wish(), None, Change.CREATE),
    "wished for, no records": (wish(), known(), Change.CREATE),
    "as recorded": (wish(), known(record()), Change.NONE),
    "as recorded, the engine agrees": (wish(), known(record(), phase=Phase.READY), Change.NONE),
    "as recorded, switched off by a person": (wish(), known(record(), phase=Phase.STOPPED), Change.NONE),
    "another title": (LATER, known(record()), Change.UPDATE),
    "another version": (wish(version="1.1.0", content="sha256:bb"), known(record()), Change.UPDATE),
    "another content of the same version": (wish(content="sha256:bb"), known(record()), Change.UPDATE),
    "an input that cannot change": (BIGGER, known(record()), Change.BLOCKED),
    "another provider": (FAR, known(record()), Change.BLOCKED),
    "failed before, same wish": (wish(), known(record(ok=False)), Change.UPDATE),
    "never ran, any input may change": (BIGGER, known(record(ok=False)), Change.UPDATE),
    "never ran, another provider": (FAR, known(record(ok=False)), Change.UPDATE),
    "lives, its last update failed": (wish(), known(record(), NOT_UPDATED), Change.UPDATE),
    "lives, its update failed, an input that cannot change": (BIGGER, known(record(), NOT_UPDATED), Change.BLOCKED),
    "made anew, which failed, any input may change": (
        BIGGER, known(record(), record(sequence=2, action="create", ok=False)), Change.UPDATE
    ),
    "the engine says it failed": (wish(), known(record(), phase=Phase.FAILED), Change.UPDATE),
    "the engine lost it": (wish(), known(record(), phase=Phase.GONE), Change.CREATE),
    "the engine lost it, any input may change": (BIGGER, known(record(), phase=Phase.GONE), Change.CREATE),
    "deleted and wished for again": (wish(), known(record(), deleted()), Change.CREATE),
    "not wished for, never heard of": (None, None, None),
    "not wished for, no records": (None, known(), None),
    "not wished for, runs": (None, known(record()), Change.DELETE),
    "not wished for, failed and left something": (None, known(record(ok=False)), Change.DELETE),
    "not wished for, deleted": (None, known(record(), deleted()), None),
    "not wished for, could not be deleted": (None, known(record(), deleted(ok=False, left="remote-1")), Change.DELETE),
    "wished for, could not be deleted": (wish(), known(record(), deleted(ok=False, left="remote-1")), Change.UPDATE),
    "another engine holds it": (wish(), known(record(), instance="other"), Change.BLOCKED),
    "another engine holds it, not wished for": (None, known(record(), instance="other"), Change.BLOCKED),
    "nobody knows what became of it": (wish(), known(state=State.UNKNOWN), Change.BLOCKED),
    "runs, nobody knows what became of a change": (LATER, known(record(), state=State.UNKNOWN), Change.BLOCKED),
    "not wished for, nobody knows what became of it": (None, known(state=State.UNKNOWN), Change.BLOCKED),
    "planned only, nothing was sent": (wish(), known(state=State.PLANNED), Change.CREATE),
    "planned only, not wished for": (None, known(state=State.PLANNED), None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_change(case: str) -> None:
    wanted, what, expected = CASES[case]
    assert change(wanted, what) == expected


@pytest.mark.parametrize("state", ACTED)
def test_interrupted_operation_is_gone_on_with(state: State) -> None:
    assert change(wish(), known(state=state)) is Change.CREATE
    assert change(wish(), known(record(), state=state)) is Change.UPDATE
    assert change(None, known(state=state)) is Change.DELETE
    assert change(None, known(record(), deleted(), state=state)) is Change.DELETE


def test_each_field_that_differs_is_named_with_both_values() -> None:
    found = step(wish({"title": "Hi", "more": [1]}, version="1.1.0"), known(record(ok=False)))
    assert found is not None
    assert found.fields == (
        FieldChange("input", "cpus", 1, None),
        FieldChange("input", "more", None, [1]),
        FieldChange("input", "title", "Hello", "Hi"),
        FieldChange("version", "catalog/page", "1.0.0", "1.1.0"),
    )


def test_creation_lists_its_inputs_and_deletion_keeps_its_protection() -> None:
    made = step(wish(), None)
    assert made is not None
    assert [field.name for field in made.fields] == ["cpus", "title"]
    gone = step(None, known(record(protected=True)))
    assert gone is not None
    assert gone.protected


def test_blocked_step_names_what_cannot_change_and_what_to_do() -> None:
    found = step(wish({"title": "Hello", "cpus": 4}, provider="far"), known(record()))
    assert found is not None
    assert found.why == "cpus, provider cannot change while it lives: delete it and ask again, or restore the old value"


def test_change_back_to_what_runs_is_no_change() -> None:
    assert change(wish(), known(record(LATER, sequence=2, action="update"))) is Change.UPDATE
    assert change(LATER, known(record(LATER, sequence=2, action="update"))) is Change.NONE


@pytest.mark.parametrize(
    "other",
    [
        planned(LATER, known(record())),
        planned(wish(), known(record(sequence=2))),
        planned(wish(), known(record(), phase=Phase.READY)),
        planned(None, known(record())),
    ],
)
def test_digest_of_a_plan_changes_with_wish_record_and_observed_state(other: Any) -> None:
    assert other.digest != planned(wish(), known(record())).digest


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just(math.nan),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
inputs = st.dictionaries(st.sampled_from(["title", "cpus", "secret_word"]), values)


@given(inputs)
@settings(deadline=None)
def test_wish_equal_to_its_record_is_no_change(given_inputs: dict[str, Any]) -> None:
    found = step(wish(given_inputs), known(record(wish(given_inputs)), phase=Phase.READY))
    assert found is not None
    assert (found.change, found.fields) == (Change.NONE, ())


@given(inputs, inputs)
@settings(deadline=None)
def test_planning_twice_is_equal_and_another_input_is_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    what = known(record(wish(before)), phase=Phase.READY)
    first, second = planned(wish(after), what), planned(wish(after), what)
    assert (first, first.digest) == (second, second.digest) or math.nan in [*before.values(), *after.values()]
    assert first.digest == second.digest
    same = wish(before).digest == wish(after).digest
    assert (first.steps[0].change is Change.NONE) == same


# What comes from elsewhere


def image(version: str, digest: str) -> External:
    digest = digest and "sha256:" + digest * 64
    return External("example.org/web", ExternalKind.IMAGE, version, version, "example.org", "", digest, 4, (PAGE,))


def using(*entries: External) -> Wish:
    return replace(wish(), lock=replace(lock(), external=entries))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([image("1", "a")], [image("2", "b")], [("version", "image example.org/web", "1", "2")]),
        ([image("1", "a")], [image("1", "b")], [("content", "image example.org/web", "a" * 12, "b" * 12)]),
        ([image("1", "")], [image("1", "b")], [("content", "image example.org/web", "not pinned", "b" * 12)]),
        ([], [image("1", "a")], [("version", "image example.org/web", None, "1")]),
        (
            [image("1", "a"), image("2", "b")],
            [image("1", "a"), image("2", "c")],
            [("content", "image example.org/web 2", "b" * 12, "c" * 12)],
        ),
    ],
)
def test_a_change_of_what_comes_from_elsewhere_is_an_update(
    before: list[External], after: list[External], expected: list[tuple[str, str, str | None, str]]
) -> None:
    found = step(using(*after), known(record(using(*before))))
    assert found is not None
    assert found.change is Change.UPDATE
    assert [(one.kind, one.name, one.old, one.new) for one in found.fields] == expected


def test_a_lock_without_anything_from_elsewhere_wishes_what_it_always_did() -> None:
    assert using().digest == wish().digest != using(image("1", "a")).digest
