"""Merge requests as text for people and as plain values for programs. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from mattone import redact
from mattone.forges.interface import Comment, MergeRequest, Pipeline

COLUMNS = ("number", "state", "title", "author", "branch", "pipeline", "approved_by")


def as_value(request: MergeRequest) -> dict[str, Any]:
    """A merge request as JSON takes it; stages as objects with `name`, `state` and `seconds`."""
    value = asdict(request)
    if request.pipeline is not None:
        value["pipeline"]["stages"] = [
            {"name": name, "state": state, "seconds": seconds} for name, state, seconds in request.pipeline.stages
        ]
    return value


def as_row(request: MergeRequest) -> dict[str, object]:
    """A merge request as a row of a table with `COLUMNS`."""
    return {
        "number": f"!{request.iid}",
        "state": request.state,
        "title": redact.one_line(request.title, 60),
        "author": request.author,
        "branch": redact.one_line(request.source_branch, 40),
        "pipeline": request.pipeline.state if request.pipeline else "",
        "approved_by": ", ".join(request.approved_by),
    }


def as_text(request: MergeRequest, comments: Sequence[Comment]) -> str:
    """A merge request with its discussion.

    Texts that people wrote are indented, so that none of their lines can pass for one of ours.
    """
    parts = [f"!{request.iid} {redact.one_line(request.title)}", _facts(request)]
    if request.pipeline is not None and request.pipeline.stages:
        parts.append(_stages(request.pipeline))
    if request.description.strip():
        parts.append(_indented(request.description))
    for comment in comments:
        sticky = f" [{redact.one_line(comment.marker)}]" if comment.marker else ""
        heading = f"comment {comment.id} by {redact.one_line(comment.author)} at {comment.created_at}{sticky}"
        parts.append(f"{heading}\n{_indented(comment.body)}")
    return "\n\n".join(parts)


def _facts(request: MergeRequest) -> str:
    rows = [
        ("state", request.state.value),
        ("author", request.author),
        ("branch", f"{request.source_branch} -> {request.target_branch}"),
        ("head", request.head),
        ("base", request.base),
        ("opened", request.created_at),
        ("pipeline", request.pipeline.state.value if request.pipeline else "none on this head"),
        ("approved by", ", ".join(request.approved_by) or "nobody"),
    ]
    if request.merge_commit:
        rows += [("merged by", f"{request.merged_by} at {request.merged_at}"), ("merged as", request.merge_commit)]
    return _aligned((name, redact.one_line(value)) for name, value in rows)


def _stages(pipeline: Pipeline) -> str:
    width = max(len(f"{seconds:.1f}") for _, _, seconds in pipeline.stages)
    rows = ((redact.one_line(name), f"{seconds:{width}.1f} s  {state}") for name, state, seconds in pipeline.stages)
    return "stages\n" + _indented(_aligned(rows))


def _aligned(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}".rstrip() for name, value in rows)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip("\n").splitlines())
