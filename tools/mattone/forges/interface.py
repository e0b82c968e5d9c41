"""The port to where merge requests live. Its operations are GitLab's, by python-gitlab's names.

Source: GitLab REST API, merge requests, notes, approvals and commit statuses
(https://docs.gitlab.com/api/merge_requests/), releases (https://docs.gitlab.com/api/releases/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mattone.git import RefChange, Repository


class MergeState(StrEnum):
    OPENED = "opened"
    MERGED = "merged"
    CLOSED = "closed"


class PipelineState(StrEnum):
    """GitLab's commit status states."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The state of one commit's pipeline; `stages` as (name, state, seconds), in order."""

    sha: str
    state: PipelineState
    stages: tuple[tuple[str, PipelineState, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """A note on a merge request; one with a `marker` is sticky: writing it again replaces it."""

    id: int
    author: str
    body: str
    created_at: str
    marker: str = ""


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """One merge request as it stands now; times in RFC 3339, UTC; shas are full."""

    iid: int
    title: str
    description: str
    source_branch: str
    target_branch: str
    author: str
    state: MergeState
    head: str
    base: str
    created_at: str
    approved_by: tuple[str, ...] = ()
    pipeline: Pipeline | None = None
    merged_by: str = ""
    merged_at: str = ""
    merge_commit: str = ""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release, by a name that is unique in it."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Release:
    """A published release of a tag; `description` in Markdown, `released_at` in RFC 3339, UTC."""

    tag: str
    name: str
    description: str
    released_at: str
    assets: tuple[Asset, ...] = ()


class Forge(Protocol):
    """What mattone asks of a forge. `author` and `user` are account names.

    Raises InputError (no such merge request, nothing to merge, conflict with the target),
    PolicyDenied (pipeline not passed on the head, approvals missing), RemoteError.
    """

    @property
    def url(self) -> str:
        """What `git clone` takes."""

    def default_branch(self) -> str: ...

    def open(self, source_branch: str, title: str, description: str, author: str) -> MergeRequest:
        """Ask to merge a pushed branch into the default branch."""

    def merge_requests(self, state: MergeState | None = None) -> tuple[MergeRequest, ...]: ...

    def merge_request(self, iid: int) -> MergeRequest: ...

    def merge_request_of(self, commit: str) -> MergeRequest | None:
        """The merge request that brought a commit of the default branch."""

    def comments(self, iid: int) -> tuple[Comment, ...]: ...

    def comment(self, iid: int, body: str, author: str, marker: str = "") -> Comment: ...

    def approve(self, iid: int, user: str, head: str = "") -> MergeRequest:
        """Approve the current head; a new head needs new approvals. Authors cannot approve their own.

        With `head`, what the user has seen, it is refused when that is no longer the head.
        """

    def set_pipeline(self, iid: int, pipeline: Pipeline) -> MergeRequest: ...

    def merge(self, iid: int, user: str, head: str) -> MergeRequest:
        """Merge when `head` is still the head, its pipeline passed and approvals suffice."""

    def close(self, iid: int, user: str) -> MergeRequest: ...

    def push(self, repository: Repository, changes: Sequence[RefChange]) -> None:
        """Move refs of the forge to objects of a clone: all or none, each only from the value it had.

        For releases: the default branch and new tags. Raises RefMoved when somebody was faster.
        """

    def published(self) -> frozenset[str]:
        """The tags that have a published release."""

    def release(self, release: Release) -> Release:
        """Publish a release of a tag that is there; once: a release that is there already stays as it is."""
