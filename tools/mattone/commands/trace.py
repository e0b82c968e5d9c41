"""`mattone trace`: how a deployment was made, from its records."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

EXAMPLES = (
    "mattone trace school/notebooks",
    "mattone trace school/notebooks --sequence 1     as the first operation made it",
    "mattone trace school/notebooks --output json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("--sequence", type=int, metavar="N", help="tell the story up to this record")
    common(parser)


def run(deployment: str, sequence: int | None, repo: Path, output: str) -> int:
    """Print the story of the newest record, or of an earlier one."""
    from mattone import terminal
    from mattone.platform.deployments import split_id
    from mattone.platform.fields import did_you_mean
    from mattone.reconcile.session import Session
    from mattone.records import trace

    split_id(deployment)
    session = Session.open(repo)
    records = session.records.history(deployment).records
    if not records:
        known = session.records.deployments()
        raise InputError(f"there is no record of {deployment!r}", hint=did_you_mean(deployment, known))
    if sequence is not None:
        records = tuple(record for record in records if record.sequence <= sequence)
        if not records or records[-1].sequence != sequence:
            raise InputError(f"{deployment} has no record {sequence}")
    if output == "json":
        terminal.say_json(trace.as_value(records))
    else:
        terminal.say(trace.as_text(records))
    return EXIT_DONE
