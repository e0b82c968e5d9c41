"""Merge requests inside the bare repository: a ref each, leading to a chain of event commits.

    refs/mattone/merge-requests/7        the newest event; `git log --first-parent` shows them all
      merge-request.json                 what the merge request is after this event
      description.md
      comments.json  comments/0001.md    who wrote which comment, and the bodies

A commit's second parent, where it has one, is the head that the merge request then got, so
that no reviewed head is lost when branches move or vanish. Every change is one commit and
one compare-and-swap. Numbers are taken by creating the ref that does not exist yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mattone import redact
from mattone.errors import InputError, MattoneError, RemoteError
from mattone.forges.interface import Comment, MergeState
from mattone.forges.local import record as records
from mattone.forges.local.objects import blobs
from mattone.forges.local.record import Record
from mattone.forges.local.refs import move_refs
from mattone.git import ZERO, RefChange, Repository, Signature

PREFIX = "refs/mattone/merge-requests/"
BRANCHES = "refs/heads/"
RECORD, DESCRIPTION, COMMENTS = "merge-request.json", "description.md", "comments.json"


@dataclass(frozen=True, slots=True)
class Refs:
    """One reading of the refs: branch name to head, merge request to newest event."""

    default: str
    branches: Mapping[str, str]
    events: Mapping[int, str]

    @property
    def target(self) -> str:
        """The head of the default branch."""
        return self.branches[self.default]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A merge request at one reading of the refs; an open one's head is that of its branch."""

    record: Record
    description: str
    event: str
    recorded_head: str
    refs: Refs
    unrecorded: bool = False  # merged, as the target branch shows, but no event says so yet

    @property
    def tip(self) -> str | None:
        """The head of the source branch, None when the branch is gone."""
        return self.refs.branches.get(self.record.source_branch)


