"""Tampering with records: each kind is found, at the record where it happened, in words of its own."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.records.envelope import seal
from mattone.records.model import Outcome, digest
from mattone.records.signing import SigningKey
from tests.records.chain import Chain, trusted


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain()


def test_a_chain_as_it_was_written_holds(chain: Chain) -> None:
    assert chain.faults(chain.files()) == []


def test_an_altered_record_no_longer_fits_its_signature(chain: Chain) -> None:
    files = chain.files()
    forged = replace(chain.records()[1], outcome=Outcome.FAILED)
    honest = json.loads(files[1][1])
    other = json.loads(seal(forged, SigningKey.generate()))
    files[1] = (files[1][0], json.dumps({**honest, "payload": other["payload"]}).encode() + b"\n")
    said = chain.faults(files)
    assert said[0] == "2: the signature does not fit the content: one of them was changed"
    assert said[1] == "3: the record before it is not the one that it names"


def test_a_record_signed_by_somebody_else_does_not_count(chain: Chain) -> None:
    files = chain.files()
    files[2] = (files[2][0], seal(chain.records()[2], SigningKey.generate()))
    [said] = chain.faults(files)
    assert said.startswith("3: signed by a key that is not trusted: ")


def test_a_signature_taken_from_another_record_does_not_count(chain: Chain) -> None:
    files = chain.files()
    first, second = json.loads(files[0][1]), json.loads(files[1][1])
    files[1] = (files[1][0], json.dumps({**second, "signatures": first["signatures"]}).encode() + b"\n")
    assert chain.faults(files) == ["2: the signature does not fit the content: one of them was changed"]


def test_a_record_without_signature_does_not_count(chain: Chain) -> None:
    files = chain.files()
    files[0] = (files[0][0], json.dumps({**json.loads(files[0][1]), "signatures": []}).encode() + b"\n")
    assert chain.faults(files) == ["1: nobody signed it"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"revoked": "2026-01-02T00:00:00Z", "reason": "lost"}, "was revoked at 2026-01-02T00:00:00Z (lost)"),
        ({"until": "2026-01-02T00:00:00Z"}, "counted until 2026-01-02T00:00:00Z"),
    ],
)
def test_a_key_that_ended_counts_for_what_was_before(chain: Chain, changes: dict[str, str], said: str) -> None:
    found = chain.faults(chain.files(), trusted(chain.key, **changes))
    assert found == [f"{number}: the key of the applier {said}" for number in (2, 3)]


def test_a_key_does_not_count_before_its_time(chain: Chain) -> None:
    found = chain.faults(chain.files(), trusted(chain.key, since="2026-01-03T00:00:00Z"))
    assert found == [f"{number}: the key of the applier counts from 2026-01-03T00:00:00Z on" for number in (1, 2)]


def test_a_key_of_another_environment_does_not_count(chain: Chain) -> None:
    found = chain.faults(chain.files()[:1], trusted(chain.key, environments=frozenset({"testing"})))
    assert found == ["1: the key of the applier may not sign records of production"]


def test_keys_rotate_without_breaking_the_chain(chain: Chain) -> None:
    newer = SigningKey.generate()
    files = [*chain.files()[:2], (chain.records()[2].path, seal(chain.records()[2], newer))]
    keys = {
        **trusted(chain.key, until="2026-01-03T00:00:00Z"),
        **trusted(newer, since="2026-01-03T00:00:00Z"),
    }
    assert chain.faults(files, keys) == []


def test_a_missing_record_is_named(chain: Chain) -> None:
    files = chain.files()
    assert chain.faults([files[0], files[2]]) == ["3: record 2 before it is missing"]
    assert chain.faults(files[2:]) == ["3: records 1 to 2 before it are missing"]


def test_a_record_that_names_another_past_is_found(chain: Chain) -> None:
    records = chain.records()
    records[2] = replace(records[2], previous=digest(records[0]))
    assert chain.faults(chain.files(records)) == ["3: the record before it is not the one that it names"]


def test_a_record_that_is_dated_back_is_found(chain: Chain) -> None:
    records = chain.records()
    records[2] = replace(records[2], times={"ended": "2026-01-01T12:00:00Z"})
    assert chain.faults(chain.files(records)) == ["3: it claims to be older than the record before it"]


@pytest.mark.parametrize("change", [{"deployment": "school/other"}, {"environment": "testing"}, {"sequence": 7}])
def test_a_record_of_something_else_is_not_taken_for_this_ones(chain: Chain, change: dict[str, object]) -> None:
    record = chain.records(1)[0]
    other = replace(record, **change)  # type: ignore[arg-type]
    said = chain.faults([(record.path, seal(other, chain.key))])
    assert said[-1 if "sequence" not in change else 0].startswith("1: ")
    assert any("moved here" in text for text in said)


def test_a_swapped_template_contradicts_the_record(chain: Chain) -> None:
    path, data = chain.files()[0]
    payload = json.loads(base64.b64decode(json.loads(data)["payload"]))
    payload["subject"][1]["digest"]["sha256"] = "0" * 64
    forged = chain.key.seal(json.dumps(payload, sort_keys=True, separators=(",", ":")).encode())
    assert chain.faults([(path, forged + b"\n")]) == ["1: the statement and the record in it say different things"]


def test_what_follows_a_damaged_record_is_not_blamed_for_it(chain: Chain) -> None:
    files = chain.files()
    files[1] = (files[1][0], b"\xff\x00")
    assert chain.faults(files) == ["2: the record is damaged: its first line is no envelope"]


def test_a_record_of_before_signing_is_said_to_be_unsigned(chain: Chain) -> None:
    from mattone.records.model import dump

    record = chain.records(1)[0]
    old = record.path.removesuffix(".intoto.jsonl") + ".json"
    assert chain.faults([(old, dump(record))]) == [
        "1: it is from before records were signed: nothing proves who wrote it"
    ]


@given(st.data())
def test_no_changed_byte_goes_unseen(data: st.DataObject) -> None:
    chain = Chain()
    path, content = chain.files(chain.records(1))[0]
    at = data.draw(st.integers(0, len(content) - 2))  # the newline at the end holds nothing
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    said = chain.faults([(path, changed)])
    assert said or json.loads(changed) == json.loads(content)
