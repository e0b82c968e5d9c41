"""Ending an operation whose outcome nobody knows: a person decides, from what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone import redact
from mattone.engines.interface import Remote
from mattone.errors import ApplyFailed, InputError, PolicyDenied, RemoteError
from mattone.platform.fields import did_you_mean
from mattone.reconcile.apply import Applier, now
from mattone.reconcile.journal import Operation, State
from mattone.reconcile.lease import owner
from mattone.reconcile.plan import Change
from mattone.reconcile.session import Session
from mattone.records.model import Action, Record

_ENDED = {State.SUCCEEDED, State.FAILED}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an open operation.

    events   the journal's, oldest first
    held     what the engine holds under the deployment's mark; None when it does not say, and `silence` why
    record   the deployment's newest record
    """

    operation: Operation
    events: tuple[tuple[State, Mapping[str, Any]], ...]
    held: tuple[Remote, ...] | None
    silence: str
    record: Record | None


def evidence(session: Session, deployment: str) -> Evidence:
    """Everything known of a deployment's open operation. Raises InputError when none is open."""
    opened = session.journal.open_operations()
    if deployment not in opened:
        hint = did_you_mean(deployment, opened) if opened else "no operation of this workspace's journal is open"
        raise InputError(f"{deployment} has no open operation", hint=hint)
    operation = opened[deployment]
    held, silence = None, ""
    try:
        held = session.engine.find(deployment)
    except RemoteError as error:
        silence = redact.clean(error.message)
    record = session.records.recent(deployment).last_attempted
    return Evidence(operation, session.journal.events(operation.id), held, silence, record)


def adopt(session: Session, applier: Applier, known: Evidence) -> None:
    """Record it as done, from what the engine has.

    Raises InputError, OutcomeUnknown, TransientError when the engine has something else or is silent; it stays open.
    """
    if known.operation.state in _ENDED:
        applier.settle(known.operation)
        return
    commit = str(known.operation.details.get("commit", session.revision))
    if session.site.repository.resolve(commit) is None:
        raise InputError(f"this clone has not the commit {commit[:12]} that it was of", hint="`git fetch`, and again")
    wishes = Session(session.site, commit).wishes()
    applier.adopt(known.operation, wishes.get(known.operation.deployment))


def discard(session: Session, known: Evidence) -> None:
    """Close it without a record: what the engine may have of it is found by its mark when the wish is applied.

    Raises InputError for one that ended, PolicyDenied when nothing would lead to what it may have left.
    """
    operation = known.operation
    if operation.state in _ENDED:
        raise InputError("it ended, and only its record is missing", hint="`adopt` records it")
    led_to = operation.deployment in session.wishes() or (known.record is not None and bool(known.record.remote_id))
    if known.held != () and not led_to:
        what = "the engine holds what it made" if known.held else "the engine does not say whether it made something"
        raise PolicyDenied(
            f"{what}, and neither a file nor a record would lead to it",
            hint="`retry` it; or, when the engine holds it, `adopt` it and delete it with `mattone apply --confirm`",
        )
    while (one := session.journal.open_operations().get(operation.deployment)) is not None:
        session.journal.write(one.id, one.deployment, State.RECORDED, reason=f"discarded by {owner()} at {now()}")


def retry(session: Session, applier: Applier, known: Evidence) -> None:
    """Bring about what is wished for now, over whatever it left. Raises OutcomeUnknown when the engine does not say."""
    deployment = known.operation.deployment
    applier.settle(known.operation)
    plan = session.plan(look=True, only=[deployment])
    for step in plan.changes:
        if step.change is Change.BLOCKED:
            raise ApplyFailed(f"{deployment} is blocked: {step.why}")
        if step.change is Change.DELETE and known.operation.details.get("action") != Action.DELETE:
            hint = f"`mattone apply --confirm {deployment}` deletes what it left"
            raise InputError("its file is gone, and it was no deletion", hint=hint)
        applier.carry_out(step, session.wishes().get(deployment))
