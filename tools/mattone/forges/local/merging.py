"""Merging: judge the current head, make the merge commit, write it down, then move the branch.

A merge is three steps, and a kill after any of them leaves a state that the next reader sees
through (`Store.read`):

1. the merge commit is made; no ref leads to it yet: nothing happened;
2. an event names that commit as the merge request's attempt: nothing happened, and a later
   attempt replaces it;
3. one transaction moves the target branch to the commit, marks the merge request merged and
   deletes its branch, each if it is still as it was judged. Should git be killed while it
   writes these, the target branch is the first: the attempt is then found on it, which makes
   the merge request merged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mattone import redact
from mattone.errors import InputError, PolicyDenied
from mattone.forges import policy
from mattone.forges.interface import MergeState, PipelineState
from mattone.forges.local.record import MergeAttempt, Record
from mattone.forges.local.refs import move_refs
from mattone.forges.local.store import BRANCHES, PREFIX, Snapshot, Store, signature
from mattone.git import ZERO, RefChange

_TRAILER = re.compile(r"See merge request !(\d{1,9})")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a merge would make of the target branch."""

    tree: str
    base: str
    changed: tuple[str, ...]


def merge_once(store: Store, iid: int, user: str, head: str, now: str) -> Snapshot:
    """One attempt to merge. Raises InputError, PolicyDenied, and RefMoved when something moved meanwhile."""
    snapshot = store.read(iid)
    _require_mergeable(snapshot, head)
    candidate = _candidate(store, snapshot)
    _require_allowed(store, snapshot, candidate)
    commit = store.repository.write_commit(
        candidate.tree, [snapshot.refs.target, head], _message(snapshot.record), signature(user)
    )
    attempt = MergeAttempt(commit=commit, head=head, base=candidate.base, by=user, at=now)
    return _landed(store, _announced(store, snapshot, attempt))


def _announced(store: Store, snapshot: Snapshot, attempt: MergeAttempt) -> Snapshot:
    """Step 2. Pinned to the judged target branch, on which an earlier attempt was seen not to be."""
    record = replace(snapshot.record, attempt=attempt)
    pinned = RefChange(BRANCHES + snapshot.refs.default, None, snapshot.refs.target)
    return store.append(snapshot, record, attempt.by, f"merge begun by {attempt.by}", also=[pinned])


def _landed(store: Store, snapshot: Snapshot) -> Snapshot:
    """Step 3."""
    attempt = snapshot.record.attempt
    assert attempt is not None  # noqa: S101 - step 2 wrote it
    record = snapshot.record.merged()
    event = store.event(snapshot, record, attempt.by, f"merged by {attempt.by}")
    changes = [
        RefChange(BRANCHES + snapshot.refs.default, attempt.commit, snapshot.refs.target),
        RefChange(f"{PREFIX}{record.iid}", event, snapshot.event),
        RefChange(BRANCHES + record.source_branch, ZERO, attempt.head),
    ]
    move_refs(store.repository, changes)
    return replace(snapshot, record=record, event=event)


def require_open(snapshot: Snapshot) -> None:
    """Raises InputError unless the merge request is open and its branch is there."""
    record = snapshot.record
    if record.state is MergeState.MERGED:
        by = record.attempt.by if record.attempt else "somebody"
        raise InputError(f"merge request !{record.iid} was merged already by {by}")
    if record.state is MergeState.CLOSED:
        raise InputError(f"merge request !{record.iid} was closed by {record.closed_by}", hint="open a new one")


def require_head(snapshot: Snapshot, head: str) -> None:
    """Raises InputError unless the merge request is open, its branch is there and leads to `head`."""
    require_open(snapshot)
    record = snapshot.record
    if snapshot.tip is None:
        raise InputError(
            f"the branch {record.source_branch!r} of merge request !{record.iid} is gone",
            hint=f"push {record.head} to it again, or close the merge request",
        )
    if head != record.head:
        raise InputError(
            f"{redact.one_line(head, 60)} is not the head of merge request !{record.iid}, which is {record.head}",
            hint="look at what changed, then give the new head",
        )


def _require_mergeable(snapshot: Snapshot, head: str) -> None:
    require_head(snapshot, head)
    if snapshot.record.target_branch != snapshot.refs.default:
        raise InputError(
            f"merge request !{snapshot.record.iid} goes to {snapshot.record.target_branch!r}, "
            f"but the default branch is {snapshot.refs.default!r} now",
            hint="close it and open a new one",
        )


