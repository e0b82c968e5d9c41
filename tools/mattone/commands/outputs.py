"""`mattone outputs`: what a deployment gives to its users, as it was recorded or as it is now."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = (
    "mattone outputs school/notebooks            as recorded by the last operation",
    "mattone outputs school/notebooks --live     ask the engine",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("--live", action="store_true", help="ask the engine instead of the records")
    common(parser)


def run(deployment: str, live: bool, repo: Path, output: str) -> int:
    """Print name and value of each output."""
    from mattone import terminal
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    record = session.running(deployment)
    outputs = session.engine.observe(record.remote_id).outputs if live else record.outputs
    if output == "json":
        terminal.say_json({"deployment": deployment, "outputs": outputs})
        return EXIT_DONE
    for name, value in sorted(outputs.items()):
        terminal.say(f"{name}: {value}")
    return EXIT_DONE
