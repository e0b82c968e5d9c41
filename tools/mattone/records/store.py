"""Where records are kept: the append-only branch `records` of the platform repository.

Every clone can read it, any git forge can serve it, and a push that is no append is refused by
the forge. Two writers at once: the later one's push is refused, it fetches and appends again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mattone import digests
from mattone.errors import InputError, Place, RemoteError
from mattone.git import Entry, Repository
from mattone.records.envelope import seal, unseal
from mattone.records.model import Action, Outcome, Record, digest
from mattone.records.signing import SigningKey

if TYPE_CHECKING:
    from concurrent.futures import Future

BRANCH = "records"
# Not below refs/remotes: a plain `git fetch` would follow a branch that somebody rewrote.
TRACKING = f"refs/mattone/{BRANCH}"
_FETCHED = f"refs/mattone/{BRANCH}-fetched"

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class History:
    """A deployment's records, oldest first."""

    records: tuple[Record, ...]

    @property
    def last_attempted(self) -> Record | None:
        return self.records[-1] if self.records else None

    @property
    def last_applied(self) -> Record | None:
        """The newest operation that succeeded."""
        return next((r for r in reversed(self.records) if r.outcome is Outcome.SUCCEEDED), None)

    @property
    def running(self) -> Record | None:
        """The newest record that names what is left at the engine; None when nothing should be there."""
        for record in reversed(self.records):
            if record.action is Action.DELETE and record.outcome is Outcome.SUCCEEDED:
                return None
            if record.remote_id:
                return record
        return None


class RecordsRewritten(RemoteError):
    """The branch of records lost or changed what it had."""


