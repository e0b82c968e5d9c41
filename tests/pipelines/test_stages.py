"""The pipelines of GitLab and Jenkins do the same, and a merge request's jobs see no write credentials."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from dev.pipelines import parts
from dev.report import ROOT

STAGES = ("check", "claims", "test", "plan", "apply", "release")
TEMPLATES = ("check", "claims", "test", "plan", "bundle", "apply", "release")
MERGE_REQUEST = '$CI_PIPELINE_SOURCE == "merge_request_event"'
DEFAULT_BRANCH = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"


def job(name: str) -> dict[str, Any]:
    text = (ROOT / f"pipelines/gitlab/{name}.yml").read_text("utf-8")
    jobs = yaml.safe_load(parts(text)[1])
    found: dict[str, Any] = jobs[f"mattone-{name}"]
    return found


def conditions(name: str) -> list[str]:
    return [rule["if"] for rule in job(name)["rules"]]


@pytest.mark.parametrize("name", TEMPLATES)
def test_job_that_runs_for_a_merge_request_has_no_credentials(name: str) -> None:
    if MERGE_REQUEST in conditions(name):
        assert {"environment", "id_tokens", "secrets", "resource_group"} & set(job(name)) == set()


def test_apply_runs_on_the_default_branch_alone_one_at_a_time_and_is_never_interrupted() -> None:
    apply = job("apply")
    assert conditions("apply") == [
        '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "merge_request_event"'
    ]
    assert apply["resource_group"].startswith("mattone-")
    assert apply["interruptible"] is False


@pytest.mark.parametrize("name", ["plan", "claims"])
def test_plan_and_claims_run_for_merge_requests_alone(name: str) -> None:
    assert conditions(name) == [MERGE_REQUEST]


def test_releasing_is_asked_for_by_hand_on_the_default_branch_alone_one_at_a_time() -> None:
    (rule,) = job("release")["rules"]
    assert rule["if"] == '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "merge_request_event"'
    assert rule["when"] == "manual"
    assert job("release")["resource_group"] == "mattone-release"
    assert job("release")["interruptible"] is False


def test_every_template_is_included_and_has_its_stage() -> None:
    pipeline = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text("utf-8"))
    assert tuple(pipeline["stages"]) == STAGES
    assert [entry["local"] for entry in pipeline["include"]] == [f"pipelines/gitlab/{name}.yml" for name in TEMPLATES]


def commands(text: str) -> list[str]:
    return re.findall(r"(?:\$\{COMMAND\}|\$\[\[ inputs\.command \]\]) ([a-z][^\"'>|\n]*[a-z])", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_jenkins_calls_the_same_commands_as_gitlab(name: str) -> None:
    library = (ROOT / "pipelines/jenkins/vars/mattone.groovy").read_text("utf-8")
    step = re.search(rf"^void {name}\(.*?^}}", library, re.MULTILINE | re.DOTALL)
    assert step is not None
    gitlab = (ROOT / f"pipelines/gitlab/{name}.yml").read_text("utf-8")
    assert commands(step[0]) == commands(gitlab)
    assert commands(gitlab) or name == "test"
    assert (".ci/run" in step[0]) == (".ci/run" in gitlab)
    assert f"mattone.{name}(" in (ROOT / "Jenkinsfile").read_text("utf-8")
