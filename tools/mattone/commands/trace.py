"""`mattone trace`: how a deployment was made, from its records."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

if TYPE_CHECKING:
    from mattone.reconcile.session import Session
    from mattone.records.model import Record

EXAMPLES = (
    "mattone trace school/notebooks",
    "mattone trace 192.0.2.17                    whose machine has this address; or its name, or an id",
    "mattone trace school/notebooks --sequence 1     as the first operation made it",
    "mattone trace school/notebooks --at 2026-03-01  as it was at the end of that day",
    "mattone trace school/notebooks --output json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        metavar="GROUP/NAME",
        help="a deployment; or a machine's name or address, the engine's or an operation's id",
    )
    parser.add_argument("--sequence", type=int, metavar="N", help="tell the story up to this record")
    parser.add_argument("--at", default="", metavar="DATE", help="up to this time: 2026-03-01 or 2026-03-01T12:00:00Z")
    common(parser)


def run(subject: str, sequence: int | None, at: str, repo: Path, output: str) -> int:
    """Print the story of the newest record, or of an earlier one."""
    from mattone import terminal
    from mattone.reconcile.session import Session
    from mattone.records import trace

    session = Session.open(repo)
    deployment = _deployment(session, subject)
    records = _until(session.records.history(deployment).records, sequence, at)
    if not records:
        what = f"record {sequence}" if sequence is not None else f"record up to {at}"
        raise InputError(f"{deployment} has no {what}")
    if output == "json":
        terminal.say_json(trace.as_value(records))
    else:
        terminal.say(trace.as_text(records))
    return EXIT_DONE


def _deployment(session: Session, subject: str) -> str:
    """The deployment that somebody means. Raises InputError when no record speaks of it."""
    from mattone.platform.deployments import split_id
    from mattone.platform.fields import did_you_mean

    if subject.count("/") == 1:
        split_id(subject)
        if not session.records.history(subject).records:
            known = session.records.deployments()
            raise InputError(f"there is no record of {subject!r}", hint=did_you_mean(subject, known))
        return subject
    found = session.index.deployment_of(subject)
    if found is None:
        hint = "GROUP/NAME, a machine's name or address, the engine's id of a deployment, or an operation's id"
        raise InputError(f"no record speaks of {subject!r}", hint=hint)
    return found


def _until(records: tuple[Record, ...], sequence: int | None, at: str) -> tuple[Record, ...]:
    """The records up to one of them, and up to a time."""
    if sequence is not None:
        records = tuple(record for record in records if record.sequence <= sequence)
        records = records if records and records[-1].sequence == sequence else ()
    return tuple(record for record in records if record.times.get("ended", "") <= _moment(at)) if at else records


def _moment(text: str) -> str:
    """A date or a time as records write it; a date means its end. Raises InputError."""
    from datetime import UTC, datetime

    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no date", hint="2026-03-01, or 2026-03-01T12:00:00Z") from None
    if len(text) == len("2026-03-01"):
        when = when.replace(hour=23, minute=59, second=59)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
