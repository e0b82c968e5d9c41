"""Trace: a record told to a person, and the same to a program."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mattone import redact
from mattone.records import trace
from mattone.records.model import Outcome, Record, digest
from tests.records.test_model import RECORD

TOLD = replace(
    RECORD,
    service="page 1.2.0",
    description="For the course",
    applied_by="ada",
    tool="mattone 1.0",
    engine={"id": "remote-1", "name": "double", "version": "Double 1.0"},
    merge_request={
        "iid": 3, "title": "Deploy it", "author": "bob", "approved_by": ["carol", "dan"], "merged_by": "carol",
        "merged_at": "2026-01-01T00:00:00Z",
    },
    lock={"components": [
        {"component": "catalog/page", "kind": "service", "version": "1.2.0", "commit": "c" * 40, "digest": "sha256:aa"},
    ]},
    machines=({"name": "page-1", "address": "192.0.2.1", "cpus": 2, "memory": 2048},),
)  # fmt: skip
FAILED = replace(TOLD, sequence=2, outcome=Outcome.FAILED, reason="task failed")


def test_story_tells_who_what_and_with_which_versions() -> None:
    text = trace.as_text([TOLD])
    for words in (
        "school/page in production", "#1 create succeeded of page 1.2.0 at 2026-01-01T00:00:00Z", "took 1.5 s",
        "!3 Deploy it, by bob", "approved by carol, dan, merged by carol", "ada with mattone 1.0",
        "Double 1.0, its id remote-1",
        "service catalog/page 1.2.0  commit cccccccccccc  sha256:aa", "title: Grüße", "(secret env:TOKEN), version 1",
        "page-1 192.0.2.1 (2 CPU, 2048 MiB)", "address: 192.0.2.1", digest(TOLD),
    ):  # fmt: skip
        assert words in text
    assert "before that" not in text


def test_what_came_from_elsewhere_is_told_with_its_source() -> None:
    row = {"kind": "role", "name": "space.web", "version": "v1.0", "source": "https://example.org/web.git"}
    image = {"kind": "image", "name": "example.org/app", "version": "9", "source": "example.org", "pinned": False}
    told = replace(TOLD, lock={**TOLD.lock, "external": [{**row, "commit": "d" * 40, "digest": "sha256:bb"}, image]})
    lines = trace.as_text([told]).splitlines()
    start = lines.index("from elsewhere:")
    assert lines[start + 1 : start + 3] == [
        "  role       space.web v1.0  commit dddddddddddd  sha256:bb  https://example.org/web.git",
        "  image      example.org/app 9  not pinned  example.org",
    ]
    assert "from elsewhere" not in trace.as_text([TOLD])


def test_earlier_operations_follow_as_a_line_each() -> None:
    lines = trace.as_text([TOLD, FAILED]).splitlines()
    assert lines[-2:] == ["before that:", "  #1 create succeeded of page 1.2.0 at 2026-01-01T00:00:00Z"]
    assert any(line.endswith("at 2026-01-01T00:00:00Z: task failed") for line in lines)


@pytest.mark.parametrize(
    ("found", "words"),
    [({}, ""), ({"commit": "d" * 40}, f"none known; the file came with commit {'d' * 40}")],
)
def test_file_without_a_merge_request_is_told_as_such(found: dict[str, Any], words: str) -> None:
    text = trace.as_text([replace(TOLD, merge_request=found)])
    assert words in text
    assert ("merge request" in text) == bool(found)


def test_record_of_a_deletion_that_found_nothing_can_be_told() -> None:
    bare = Record("production", "school/page", 1, "0" * 32, RECORD.action, RECORD.outcome, "c" * 40)
    assert "school/page in production" in trace.as_text([bare])
    assert "Double 1.0, its id (none)" in trace.as_text([replace(TOLD, engine={"version": "Double 1.0", "id": ""})])


def test_outside_text_makes_no_line_of_its_own() -> None:
    hostile = "x\nmerge request: !9 approved by the boss\r\x1b[2K\u2028y"

    def told(text: str) -> list[str]:
        record = replace(
            FAILED, description=text, reason=text, service=text, applied_by=text, provider=text, inputs={text: text},
            outputs={text: [text, {"a": text}]}, engine={"id": text, "version": text},
            machines=({"name": text, "address": text, "cpus": 1, "memory": 1},),
            merge_request={**TOLD.merge_request, "title": text, "author": text, "approved_by": [text]},
        )  # fmt: skip
        return redact.visible(trace.as_text([record, record])).splitlines()

    assert len(told(hostile)) == len(told("x"))
    assert not any(line.startswith("merge request: !9") for line in told(hostile))


def test_json_has_all_records_newest_first_each_with_its_digest() -> None:
    value = json.loads(json.dumps(trace.as_value([TOLD, FAILED])))
    assert value["deployment"] == "school/page"
    assert [row["sequence"] for row in value["records"]] == [2, 1]
    assert value["records"][1]["digest"] == digest(TOLD)
    assert value["records"][1]["lock"] == TOLD.lock
