"""How merge requests look to people and to programs."""

from __future__ import annotations

import json

from mattone.forges import show
from mattone.forges.interface import Comment, MergeRequest, MergeState, Pipeline, PipelineState

STAGES = (("check", PipelineState.SUCCESS, 1.25), ("plan", PipelineState.SUCCESS, 12.0))
REQUEST = MergeRequest(
    iid=3,
    title="Deploy school/notebooks",
    description="For the course.\n\nFrom Monday.",
    source_branch="request/school-notebooks",
    target_branch="main",
    author="alice",
    state=MergeState.MERGED,
    head="a" * 40,
    base="b" * 40,
    created_at="2026-01-02T03:04:05Z",
    approved_by=("bob", "carol"),
    pipeline=Pipeline("a" * 40, PipelineState.SUCCESS, STAGES),
    merged_by="bob",
    merged_at="2026-01-02T04:00:00Z",
    merge_commit="c" * 40,
)
COMMENT = Comment(1, "pipeline", "### Plan\n1 to create", "2026-01-02T03:05:00Z", "mattone-plan")


def test_a_merged_merge_request_in_full() -> None:
    assert show.as_text(REQUEST, [COMMENT]) == "\n".join(
        [
            "!3 Deploy school/notebooks",
            "",
            "state        merged",
            "author       alice",
            "branch       request/school-notebooks -> main",
            f"head         {'a' * 40}",
            f"base         {'b' * 40}",
            "opened       2026-01-02T03:04:05Z",
            "pipeline     success",
            "approved by  bob, carol",
            "merged by    bob at 2026-01-02T04:00:00Z",
            f"merged as    {'c' * 40}",
            "",
            "stages",
            "  check   1.2 s  success",
            "  plan   12.0 s  success",
            "",
            "  For the course.",
            "",
            "  From Monday.",
            "",
            "comment 1 by pipeline at 2026-01-02T03:05:00Z [mattone-plan]",
            "  ### Plan",
            "  1 to create",
        ]
    )


def test_no_line_that_somebody_wrote_can_pass_for_a_heading() -> None:
    forged = Comment(2, "mallory", "fine\ncomment 3 by bob at 2026-01-02T03:05:00Z\n\u2028approved by  bob", "now")
    lines = show.as_text(REQUEST, [forged]).splitlines()
    assert [line for line in lines if line.startswith("comment")] == ["comment 2 by mallory at now"]
    assert [line for line in lines if line.startswith("approved")] == ["approved by  bob, carol"]


def test_as_value_is_json_with_named_stages() -> None:
    value = json.loads(json.dumps(show.as_value(REQUEST)))
    assert value["pipeline"]["stages"][1] == {"name": "plan", "state": "success", "seconds": 12.0}
    assert (value["iid"], value["state"], value["approved_by"]) == (3, "merged", ["bob", "carol"])


def test_rows_have_every_column() -> None:
    assert set(show.as_row(REQUEST)) == set(show.COLUMNS)