class Store:
    """Reads and writes the merge requests of one bare repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def refs(self) -> Refs:
        """Raises InputError when the default branch has no commit."""
        form = "--format=%(HEAD)%00%(refname)%00%(objectname)"
        lines = self.repository.run("for-each-ref", form, BRANCHES, PREFIX).output.splitlines()
        default, branches, events = "", {}, {}
        for star, name, commit in (line.split("\0") for line in lines):
            if name.startswith(BRANCHES):
                branches[name.removeprefix(BRANCHES)] = commit
                default = name.removeprefix(BRANCHES) if star == "*" else default
            elif (number := name.removeprefix(PREFIX)).isdecimal():
                events[int(number)] = commit
        if not default:
            raise InputError(
                f"the forge {self.repository.root} has no commit on its default branch {self.head_name()!r}",
                hint="`git -C FORGE symbolic-ref HEAD refs/heads/BRANCH` names another default branch",
            )
        return Refs(default, branches, events)

    def head_name(self) -> str:
        """The branch that HEAD names, whether or not it exists."""
        result = self.repository.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        return result.output.strip().removeprefix(BRANCHES)

    def read(self, iid: int) -> Snapshot:
        """One merge request as it stands. Raises InputError when there is no such number."""
        refs = self.refs()
        if iid not in refs.events:
            raise InputError(f"there is no merge request !{iid}", hint=_nearest(iid, refs.events))
        snapshot = self._settled(self._snapshots([iid], refs)[0])
        if snapshot.unrecorded:
            snapshot = self._recorded(snapshot)
        if snapshot.record.state is not MergeState.OPENED:
            return snapshot
        base = self.merge_base(refs.target, snapshot.record.head)
        return replace(snapshot, record=replace(snapshot.record, base=base or snapshot.record.base))

    def read_all(self) -> tuple[Snapshot, ...]:
        """Every merge request, the newest first; an open one's base is that of its last event."""
        refs = self.refs()
        found = self._snapshots(sorted(refs.events, reverse=True), refs)
        return tuple(self._settled(snapshot) for snapshot in found)

    def _snapshots(self, iids: Sequence[int], refs: Refs) -> list[Snapshot]:
        names = [f"{refs.events[iid]}:{path}" for iid in iids for path in (RECORD, DESCRIPTION)]
        try:
            files = blobs(self.repository, names)
        except ValueError as error:
            if len(iids) == 1:
                raise self._damaged(iids[0], error) from None
            return [self._snapshots([iid], refs)[0] for iid in iids]  # which says whose it is
        return [self._snapshot(iid, refs, *files[2 * n : 2 * n + 2]) for n, iid in enumerate(iids)]

    def _snapshot(self, iid: int, refs: Refs, stored: bytes, text: bytes) -> Snapshot:
        try:
            record = records.load(stored)
            if record.iid != iid:
                raise ValueError(f"it says of itself to be !{record.iid}")
            description = text.decode("utf-8")
        except ValueError as error:
            raise self._damaged(iid, error) from None
        recorded = record.head
        if record.state is MergeState.OPENED:
            record = replace(record, head=refs.branches.get(record.source_branch, recorded))
        return Snapshot(record, description, refs.events[iid], recorded, refs)

    def _damaged(self, iid: int, error: ValueError) -> RemoteError:
        return RemoteError(
            f"the record of merge request !{iid} is damaged: {redact.one_line(str(error))}",
            hint=f"look at it: git -C {self.repository.root} show {PREFIX}{iid}:{RECORD}",
        )

    def _settled(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, merged if a merge that was killed had moved the target branch already."""
        record = snapshot.record
        if record.attempt is None or record.state is MergeState.MERGED:
            return snapshot
        if not self.contains(snapshot.refs.target, record.attempt.commit):
            return snapshot
        return replace(snapshot, record=record.merged(), unrecorded=True)

    def comments(self, iid: int, event: str) -> tuple[Comment, ...]:
        """The comments after an event, oldest first."""
        if not self.repository.files(event, COMMENTS):
            return ()
        try:
            index = records.load_comments(blobs(self.repository, [f"{event}:{COMMENTS}"])[0])
            files = blobs(self.repository, [f"{event}:{comment_file(row.id)}" for row in index])
            bodies = [data.decode("utf-8") for data in files]
        except ValueError as error:
            raise self._damaged(iid, error) from None
        return tuple(replace(row, body=body) for row, body in zip(index, bodies, strict=True))

    def create(self, record: Record, description: str) -> None:
        """Store a new merge request under its number. Raises RefMoved when the number is taken."""
        root = self.repository.write_commit(self.repository.write_tree({}), [], f"merge request !{record.iid}\n")
        files = {RECORD: records.dump(record), DESCRIPTION: description.encode()}
        tree = self.repository.write_tree(files)
        subject = f"opened by {record.author}\n"
        event = self.repository.write_commit(tree, [root, record.head], subject, signature(record.author))
        branch = RefChange(BRANCHES + record.source_branch, None, record.head)
        move_refs(self.repository, [RefChange(f"{PREFIX}{record.iid}", event, ZERO), branch])

    def event(
        self, snapshot: Snapshot, record: Record, actor: str, subject: str, files: Mapping[str, bytes] | None = None
    ) -> str:
        """The commit of one event after a snapshot; no ref moves yet."""
        tree = self.repository.write_tree({RECORD: records.dump(record), **(files or {})}, onto=snapshot.event)
        heads = [record.head] if record.head != snapshot.recorded_head else []
        return self.repository.write_commit(tree, [snapshot.event, *heads], f"{subject}\n", signature(actor))

    def append(
        self,
        snapshot: Snapshot,
        record: Record,
        actor: str,
        subject: str,
        *,
        files: Mapping[str, bytes] | None = None,
        also: Sequence[RefChange] = (),
    ) -> Snapshot:
        """Add one event if nobody added one since the snapshot. Raises RefMoved."""
        event = self.event(snapshot, record, actor, subject, files)
        move_refs(self.repository, [RefChange(f"{PREFIX}{record.iid}", event, snapshot.event), *also])
        return replace(snapshot, record=record, event=event, recorded_head=record.head, unrecorded=False)

    def _recorded(self, snapshot: Snapshot) -> Snapshot:
        """Write down a merge that a killed process left unrecorded, and delete its branch.

        Readers derive the same from the target branch, so where this one may not write, nothing is lost.
        """
        record, attempt = snapshot.record, snapshot.record.attempt
        if attempt is None:
            return snapshot
        left = snapshot.tip == attempt.head
        also = [RefChange(BRANCHES + record.source_branch, ZERO, attempt.head)] if left else []
        try:
            return self.append(snapshot, record, attempt.by, f"merged by {attempt.by}, recorded later", also=also)
        except MattoneError:
            return snapshot

    def contains(self, head: str, commit: str) -> bool:
        """Whether a commit, which may be unknown here, is part of a head's history."""
        result = self.repository.run("merge-base", "--is-ancestor", commit, head, accept=(0, 1, 128))
        return result.code == 0

    def merge_base(self, one: str, other: str) -> str | None:
        return self.repository.run("merge-base", one, other, accept=(0, 1)).output.strip() or None


def comment_file(number: int) -> str:
    return f"comments/{number:04}.md"


def signature(actor: str) -> Signature:
    """An account as the author of an event; accounts have no addresses here."""
    return Signature(actor, actor if "@" in actor else f"{actor.replace(' ', '.')}@localhost")


def _nearest(iid: int, known: Mapping[int, str]) -> str:
    near = sorted(sorted(known, key=lambda other: (abs(other - iid), other))[:3])
    return "the nearest are " + ", ".join(f"!{other}" for other in near) if near else "there is none yet"
