"""Apply: bring one planned step about at the engine, journal before each call, record at the end.

Every remote change goes the same way: an event in the journal, on disk; the call; another event;
the record; a last event. Whatever instant the process dies at, the next run finds the operation
open and either goes on with it or starts anew, by asking the engine for the operation's mark.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from mattone import __version__, digests, redact
from mattone.engines.interface import Engine, Observation, Phase, RemoteMachine, Submission
from mattone.errors import (
    ApplyFailed,
    InputError,
    Interrupted,
    MattoneError,
    OutcomeUnknown,
    RemoteError,
    TransientError,
)
from mattone.pins.lock import as_value
from mattone.reconcile.journal import Journal, Operation, State
from mattone.reconcile.plan import Change, Step, Wish
from mattone.records.model import Action, Outcome, Record
from mattone.records.store import RecordStore

T = TypeVar("T")

PAUSES = (1.0, 2.0, 4.0)  # seconds before asking again, give or take a half
POLL = 1.0  # times the engine's own interval between two looks
MISSES = 30  # looks in a row without an answer, after which nobody waits any longer

_ACTIONS = {Change.CREATE: Action.CREATE, Change.UPDATE: Action.UPDATE, Change.DELETE: Action.DELETE}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one submission needs, and what its record says of it.

    secrets   input path to {reference, version}
    bundle    digest of the files; template: digest of the rendered template without secrets
    """

    submission: Submission
    secrets: Mapping[str, Mapping[str, str]]
    bundle: str
    template: str