def _candidate(store: Store, snapshot: Snapshot) -> _Candidate:
    """The merge's tree and what it changes. Raises InputError: nothing to merge, unrelated, conflicts."""
    head, target, name = snapshot.record.head, snapshot.refs.target, snapshot.refs.default
    require_something(store, target, head, name)
    base = store.merge_base(target, head)
    if base is None:
        raise InputError(
            f"the branch {snapshot.record.source_branch!r} shares no history with {name!r}",
            hint=f"start a branch from {name!r} and bring the changes there",
        )
    tree, conflicts = store.repository.merge_tree(target, head)
    if conflicts:
        shown = redact.one_line(", ".join(conflicts), 600)
        raise InputError(
            f"merge request !{snapshot.record.iid} conflicts with {name!r} in {shown}",
            hint=f"merge {name!r} into {snapshot.record.source_branch!r}, resolve the conflict and push",
        )
    names = store.repository.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", target, tree)
    changed = tuple(path for path in names.output.split("\0") if path)
    if not changed:
        raise InputError(f"merge request !{snapshot.record.iid} changes nothing on {name!r}", hint="close it")
    return _Candidate(tree, base, changed)


def require_something(store: Store, target: str, head: str, name: str) -> None:
    """Raises InputError when the target branch has the head already."""
    if store.contains(target, head):
        raise InputError(f"nothing to merge: {name!r} has {head} already", hint="commit something and push it")


def _require_allowed(store: Store, snapshot: Snapshot, candidate: _Candidate) -> None:
    """Raises PolicyDenied with everything that is missing; the policy is the target branch's."""
    record = snapshot.record
    missing = list(_pipeline_shortfall(record))
    text = store.repository.read(snapshot.refs.target, policy.FILE)
    rules = policy.parse(text, f"{snapshot.refs.default}:{policy.FILE}")
    missing += policy.shortfalls(rules, candidate.changed, record.author, record.approved_by(record.head))
    if missing:
        raise PolicyDenied(
            f"merge request !{record.iid} must not be merged yet: {redact.one_line('; '.join(missing), 900)}",
            hint=f"pipeline and approvals count for the head {record.head} alone",
        )


def _pipeline_shortfall(record: Record) -> tuple[str, ...]:
    pipeline = record.pipeline(record.head)
    if pipeline is None:
        return ("no pipeline has run on its head",)
    if pipeline.state is not PipelineState.SUCCESS:
        return (f"the pipeline of its head is {pipeline.state}",)
    return ()


def _message(record: Record) -> str:
    subject = f"Merge branch '{record.source_branch}' into '{record.target_branch}'"
    return f"{subject}\n\n{record.title}\n\nSee merge request !{record.iid}\n"


def brought_by(store: Store, commit: str) -> Snapshot | None:
    """The merged merge request that brought a commit (full sha) to the default branch, or None.

    The merge commit's message only says where to look: the merge request's own record must
    name that very commit.
    """
    refs = store.refs()
    bringer = _bringer(store, refs.target, commit)
    if bringer is None:
        return None
    message = store.repository.run("log", "-1", "--format=%B", bringer).output.rstrip()
    found = _TRAILER.fullmatch(message.rsplit("\n", 1)[-1])
    if found is None or int(found[1]) not in refs.events:
        return None
    snapshot = store.read(int(found[1]))
    record = snapshot.record
    merged = record.state is MergeState.MERGED and record.attempt is not None and record.attempt.commit == bringer
    return snapshot if merged else None


def _bringer(store: Store, target: str, commit: str) -> str | None:
    """The oldest commit on the target's first-parent line that has a commit in its history."""
    if not store.contains(target, commit):
        return None
    line = store.repository.run("rev-list", "--first-parent", "--parents", target, f"^{commit}").output.splitlines()
    if not line:
        return commit
    newer = [row.split(" ") for row in line]
    if newer[-1][1:2] == [commit]:
        return commit  # it stands on the line itself
    low, high = 0, len(newer) - 1  # the newest has it; find the last row, the oldest, that does
    while low < high:
        middle = (low + high + 1) // 2
        if store.contains(newer[middle][0], commit):
            low = middle
        else:
            high = middle - 1
    return newer[low][0]
