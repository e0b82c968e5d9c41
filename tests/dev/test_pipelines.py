from __future__ import annotations

from dev.pipelines import check, inputs, parts
from dev.report import Status

TEMPLATE = """\
# about
spec:
  inputs:
    stage: {default: test}
    spare: {}
---
job:
  stage: $[[ inputs.stage ]]
  script: ["$[[ inputs.missing ]]"]
"""


def test_template_is_split_into_header_and_jobs() -> None:
    assert [part.splitlines()[0] for part in parts(TEMPLATE)] == ["# about", ""]
    assert parts("# nothing but a comment\n") == []


def test_undeclared_and_unused_inputs_are_named() -> None:
    assert inputs(TEMPLATE) == ["input missing is used but not declared", "input spare is declared but not used"]


def test_pipelines_of_this_repository_hold_to_the_schema() -> None:
    status, detail = check()
    assert status is Status.PASSED, detail
    assert detail == "8 files"
