"""`mattone doctor` in a platform whose engine is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattone.commands import doctor
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble, running
from tests.small import Platform


@pytest.fixture
def double() -> Iterator[OrchestratorDouble]:
    with running() as made:
        yield made


@pytest.fixture
def platform(tmp_path: Path, double: OrchestratorDouble) -> Platform:
    made = Platform(tmp_path / "platform")
    text = f'[engine]\nkind = "indigo-orchestrator"\nurl = "{double.url}"\ngroup = "school"\ntoken = "env:IAM_TOKEN"\n'
    made.write({"mattone.toml": text})
    return made


def told(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    doctor.run(root, "json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_engine_that_answers_is_named_and_machines_are_not_asked_for(
    platform: Platform, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IAM_TOKEN", double.state.issue())
    said = told(platform.root, capsys)
    assert {check["name"] for check in said["checks"]} == {"python", "git", "ssh client", "engine"}
    (engine,) = (check for check in said["checks"] if check["name"] == "engine")
    assert (engine["ok"], engine["detail"]) == (
        True, "INDIGO PaaS Orchestrator 4.0.1-double, 0 deployments in school",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("about", "said", "remedy"),
    [
        ({"groups": ("other",)}, "The group school is not in the user's authorized groups", "engine.group"),
        ({"until": 0.0}, "does not take the token", "engine.token"),
    ],
)
def test_engine_that_refuses_is_told_with_what_to_do(
    platform: Platform, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], about: dict[str, Any], said: str, remedy: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("IAM_TOKEN", double.state.issue(**about))
    assert doctor.run(platform.root, "text") == 1
    out = capsys.readouterr().out
    assert said in out
    assert remedy in out


def test_elsewhere_doctor_looks_at_this_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {check["name"] for check in told(tmp_path, capsys)["checks"]}
    assert "podman" in names
    assert "engine" not in names
