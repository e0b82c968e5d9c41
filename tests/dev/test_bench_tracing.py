"""The records that tracing is measured with: those that are asked for hold, and the others can be read."""

from __future__ import annotations

from pathlib import Path

from dev.bench.tracing import cases, generate, measure
from mattone.git import Repository
from mattone.records.envelope import content_of
from mattone.records.store import BRANCH


def test_every_case_finds_its_deployment_and_every_record_can_be_read(tmp_path: Path) -> None:
    made = generate(tmp_path, 600)
    assert made.deployments == ["group-0/service-0", "group-5/service-100"]
    first, found = measure(made, tmp_path / "cache", runs=1)
    assert [one.name for one in found] == list(cases(made))
    assert all(len(one.ours) == len(one.git) == 1 for one in found)
    assert "times git" in found[0].line()
    assert first.median > 0
    forge = Repository(tmp_path / "forge.git")
    entries = forge.files(BRANCH, "records")
    assert len(entries) == 600
    assert all(content_of(one.path, forge.blob(one.blob)) for one in entries)
    forge.close()
