"""A merge request as it is stored: `merge-request.json`, checked when read, dumped from data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mattone import redact
from mattone.errors import InputError
from mattone.forges.accounts import same_account
from mattone.forges.interface import Comment, MergeRequest, MergeState, Pipeline, PipelineState

FORMAT = 1
KEPT_PIPELINES = 20  # the newest; older ones stay in the chain's history
MOST_STAGES = 100


@dataclass(frozen=True, slots=True)
class Approval:
    user: str
    head: str
    at: str


@dataclass(frozen=True, slots=True)
class MergeAttempt:
    """The merge commit that a merge is about to put on the target branch, written before it moves.

    The merge happened exactly if that commit is part of the target branch.
    """

    commit: str
    head: str
    base: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a merge request; shas are full, times RFC 3339 in UTC."""

    iid: int
    title: str
    source_branch: str
    target_branch: str
    author: str
    created_at: str
    state: MergeState
    head: str
    base: str
    approvals: tuple[Approval, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    attempt: MergeAttempt | None = None
    closed_by: str = ""
    closed_at: str = ""

    def approved_by(self, head: str) -> tuple[str, ...]:
        """Who approved that very head."""
        return tuple(approval.user for approval in self.approvals if approval.head == head)

    def pipeline(self, sha: str) -> Pipeline | None:
        return next((pipeline for pipeline in self.pipelines if pipeline.sha == sha), None)

    def with_approval(self, user: str, at: str) -> Record:
        """With the current head approved by a user; approvals of earlier heads are kept but count no more."""
        if any(same_account(user, name) for name in self.approved_by(self.head)):
            return self
        return replace(self, approvals=(*self.approvals, Approval(user, self.head, at)))

    def with_pipeline(self, pipeline: Pipeline) -> Record:
        others = tuple(other for other in self.pipelines if other.sha != pipeline.sha)
        return replace(self, pipelines=(*others, pipeline)[-KEPT_PIPELINES:])

    def merged(self) -> Record:
        """As the attempt leaves it once the target branch has its commit."""
        assert self.attempt is not None  # noqa: S101 - callers asked for it
        attempt = self.attempt
        return replace(self, state=MergeState.MERGED, head=attempt.head, base=attempt.base)


def checked_pipeline(pipeline: Pipeline) -> Pipeline:
    """A pipeline fit to be stored: stage names cleaned. Raises InputError."""
    if len(pipeline.stages) > MOST_STAGES:
        raise InputError(f"a pipeline has at most {MOST_STAGES} stages, this one {len(pipeline.stages)}")
    for name, _, seconds in pipeline.stages:
        if not math.isfinite(seconds) or seconds < 0:
            raise InputError(f"the stage {redact.one_line(name, 80)!r} cannot have taken {seconds} s")
    stages = tuple((redact.one_line(name, 100), state, round(seconds, 3)) for name, state, seconds in pipeline.stages)
    return replace(pipeline, stages=stages)


def view(record: Record, description: str) -> MergeRequest:
    """The port's merge request of a record."""
    attempt = record.attempt if record.state is MergeState.MERGED else None
    return MergeRequest(
        iid=record.iid,
        title=record.title,
        description=description,
        source_branch=record.source_branch,
        target_branch=record.target_branch,
        author=record.author,
        state=record.state,
        head=record.head,
        base=record.base,
        created_at=record.created_at,
        approved_by=record.approved_by(record.head),
        pipeline=record.pipeline(record.head),
        merged_by=attempt.by if attempt else "",
        merged_at=attempt.at if attempt else "",
        merge_commit=attempt.commit if attempt else "",
    )


def dump(record: Record) -> bytes:
    return _dumped({"format": FORMAT, **asdict(record)})


def load(data: bytes) -> Record:
    """A stored record. Raises ValueError when it is damaged or of another format."""
    fields = _mapping(json.loads(data))
    number = fields.pop("format", None)
    if number != FORMAT:
        raise ValueError(f"format {number!r} is not known")
    try:
        attempt = fields.pop("attempt")
        return Record(
            state=MergeState(fields.pop("state")),
            approvals=tuple(Approval(**_texts(entry)) for entry in fields.pop("approvals")),
            pipelines=tuple(_pipeline(_mapping(entry)) for entry in fields.pop("pipelines")),
            attempt=None if attempt is None else MergeAttempt(**_texts(attempt)),
            iid=_whole(fields.pop("iid")),
            **_texts(fields),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"unexpected content ({error})") from None


def dump_comments(comments: tuple[Comment, ...]) -> bytes:
    """The index of the comments; their bodies are files of their own."""
    rows = [{key: value for key, value in asdict(comment).items() if key != "body"} for comment in comments]
    return _dumped({"format": FORMAT, "comments": rows})


def load_comments(data: bytes) -> tuple[Comment, ...]:
    """The index of the comments, bodies still empty. Raises ValueError when damaged."""
    try:
        rows = [_mapping(row) for row in _mapping(json.loads(data))["comments"]]
        return tuple(Comment(id=_whole(row.pop("id")), body="", **_texts(row)) for row in rows)
    except (KeyError, TypeError) as error:
        raise ValueError(f"unexpected content ({error})") from None


def _dumped(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def _pipeline(fields: dict[str, Any]) -> Pipeline:
    stages = tuple((str(name), PipelineState(state), float(seconds)) for name, state, seconds in fields["stages"])
    return Pipeline(sha=str(fields["sha"]), state=PipelineState(fields["state"]), stages=stages)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a mapping is missing")
    return value


def _texts(value: Any) -> dict[str, str]:
    fields = _mapping(value)
    wrong = [key for key, text in fields.items() if not isinstance(text, str)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not text")
    return fields


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a number is missing")
    return value
