"""`mattone status`: every deployment, what is wanted, what was applied, what runs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_DONE

if TYPE_CHECKING:
    from mattone.reconcile.plan import Step
    from mattone.reconcile.session import Session

EXAMPLES = (
    "mattone status                              all deployments, asking the engine",
    "mattone status --recorded                   from the records alone, without the engine",
    "mattone status school/notebooks --output json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--recorded", action="store_true", help="do not ask the engine")
    common(parser)


def run(deployments: Sequence[str], recorded: bool, repo: Path, output: str) -> int:
    """One row a deployment."""
    from mattone import terminal
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    plan = session.plan(only=deployments)
    rows = [_row(session, step, recorded) for step in plan.steps]
    if output == "json":
        terminal.say_json({"environment": session.environment, "deployments": rows})
    elif rows:
        terminal.say(terminal.table(rows, ("deployment", "service", "last_applied", "last_attempted", "now", "plan")))
    else:
        terminal.say("no deployments; `mattone request` asks for one")
    return EXIT_DONE


def _row(session: Session, step: Step, recorded: bool) -> dict[str, Any]:
    history = session.records.recent(step.deployment)
    applied, attempted, running = history.last_applied, history.last_attempted, history.running
    now = ""
    if running is not None and not recorded:
        session.hide_secrets([running])
        seen = session.engine.observe(running.remote_id)
        now = f"{seen.phase}: {seen.reason}" if seen.reason else seen.phase.value
    return {
        "deployment": step.deployment,
        "service": step.service,
        "last_applied": f"{applied.action} {applied.times.get('ended', '')}" if applied else "never",
        "last_attempted": f"{attempted.action} {attempted.outcome}" if attempted else "never",
        "now": now,
        "plan": step.change.value,
    }
