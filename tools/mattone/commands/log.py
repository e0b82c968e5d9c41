"""`mattone log`: what the engine and its configuration tool printed for a deployment."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = ("mattone log school/notebooks", "mattone log school/notebooks --tail 50")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("--tail", type=int, default=0, metavar="N", help="only the last N lines")
    common(parser)


def run(deployment: str, tail: int, repo: Path, output: str) -> int:
    """Print the log, secrets hidden."""
    from mattone import terminal
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    text = session.engine.log(session.running(deployment).remote_id)
    shown = "\n".join(text.splitlines()[-tail:]) if tail > 0 else text.rstrip("\n")
    if output == "json":
        terminal.say_json({"deployment": deployment, "log": shown})
    else:
        terminal.say(shown or "the engine has no log for it yet")
    return EXIT_DONE
