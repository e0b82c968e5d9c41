"""Records as files: what goes in comes out, and what is damaged is refused with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.records.model import Action, Outcome, Record, digest, dump, parse

PATH = "records/production/school/page/000001-0.json"
RECORD = Record(
    environment="production",
    deployment="school/page",
    sequence=1,
    operation="0" * 32,
    action=Action.CREATE,
    outcome=Outcome.SUCCEEDED,
    commit="c" * 40,
    inputs={"title": "Grüße", "ports": [{"protocol": "tcp"}], "token": {"secret": "env:TOKEN"}},
    secrets={"token": {"reference": "env:TOKEN", "version": "1"}},
    engine={"id": "remote-1"},
    machines=({"name": "page-1", "cpus": 1.5},),
    outputs={"address": "192.0.2.1"},
    times={"ended": "2026-01-01T00:00:00Z"},
    seconds=1.5,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def test_record_survives_its_file() -> None:
    assert parse(PATH, dump(RECORD)) == RECORD
    assert dump(RECORD).endswith(b"}\n")
    assert "Grüße".encode() in dump(RECORD)


@given(st.dictionaries(st.text(max_size=5), plain, max_size=4), st.text(max_size=20))
def test_any_record_survives_its_file_byte_for_byte(values: dict[str, Any], reason: str) -> None:
    record = replace(RECORD, inputs=values, outputs=values, reason=reason)
    assert parse(PATH, dump(record)) == record
    assert dump(parse(PATH, dump(record))) == dump(record)


@pytest.mark.parametrize(
    "value", [{1: "a", "b": "c"}, {True: 1, None: 2, "x": 3}, {"text": "\ud800"}, {"n": float("nan")}]
)
def test_what_json_cannot_say_has_a_file_that_stays_the_same(value: dict[Any, Any]) -> None:
    data = dump(replace(RECORD, outputs=value))
    data.decode("utf-8")
    assert dump(parse(PATH, data)) == data


def test_digest_names_the_bytes_of_the_file() -> None:
    import hashlib

    assert digest(RECORD) == f"sha256:{hashlib.sha256(dump(RECORD)).hexdigest()}"
    assert digest(parse(PATH, dump(RECORD))) == digest(RECORD)
    assert digest(replace(RECORD, reason="other")) != digest(RECORD)


def without(field: str) -> bytes:
    value = json.loads(dump(RECORD))
    del value[field]
    return json.dumps(value).encode()


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(dump(RECORD)), **fields}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe", b"\x00" * 50, dump(RECORD)[:-20],
        without("operation"), without("record"), changed(action="destroy"), changed(outcome=1), changed(machines=None),
        changed(surprise=1), changed(record=2), changed(record="1"),
    ],
)  # fmt: skip
def test_damaged_record_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse(PATH, data)
    assert str(caught.value.place) == PATH
    assert "record" in caught.value.message


@pytest.mark.parametrize(
    "field", ["environment", "deployment", "sequence", "inputs", "engine", "lock", "times", "merge_request", "seconds"]
)
def test_field_of_another_kind_is_refused_here_and_not_where_it_is_used(field: str) -> None:
    for wrong in ([1], None):
        with pytest.raises(InputError, match=field):
            parse(PATH, changed(**{field: wrong}))


@pytest.mark.parametrize(
    ("action", "outcome", "left", "runs"),
    [
        (Action.CREATE, Outcome.SUCCEEDED, "r", True),
        (Action.CREATE, Outcome.FAILED, "r", True),
        (Action.CREATE, Outcome.FAILED, "", False),
        (Action.DELETE, Outcome.FAILED, "r", True),
        (Action.DELETE, Outcome.SUCCEEDED, "r", False),
    ],
)
def test_what_is_left_at_the_engine_counts_as_running(action: Action, outcome: Outcome, left: str, runs: bool) -> None:
    assert replace(RECORD, action=action, outcome=outcome, engine={"id": left}).runs is runs
