"""`mattone resolve`: end an operation of which nobody knows what became of it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_DONE

if TYPE_CHECKING:
    from mattone.reconcile.resolve import Evidence
    from mattone.reconcile.session import Session

EXAMPLES = (
    "mattone resolve school/notebooks            show what is known of its open operation",
    "mattone resolve school/notebooks adopt      the engine did it: record what it has",
    "mattone resolve school/notebooks retry      bring it about now, over whatever it left",
    "mattone resolve school/notebooks discard    forget it; the next apply starts from the records",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME", help="whose open operation")
    parser.add_argument("verb", nargs="?", choices=("adopt", "discard", "retry"), help="how to end it (show it only)")
    common(parser)


def run(deployment: str, verb: str | None, repo: Path, output: str) -> int:
    """Show the evidence, then end the operation as asked."""
    from mattone.reconcile.resolve import evidence
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    with session.lease(local=verb is None) as lease:
        known = evidence(session, deployment)
        if output == "text":
            _show(known)
        if verb is not None:
            _end(session, known, verb, lease.permit if lease else lambda: None)
    if output == "json":
        from mattone import terminal

        terminal.say_json({**_value(known), "resolved": verb})
    return EXIT_DONE


def _end(session: Session, known: Evidence, verb: str, permit: Any) -> None:
    from mattone import terminal
    from mattone.reconcile import resolve
    from mattone.reconcile.applier import make_applier

    deployment = known.operation.deployment
    if verb == "discard":
        resolve.discard(session, known)
        return
    session.require_trusted_key()
    if verb == "retry":
        session.require_merged()
    with terminal.progress(f"{verb} {deployment}") as progress:
        act = resolve.adopt if verb == "adopt" else resolve.retry
        act(session, make_applier(session, progress.update, permit), known)


def _value(known: Evidence) -> dict[str, Any]:
    newest = known.record
    return {
        "deployment": known.operation.deployment,
        "operation": known.operation.id,
        "state": known.operation.state,
        "events": [{"state": state, "details": details} for state, details in known.events],
        "engine": None if known.held is None else [asdict(remote) for remote in known.held],
        "silence": known.silence,
        "record": {"path": newest.path, "operation": newest.operation, "outcome": newest.outcome} if newest else None,
    }


def _show(known: Evidence) -> None:
    from mattone import terminal

    operation = known.operation
    terminal.say(f"{operation.deployment}: operation {operation.id} is {operation.state}")
    for state, details in known.events:
        told = ", ".join(f"{name} {value}" for name, value in sorted(details.items()) if name != "record" and value)
        terminal.say(f"  journal  {state}{': ' if told else ''}{told}")
    if known.held is None:
        terminal.say(f"  engine   does not say: {known.silence}")
    for remote in known.held or ():
        whose = "this operation" if remote.operation == operation.id else f"operation {remote.operation}"
        terminal.say(f"  engine   has {remote.id}, made by {whose}")
    if known.held == ():
        terminal.say("  engine   has nothing with its mark")
    newest = known.record
    terminal.say(f"  record   {f'{newest.path}: {newest.action} {newest.outcome}' if newest else 'none'}")
