"""`mattone replay`: rebuild what was recorded from its pins, compare digests, and plan."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, FindingsError, InputError

if TYPE_CHECKING:
    from mattone.reconcile.plan import Plan
    from mattone.reconcile.replay import Replayed
    from mattone.reconcile.session import Session
    from mattone.records.model import Record

EXAMPLES = (
    "mattone replay school/notebooks             what runs now: rebuilt, compared, planned",
    "mattone replay school/notebooks --seq 1     as the first operation made it",
    "mattone replay --all --dry-run              every live deployment; compares alone, for a nightly job",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which")
    parser.add_argument("--all", action="store_true", dest="everything", help="every deployment that runs")
    parser.add_argument("--seq", type=int, metavar="N", help="this record instead of the one of what runs")
    parser.add_argument("--dry-run", action="store_true", help="compare, and plan nothing")
    common(parser)


def run(deployments: Sequence[str], everything: bool, seq: int | None, dry_run: bool, repo: Path, output: str) -> int:
    """Rebuild, compare, plan; exit code 3 when something cannot be made again as it was."""
    from mattone.reconcile.replay import replay
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    records = _records(session, deployments, everything, seq)
    found = [replay(session.releases, record) for record in records]
    plan = session.plan(only=[record.deployment for record in records]) if records and not dry_run else None
    _tell(output, found, plan)
    if any(one.faults for one in found):
        raise FindingsError("not everything can be made again as it was recorded")
    return EXIT_DONE


def _records(session: Session, deployments: Sequence[str], everything: bool, seq: int | None) -> list[Record]:
    from mattone.records.select import one

    if everything == bool(deployments) or (seq is not None and len(deployments) != 1):
        raise InputError("which?", hint="`mattone replay GROUP/NAME [--seq N]`, or `mattone replay --all`")
    if seq is not None:
        return [one(session.records, f"{deployments[0]}#{seq}")]
    if not everything:
        return [session.running(name) for name in deployments]
    running = (session.records.recent(name).running for name in session.records.deployments())
    return [record for record in running if record is not None]


def _tell(output: str, found: Sequence[Replayed], plan: Plan | None) -> None:
    from mattone import redact, terminal
    from mattone.reconcile import show

    if output == "json":
        value = {"plan": asdict(plan), "summary": show.summary(plan)} if plan else {}
        terminal.say_json({"replayed": [asdict(one) for one in found], **value})
        return
    for one in found:
        said = one.skipped or ("differs" if one.faults else "bundle and template are what was recorded")
        terminal.say(f"{one.deployment}#{one.sequence}: {said}")
        for fault in one.faults:
            terminal.say(f"  {redact.one_line(fault, 300)}")
    if not found:
        terminal.say("nothing runs")
    if plan is not None:
        terminal.say(show.as_text(plan))
