"""The embedded forge: merge requests over a bare git repository on disk, no server, no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mattone import redact
from mattone.errors import InputError, PolicyDenied
from mattone.forges import pushing
from mattone.forges.accounts import same_account
from mattone.forges.interface import Comment, MergeRequest, MergeState, Pipeline, Release
from mattone.forges.local import merging, names, releases
from mattone.forges.local import record as records
from mattone.forges.local.creation import create_bare
from mattone.forges.local.record import Record
from mattone.forges.local.refs import retried
from mattone.forges.local.store import BRANCHES, COMMENTS, Refs, Snapshot, Store, comment_file
from mattone.git import RefChange, Repository

_WITHOUT_HOOKS = "git -c core.hooksPath=/dev/null receive-pack"


class LocalForge:
    """The port `Forge` over one bare repository; any number of processes may use it at once."""

    def __init__(self, path: Path) -> None:
        """Raises InputError when `path` is not itself a bare repository."""
        self._path = path.absolute()
        _require_bare(self._path)
        self._store = Store(Repository(self._path))

    @classmethod
    def create(cls, path: Path, source: Repository, branch: str = "main") -> LocalForge:
        """A new forge at `path` with the committed HEAD of `source` as its protected default branch.

        It appears whole or not at all. Raises InputError, HostError.
        """
        create_bare(path, source, branch)
        return cls(path)

    @property
    def url(self) -> str:
        return str(self._path)

    @property
    def repository(self) -> Repository:
        """The bare repository itself."""
        return self._store.repository

    def close_reader(self) -> None:
        """End the process that reads objects; needed only where many forges are opened."""
        self.repository.close()

    def default_branch(self) -> str:
        """Raises InputError when it does not exist."""
        return self._store.refs().default

    # Reading

    def merge_requests(self, state: MergeState | None = None) -> tuple[MergeRequest, ...]:
        """Every merge request, or those in a state, the newest first; `base` is that of the last event."""
        found = self._store.read_all()
        return tuple(_view(snapshot) for snapshot in found if state in (None, snapshot.record.state))

    def merge_request(self, iid: int) -> MergeRequest:
        return _view(self._store.read(iid))

    def merge_request_of(self, commit: str) -> MergeRequest | None:
        """The merge request that brought a commit; None for what came otherwise or is not there.

        Raises InputError when `commit` names no commit at all.
        """
        full = self.repository.resolve(commit)
        if full is None:
            raise InputError(f"{redact.one_line(commit, 80)!r} names no commit in {self._path}")
        snapshot = merging.brought_by(self._store, full)
        return None if snapshot is None else _view(snapshot)

    def comments(self, iid: int) -> tuple[Comment, ...]:
        """The comments of a merge request, oldest first."""
        return self._store.comments(iid, self._store.read(iid).event)

    # Writing

    def open(self, source_branch: str, title: str, description: str, author: str) -> MergeRequest:
        """Ask to merge a pushed branch into the default branch. Raises InputError."""
        names.branch(self.repository, source_branch)
        names.account(author)
        title, description = names.title(title), names.body(description, "description")
        iid = retried(lambda: self._open_once(source_branch, title, description, author))
        return self.merge_request(iid)

    def _open_once(self, source_branch: str, title: str, description: str, author: str) -> int:
        refs = self._store.refs()
        head = self._head_to_open(refs, source_branch)
        for other in self._store.read_all():
            if other.record.source_branch == source_branch and other.record.state is MergeState.OPENED:
                raise InputError(
                    f"the branch {source_branch!r} has the open merge request !{other.record.iid} already",
                    hint="pushing to the branch updates it; close it to open another",
                )
        record = Record(
            # Numbers have no gaps, and this one is free only if `refs` had all: a twin that
            # opened the same branch meanwhile took it, and the next attempt sees that.
            iid=max(refs.events, default=0) + 1,
            title=title,
            source_branch=source_branch,
            target_branch=refs.default,
            author=author,
            created_at=_now(),
            state=MergeState.OPENED,
            head=head,
            base=self._store.merge_base(refs.target, head) or "",
        )
        self._store.create(record, description)
        return record.iid

    def _head_to_open(self, refs: Refs, source_branch: str) -> str:
        head = refs.branches.get(source_branch)
        if source_branch == refs.default:
            raise InputError(f"{source_branch!r} is the default branch", hint="push a branch of its own")
        if head is None:
            raise InputError(f"the branch {source_branch!r} is not in {self._path}", hint="push it first")
        merging.require_something(self._store, refs.target, head, refs.default)
        if self._store.merge_base(refs.target, head) is None:
            raise InputError(
                f"the branch {source_branch!r} shares no history with {refs.default!r}",
                hint=f"start a branch from {refs.default!r} and bring the changes there",
            )
        return head

    def comment(self, iid: int, body: str, author: str, marker: str = "") -> Comment:
        """Add a comment; one with a marker replaces the body and author of the one that has it. Raises InputError."""
        names.account(author)
        names.marker(marker)
        text = names.body(body, "comment")
        if not text.strip():
            raise InputError("a comment needs a text")
        return retried(lambda: self._comment_once(iid, text, author, marker))

    def _comment_once(self, iid: int, body: str, author: str, marker: str) -> Comment:
        snapshot = self._store.read(iid)
        known = self._store.comments(iid, snapshot.event)
        earlier = next((comment for comment in known if marker and comment.marker == marker), None)
        if earlier is not None:
            written = replace(earlier, body=body, author=author)
            rows = tuple(written if comment.id == earlier.id else comment for comment in known)
        else:
            number = max((comment.id for comment in known), default=0) + 1
            written = Comment(id=number, author=author, body=body, created_at=_now(), marker=marker)
            rows = (*known, written)
        if written != earlier:
            files = {COMMENTS: records.dump_comments(rows), comment_file(written.id): body.encode()}
            subject = f"comment {written.id} {'written again' if earlier else 'written'} by {author}"
            self._store.append(snapshot, snapshot.record, author, subject, files=files)
        return written

    def approve(self, iid: int, user: str, head: str = "") -> MergeRequest:
        """Approve the current head, which must be `head` where that is given.

        Raises InputError (not open, head moved), PolicyDenied (an author's own).
        """
        names.account(user)

        def edit(snapshot: Snapshot) -> Record:
            merging.require_head(snapshot, head or snapshot.record.head)
            if same_account(user, snapshot.record.author):
                raise PolicyDenied(
                    f"{user} wrote merge request !{iid} and cannot approve it", hint="ask somebody else to review it"
                )
            return snapshot.record.with_approval(user, _now())

        return self._change(iid, user, lambda record: f"{record.head[:12]} approved by {user}", edit, pin_branch=True)

    def set_pipeline(self, iid: int, pipeline: Pipeline) -> MergeRequest:
        """Record how a commit's pipeline stands; only that of the current head counts for merging.

        Raises InputError when its `sha` is not the full id of a commit here.
        """
        if self.repository.resolve(pipeline.sha) != pipeline.sha:
            shown = redact.one_line(pipeline.sha, 80)
            raise InputError(f"{shown!r} is not the full id of a commit in {self._path}", hint="push it first")
        checked = records.checked_pipeline(pipeline)
        subject = f"pipeline of {checked.sha[:12]}: {checked.state}"
        return self._change(iid, "mattone", lambda _: subject, lambda snapshot: snapshot.record.with_pipeline(checked))

    def merge(self, iid: int, user: str, head: str) -> MergeRequest:
        """Merge into the default branch and delete the source branch.

        Raises InputError (`head`, a full sha, is not the head any more; conflicts; nothing to
        merge; not open), PolicyDenied (pipeline not passed on the head, approvals missing),
        TransientError.
        """
        names.account(user)
        return _view(retried(lambda: merging.merge_once(self._store, iid, user, head, _now())))

    def close(self, iid: int, user: str) -> MergeRequest:
        """Close without merging; the branch stays. Raises InputError when not open."""
        names.account(user)

        def edit(snapshot: Snapshot) -> Record:
            merging.require_open(snapshot)
            return replace(snapshot.record, state=MergeState.CLOSED, closed_by=user, closed_at=_now())

        return self._change(iid, user, lambda _: f"closed by {user}", edit)

    # Releases

    def push(self, repository: Repository, changes: Sequence[RefChange]) -> None:
        """Move refs to objects of a clone, all or none. Raises RefMoved.

        The hook that protects the default branch from people's pushes is not asked: what releases
        are made of was merged before.
        """
        pushing.push(repository, self.url, changes, receive_pack=_WITHOUT_HOOKS)

    def published(self) -> frozenset[str]:
        return releases.published(self.repository)

    def release_of(self, tag: str) -> Release | None:
        """The published release of a tag, with the content of its assets."""
        return releases.read(self.repository, tag) if tag in self.published() else None

    def release(self, release: Release) -> Release:
        """Publish a release. Raises InputError when there is no such tag."""
        return retried(lambda: releases.publish(self.repository, release))

    def _change(
        self,
        iid: int,
        actor: str,
        subject: Callable[[Record], str],
        edit: Callable[[Snapshot], Record],
        *,
        pin_branch: bool = False,
    ) -> MergeRequest:
        """One event made by `edit`; none when it changes nothing. `pin_branch`: the head must stay meanwhile."""

        def once() -> Snapshot:
            snapshot = self._store.read(iid)
            record = edit(snapshot)
            if record == snapshot.record:
                return snapshot
            pins = [RefChange(BRANCHES + record.source_branch, None, record.head)] if pin_branch else []
            return self._store.append(snapshot, record, actor, subject(record), also=pins)

        return _view(retried(once))


def _view(snapshot: Snapshot) -> MergeRequest:
    return records.view(snapshot.record, snapshot.description)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _require_bare(path: Path) -> None:
    hint = "a forge is a bare repository: `git init --bare`, or the one that `mattone` made"
    if not path.is_dir():
        raise InputError(f"the forge {path} does not exist" if not path.exists() else f"{path} is no folder", hint=hint)
    asked = ("rev-parse", "--is-bare-repository", "--absolute-git-dir")
    result = Repository(path).run(*asked, accept=(0, 128))
    if result.code != 0:
        said = redact.one_line(result.errors.strip(), 200)
        raise InputError(f"the forge {path} is no git repository ({said})", hint=hint)
    bare, folder = result.output.rstrip("\n").split("\n", 1)
    if Path(folder).resolve() != path.resolve():
        inside = "has a work tree: it is not bare" if path.joinpath(".git").exists() else "is only inside a repository"
        raise InputError(f"the forge {path} {inside}", hint=hint)
    if bare != "true":
        raise InputError(f"the forge {path} is not a bare repository", hint=hint)