class RecordStore:
    """Records of one environment, in a clone whose `origin` is the forge.

    key  gives the key that signs what is appended; asked for only then
    """

    def __init__(self, repository: Repository, environment: str, key: Callable[[], SigningKey]) -> None:
        self.repository = repository
        self.environment = environment
        self.key = key
        self._writing = threading.RLock()
        self._queueing = threading.Lock()
        self._queue: list[tuple[Record, Future[Record]]] = []

    def fetch(self) -> None:
        """Get what others have appended.

        Raises RecordsRewritten when the branch is no longer what this clone has seen of it, RemoteError when
        the forge cannot be reached.
        """
        fetched = self.repository.run(
            "fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{BRANCH}:{_FETCHED}", accept=(0, 1, 128)
        )
        missing = "couldn't find remote ref" in fetched.errors
        if fetched.code != 0 and not missing:
            raise RemoteError(
                f"cannot fetch the records: {fetched.errors.strip()}", hint="check the clone's `origin` remote"
            )
        self._advance(None if missing else self.repository.resolve(_FETCHED))
        self._forget()

    def _advance(self, new: str | None) -> None:
        """Move on to what the forge has, if it still holds all that was seen before."""
        seen = self.repository.resolve(TRACKING)
        if seen is not None and (new is None or not self.repository.contains(new, seen)):
            raise RecordsRewritten(
                f"the forge's branch {BRANCH!r} was rewritten: records that this clone has seen are gone from it",
                hint=f"`git log {TRACKING}` still has them; `git update-ref -d {TRACKING}` takes the forge's word",
            )
        if new is not None and new != seen:
            self.repository.run("update-ref", TRACKING, new)

    def _forget(self) -> None:
        for name in ("tip", "_paths"):
            self.__dict__.pop(name, None)

    @cached_property
    def tip(self) -> str | None:
        """The commit that all is read from and appended to, though another command moves the ref meanwhile."""
        return self.repository.resolve(TRACKING)

    @property
    def name(self) -> str:
        """A name of its own for this clone and environment, for what is kept of it elsewhere."""
        return f"{self.environment}-{digests.short(digests.of_bytes(str(self.repository.root).encode()))}"

    def entries(self) -> tuple[Entry, ...]:
        """Every record's file, by path."""
        return self._listed("")

    def appended(self, since: str) -> tuple[Entry, ...] | None:
        """The files that came after a commit of the branch; None when the branch does not hold it any more."""
        if self.tip is None or self.repository.resolve(since) is None or not self.repository.contains(self.tip, since):
            return None
        return self.repository.added_files(since, self.tip, f"records/{self.environment}")

    def _listed(self, deployment: str) -> tuple[Entry, ...]:
        """The files of one deployment's records, or of all; oldest first."""
        under = f"records/{self.environment}/{deployment}".rstrip("/")
        return self.repository.files(self.tip, under) if self.tip is not None else ()

    @cached_property
    def _paths(self) -> dict[str, list[tuple[str, str]]]:
        """Deployment id to (path, blob) of its records, oldest first; read from git once."""
        found: dict[str, list[tuple[str, str]]] = {}
        prefix = f"records/{self.environment}/"
        for entry in self.entries():
            parts = entry.path.removeprefix(prefix).split("/")
            if len(parts) != 3:
                raise InputError(f"the branch {BRANCH!r} has a file that is no record", place=Place(entry.path))
            found.setdefault("/".join(parts[:2]), []).append((entry.path, entry.blob))
        return found

    def _rows(self, deployment: str) -> list[tuple[str, str]]:
        """(path, blob) of one deployment's records; the others are not listed for it."""
        if "_paths" in self.__dict__:
            return self._paths.get(deployment, [])
        return [(entry.path, entry.blob) for entry in self._listed(deployment)]

    def deployments(self) -> tuple[str, ...]:
        """Every deployment that has a record."""
        return tuple(sorted(self._paths))

    def history(self, deployment: str) -> History:
        """All records of a deployment. Raises InputError when one is damaged."""
        rows = self._rows(deployment)
        return History(tuple(unseal(path, self.repository.blob(blob)) for path, blob in rows))

    def files(self, deployment: str) -> tuple[tuple[str, bytes], ...]:
        """The files of a deployment's records as they lie on the branch, oldest first: (path, content) each."""
        return tuple((path, self.repository.blob(blob)) for path, blob in self._rows(deployment))

    def recent(self, deployment: str) -> History:
        """The newest records back to the last that succeeded: all that planning needs."""
        rows: list[Record] = []
        with self._writing:  # another thread must not move the branch meanwhile
            for record in self._backwards(deployment):
                rows.insert(0, record)
                if record.outcome is Outcome.SUCCEEDED:
                    break
        return History(tuple(rows))

    def _backwards(self, deployment: str) -> Iterator[Record]:
        for path, blob in reversed(self._rows(deployment)):
            yield unseal(path, self.repository.blob(blob))

    def append(self, record: Record) -> Record:
        """Add a record and push it; returns it with its sequence and the previous one's digest.

        Threads may append at once: one of them pushes what all of them have by then, as one commit.
        Raises RemoteError when the forge refuses or cannot be reached; nothing is lost then: the
        caller's journal still holds the operation.
        """
        from concurrent.futures import Future

        future: Future[Record] = Future()
        with self._queueing:
            self._queue.append((record, future))
        with self._writing:
            if not future.done():
                self._write_queue()
        return future.result()

    def _write_queue(self) -> None:
        """Append what is queued; each that waits for it hears how it ended."""
        with self._queueing:
            queue, self._queue = self._queue, []
        try:
            kept = self._appended_all([record for record, _ in queue])
        except BaseException as error:
            for _, future in queue:
                future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), record in zip(queue, kept, strict=True):
            future.set_result(record)

    def _appended_all(self, records: Sequence[Record]) -> list[Record]:
        """The records as they stand on the branch, in the same order."""
        for _ in range(_ATTEMPTS):
            # By an earlier run that was killed, or heard nothing, before it could note so.
            kept = [self._of(record) for record in records]
            fresh = self._numbered(record for record, known in zip(records, kept, strict=True) if known is None)
            if not fresh or self._push(fresh):
                rest = iter(fresh)
                return [known if known is not None else next(rest) for known in kept]
            self.fetch()
        raise RemoteError("the records branch moved at every attempt to append to it", hint="run it again")

    def _numbered(self, records: Iterable[Record]) -> list[Record]:
        """The records with their places in the chains; several of one deployment follow each other."""
        from dataclasses import replace

        newest: dict[str, Record] = {}
        made: list[Record] = []
        for record in records:
            last = newest.get(record.deployment) or self.recent(record.deployment).last_attempted
            sequence, previous = (last.sequence + 1, digest(last)) if last else (1, "")
            times = _in_order(record.times, last)
            made.append(replace(record, sequence=sequence, previous=previous, times=times))
            newest[record.deployment] = made[-1]
        return made

    def _of(self, record: Record) -> Record | None:
        """The record of the same operation, wherever in the history it stands."""
        rows = self._rows(record.deployment)
        found = (
            row for row in rows if row[0].rsplit("/", 1)[1].partition("-")[2].partition(".")[0] == record.operation
        )
        return next((unseal(path, self.repository.blob(blob)) for path, blob in found), None)

    def _push(self, records: Sequence[Record]) -> bool:
        """One attempt to append; False when somebody else appended first."""
        repository = self.repository
        parent = self.tip
        tree = repository.write_tree({record.path: seal(record, self.key()) for record in records}, onto=parent)
        commit = repository.write_commit(tree, [parent] if parent else [], _message(records))
        expected = f"--force-with-lease=refs/heads/{BRANCH}:{parent or ''}"
        pushed = repository.run(
            "push", "--quiet", expected, "origin", f"{commit}:refs/heads/{BRANCH}", accept=(0, 1, 128)
        )
        if pushed.code == 0:
            repository.run("update-ref", TRACKING, commit)
            self._forget()
            return True
        if "stale info" in pushed.errors or "fetch first" in pushed.errors or "non-fast-forward" in pushed.errors:
            return False
        if "cannot lock ref" in pushed.errors or "failed to update ref" in pushed.errors:
            return False
        raise RemoteError(f"the forge refused the record: {pushed.errors.strip()}")


def _message(records: Sequence[Record]) -> str:
    lines = [f"record({record.deployment}): {record.action} {record.outcome}" for record in records]
    subject = lines[0] if len(lines) == 1 else f"record: {len(lines)} operations"
    listed = "" if len(lines) == 1 else "\n".join(lines) + "\n\n"
    return f"{subject}\n\n{listed}" + "".join(f"Operation: {record.operation}\n" for record in records)


def _in_order(times: Mapping[str, str], last: Record | None) -> Mapping[str, str]:
    """The times of a record that follows another: it never ended before it, whatever a clock that was set back says.

    What the clock said is kept as `clock`.
    """
    ended, before = times.get("ended", ""), last.times.get("ended", "") if last else ""
    return {**times, "ended": before, "clock": ended} if ended < before else times