class Preparer(Protocol):
    def __call__(self, wish: Wish, operation: str) -> Prepared:
        """Bundle, secrets and template of a wish. Raises InputError when something is missing."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the applied state comes from: the merged commit, its merge request, who applies."""

    environment: str
    commit: str
    applied_by: str
    merge_requests: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Applier:
    """Carries out steps, one deployment at a time.

    deadline  seconds until an operation that is still pending counts as failed; by default the engine's own
    timeouts  the same for each action, where a person has set it and `deadline` is not given; 0 for none
    slot      held while the engine is at work for a create or update, so that it has no more than it takes
    stop      when set, what is under way is left to the engine
    permit    asked right before anything is sent; raises when nothing may begin any more
    """

    engine: Engine
    journal: Journal
    records: RecordStore
    prepare: Preparer
    origin: Origin
    report: Callable[[str], None] = lambda _text: None
    deadline: float | None = None
    permit: Callable[[], None] = lambda: None
    timeouts: Mapping[Action, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    slot: AbstractContextManager[Any] = field(default_factory=nullcontext)
    _asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def carry_out(self, step: Step, wish: Wish | None) -> Record:
        """Do one step to its end and return its record.

        Raises ApplyFailed when the engine could not do it (the record then says so),
        OutcomeUnknown when nobody knows whether it did, and any error of preparing (nothing was
        done then).
        """
        if step.change is Change.DELETE or wish is None:
            return self._delete(step)
        return self._bring(step, wish)

    # What an earlier run left open

    def settle(self, operation: Operation) -> None:
        """Find out what became of an open operation, before anything is planned.

        One that ended is recorded now; one that sent nothing is closed. One that may have acted
        stays open, so that the plan brings its deployment about again; it is closed when that is
        recorded. Raises OutcomeUnknown when the engine does not say.
        """
        if operation.state in {State.SUCCEEDED, State.FAILED}:
            self._record(operation, Record(**_revive(operation.details["record"])))
        elif operation.state is State.PLANNED:
            self._close(operation, "interrupted before anything was sent")
        else:
            self.report("an earlier operation was interrupted; finding out what it did")
            self._find_out(operation)

    def _find_out(self, operation: Operation) -> None:
        try:
            found = self._held(operation.deployment)
        except RemoteError as error:
            reason = redact.clean(error.message)
            self.journal.write(operation.id, operation.deployment, State.UNKNOWN, reason=reason)
            raise OutcomeUnknown(
                f"{operation.deployment}: an interrupted operation may have happened, the engine does not say: {error}",
                hint="run `mattone apply` again when the engine answers, or see "
                f"`mattone resolve {operation.deployment}`",
            ) from error
        if operation.state is State.UNKNOWN:  # the engine's answer settles it
            self.journal.write(operation.id, operation.deployment, State.STARTED, remote_id=found)
        self.report("its work is taken over" if found else "it left nothing behind")

    def _held(self, deployment: str) -> str:
        """The engine's id when it already holds the deployment, else "": never two for one wish."""
        found = self.engine.find(deployment)
        if len(found) > 1:
            listed = ", ".join(remote.id for remote in found)
            raise OutcomeUnknown(f"{deployment}: the engine holds it more than once: {listed}")
        if not found:
            self._require_gone(deployment)
        return found[0].id if found else ""

    def _require_gone(self, deployment: str) -> None:
        """Raises OutcomeUnknown when what the records say is running is still there, and only its mark is lost."""
        running = self.records.recent(deployment).running
        if running is None or not running.remote_id or running.engine.get("instance") != self.engine.instance:
            return
        if self.engine.observe(running.remote_id).phase not in {Phase.GONE, Phase.DELETING}:
            raise OutcomeUnknown(
                f"{deployment}: the engine has {running.remote_id} and does not find it by its mark",
                hint="somebody changed it at the engine, or moved it: undo that, or delete it there",
            )

    def adopt(self, operation: Operation, wish: Wish | None) -> Record:
        """Record what an open operation did, from what the engine has now; `wish` is what it was to bring about.

        Raises OutcomeUnknown when the engine does not say, InputError when it has something else.
        """
        step = Step(operation.deployment, Change.NONE, "adopted")
        times = {key: str(operation.details[key]) for key in ("planned", "started") if key in operation.details}
        held = self._held(operation.deployment)
        if operation.details.get("action") == Action.DELETE:
            if held:
                raise InputError(f"it was to be deleted, and the engine still has {held}", hint="`retry` deletes it")
            ids = str(operation.details.get("remote_id", "")).split(",")
            return self._finish(self._gone(step, operation.id, ids), {**times, "ended": now()}, 0.0)
        marks = {remote.operation for remote in self.engine.find(operation.deployment)}
        if wish is None or wish.digest != operation.details.get("desired"):
            raise InputError("what it was to bring about is not known any more", hint="`retry` or `discard` it")
        if marks != {operation.id}:
            what = f"what the engine has is of operation {', '.join(sorted(marks))}" if marks else "it has nothing"
            raise InputError(f"the engine did not do it: {what}", hint="`retry` or `discard` it")
        action = Action(operation.details["action"])
        seen = self._wait(operation.deployment, held, action)
        prepared = self.prepare(wish, operation.id)
        record = self._described(step, wish, prepared, seen, held, action, operation.id)
        record = replace(record, commit=str(operation.details.get("commit", record.commit)))
        return self._finish(record, {**times, "ended": now()}, 0.0)

    def _close(self, operation: Operation, reason: str) -> None:
        self.journal.write(operation.id, operation.deployment, State.RECORDED, reason=reason)

    # Create and update

    def _bring(self, step: Step, wish: Wish) -> Record:
        operation = uuid.uuid4().hex
        prepared = self._patiently(lambda: self.prepare(wish, operation))
        with self.slot:  # what comes before and after it needs no engine
            remote_id = self._patiently(lambda: self._held(step.deployment))
            action = Action.UPDATE if remote_id else Action.CREATE
            times = {"planned": now()}
            begun = time.monotonic()
            self.journal.write(
                operation, step.deployment, State.PLANNED, action=action, desired=wish.digest, **self._since(times)
            )
            self.report(f"{action}: sending to {self.engine.name}")
            self._begin(operation, step.deployment, remote_id, times)
            remote_id, observation = self._brought(operation, step.deployment, remote_id, prepared)
            times["ended"] = now()
            record = self._described(step, wish, prepared, observation, remote_id, action, operation)
        return self._finish(record, times, time.monotonic() - begun)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again a little later when it may pass; only for what changes nothing at the engine."""
        for pause in PAUSES:
            try:
                return ask()
            except TransientError as error:
                self.report(f"{error.message}; trying again")
                if self.stop.wait(pause * random.uniform(0.5, 1.5)):  # noqa: S311 - so that not all come back at once
                    raise
        return ask()

    def _begin(self, operation: str, deployment: str, remote_id: str, times: dict[str, str]) -> None:
        """The last step before something is sent."""
        try:
            self.permit()
        except MattoneError as error:
            self.journal.write(operation, deployment, State.RECORDED, reason=f"not begun: {error.message}")
            raise
        times["started"] = now()
        self.journal.write(operation, deployment, State.STARTED, remote_id=remote_id, started=times["started"])

    def _since(self, times: Mapping[str, str]) -> dict[str, str]:
        """When an operation was planned and from which commit: what `adopt` needs to record it without us."""
        return {"planned": times["planned"], "commit": self.origin.commit}

    def _brought(self, operation: str, deployment: str, remote_id: str, prepared: Prepared) -> tuple[str, Observation]:
        """Send it and wait for its end: the engine's id and what it says then."""
        action = Action.UPDATE if remote_id else Action.CREATE
        try:
            remote_id = self._send(remote_id, prepared)
        except TransientError as error:
            raise _unknown(f"{deployment}: sent, but no answer came", error) from error
        except MattoneError as error:
            return self._refused(operation, deployment, error)
        self.journal.write(operation, deployment, State.SENT, remote_id=remote_id)
        self._merge_request(deployment)  # asked for while the engine is at work, and needed at the end
        return remote_id, self._wait(deployment, remote_id, action)

    def _send(self, remote_id: str, prepared: Prepared) -> str:
        if not remote_id:
            return self.engine.submit(prepared.submission)
        return self.engine.update(remote_id, prepared.submission)

    def _refused(self, operation: str, deployment: str, error: MattoneError) -> tuple[str, Observation]:
        """What a refusal comes to: a failure to record when the engine holds something of it, else the error."""
        try:
            held = self._held(deployment)
        except RemoteError as silent:
            raise _unknown(f"{deployment}: refused ({error.message}), and then no answer came", silent) from error
        if held:
            return held, Observation(Phase.FAILED, error.message)
        reason = redact.clean(f"refused: {error.message}")
        self.journal.write(operation, deployment, State.RECORDED, reason=reason)
        if isinstance(error, RemoteError):
            raise ApplyFailed(f"{deployment}: {self.engine.name} {reason}", hint=error.hint) from error
        raise error

    def _wait(self, deployment: str, remote_id: str, action: Action) -> Observation:
        """Look until the engine is done with it, one way or the other. Raises Interrupted, OutcomeUnknown."""
        can = self.engine.capabilities()
        deadline = self.timeouts.get(action) or can.patience if self.deadline is None else self.deadline
        end = time.monotonic() + deadline
        misses = 0
        while True:
            try:
                seen = self.engine.observe(remote_id)
                misses = 0
            except TransientError as error:
                misses += 1
                if misses >= MISSES or time.monotonic() > end:
                    raise _unknown(f"{deployment}: the engine stopped answering", error) from error
                seen = Observation(Phase.PENDING, "the engine does not answer; waiting for it")
            except RemoteError as error:
                raise _unknown(f"{deployment}: the engine has it and does not tell what became of it", error) from error
            self.report(seen.reason or seen.phase.value)
            if seen.phase not in {Phase.PENDING, Phase.DELETING, Phase.UNKNOWN}:
                return seen
            if time.monotonic() > end:
                return Observation(Phase.FAILED, f"not ready after {deadline:.0f} s", seen.machines)
            if self.stop.wait(POLL * can.poll):
                hint = "run `mattone apply` again: it finds out what became of it, and goes on"
                raise Interrupted(f"{deployment}: the engine is at work on it, and nobody waits for it", hint=hint)

    def _described(
        self,
        step: Step,
        wish: Wish,
        prepared: Prepared,
        observation: Observation,
        remote_id: str,
        action: Action,
        operation: str,
    ) -> Record:
        deployment = wish.deployment
        return Record(
            environment=self.origin.environment,
            deployment=step.deployment,
            sequence=0,
            operation=operation,
            action=action,
            outcome=Outcome.SUCCEEDED if observation.phase is Phase.READY else Outcome.FAILED,
            commit=self.origin.commit,
            desired=wish.digest,
            reason="" if observation.phase is Phase.READY else observation.reason or observation.phase.value,
            service=f"{wish.lock.service.component.name} {wish.lock.service.version}",
            description=deployment.description,
            protected=deployment.protected,
            inputs=deployment.inputs,
            secrets=prepared.secrets,
            lock=as_value(wish.lock),
            bundle=prepared.bundle,
            template=prepared.template,
            engine=self._engine(remote_id),
            provider=deployment.provider,
            machines=tuple(_machine(machine) for machine in observation.machines),
            outputs=observation.outputs,
        )

    # Delete

    def _delete(self, step: Step) -> Record:
        operation = uuid.uuid4().hex
        times = {"planned": now()}
        begun = time.monotonic()
        with self.slot:
            ids = [remote.id for remote in self._patiently(lambda: self.engine.find(step.deployment))]
            self.journal.write(operation, step.deployment, State.PLANNED, action=Action.DELETE, **self._since(times))
            self._begin(operation, step.deployment, ",".join(ids), times)
            self.report("delete: removing its machines")
            left, reason = self._destroyed(step.deployment, ids)
        times["ended"] = now()
        record = self._not_deleted(step, operation, left, reason) if left else self._gone(step, operation, ids)
        return self._finish(record, times, time.monotonic() - begun)

    def _destroyed(self, deployment: str, ids: list[str]) -> tuple[str, str]:
        """Remove them one by one: the first that the engine would not remove and why, or empty texts."""
        for remote_id in ids:
            try:
                self.engine.destroy(remote_id)
            except TransientError as error:
                raise _unknown(f"{deployment}: its deletion was sent, but no answer came", error) from error
            except RemoteError as error:
                return remote_id, error.message
        return "", ""

    def _gone(self, step: Step, operation: str, ids: list[str]) -> Record:
        return Record(
            environment=self.origin.environment,
            deployment=step.deployment,
            sequence=0,
            operation=operation,
            action=Action.DELETE,
            outcome=Outcome.SUCCEEDED,
            commit=self.origin.commit,
            service=step.service,
            engine=self._engine(",".join(ids)),
        )

    def _not_deleted(self, step: Step, operation: str, left: str, reason: str) -> Record:
        """A deletion that failed: what is left is what was there, with its inputs, lock and protection."""
        there = self.records.recent(step.deployment).running or self._gone(step, operation, [])
        return replace(
            there,
            operation=operation,
            action=Action.DELETE,
            outcome=Outcome.FAILED,
            commit=self.origin.commit,
            reason=reason,
            engine=self._engine(left),
        )

    # The end of every operation

    def _engine(self, remote_id: str) -> dict[str, str]:
        engine = self.engine
        return {"name": engine.name, "version": engine.version(), "instance": engine.instance, "id": remote_id}

    def _merge_request(self, deployment: str) -> Mapping[str, Any]:
        """What brought the deployment's files; asked for once."""
        if deployment not in self._asked:
            self._asked[deployment] = self.origin.merge_requests(deployment)
        return self._asked[deployment]

    def _finish(self, record: Record, times: Mapping[str, str], seconds: float) -> Record:
        """Journal and record an operation that ended. What the engine said of it is cleaned of secrets first."""
        whole = replace(
            record,
            reason=redact.clean(record.reason),
            machines=tuple(_clean(record.machines)),
            outputs=_clean(record.outputs),
            merge_request=self._merge_request(record.deployment),
            applied_by=self.origin.applied_by,
            times=times,
            seconds=round(seconds, 1),
            tool=f"mattone {__version__}",
        )
        state = State.SUCCEEDED if whole.outcome is Outcome.SUCCEEDED else State.FAILED
        operation = self.journal.write(whole.operation, whole.deployment, state, record=asdict(whole))
        kept = self._record(operation, whole)
        if kept.outcome is Outcome.FAILED:
            raise ApplyFailed(
                f"{kept.deployment}: {kept.action} failed: {kept.reason}",
                hint=f"`mattone log {kept.deployment}` shows what the engine did",
            )
        return kept

    def _record(self, operation: Operation, record: Record) -> Record:
        kept = self.records.append(record)
        self.journal.write(operation.id, operation.deployment, State.RECORDED)
        while (older := self.journal.open_operations().get(operation.deployment)) is not None:
            self._close(older, f"interrupted; taken over by {operation.id}")
        return kept


def _unknown(what: str, error: MattoneError) -> OutcomeUnknown:
    hint = "run `mattone apply` again when the engine answers: it finds out what happened and goes on"
    return OutcomeUnknown(f"{what}: {error.message}", hint=hint)


def now() -> str:
    """The time in RFC 3339, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _machine(machine: RemoteMachine) -> dict[str, Any]:
    kept = ("name", "node", "address", "cpus", "memory", "volumes", "ports")
    return {name: digests.plain(getattr(machine, name)) for name in kept}


def _clean(value: Any) -> Any:
    """Outputs without secrets: every text goes through redaction before it is kept."""
    if isinstance(value, str):
        return redact.clean(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _revive(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A record's fields as they come back from the journal's JSON."""
    return {
        **fields,
        "action": Action(fields["action"]),
        "outcome": Outcome(fields["outcome"]),
        "machines": tuple(fields["machines"]),
    }
