"""`mattone machines`: the machines of one deployment or of all, as the engine sees them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = ("mattone machines", "mattone machines school/notebooks --output json")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", nargs="?", metavar="GROUP/NAME", help="only this one's (all)")
    common(parser)


def run(deployment: str | None, repo: Path, output: str) -> int:
    """One row a machine."""
    from dataclasses import asdict

    from mattone import terminal
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    if deployment is not None:
        running = [session.running(deployment)]
    else:
        histories = (session.records.recent(name) for name in session.records.deployments())
        running = [history.running for history in histories if history.running is not None]
    session.hide_secrets(running)
    rows = [
        {"deployment": record.deployment, **asdict(machine)}
        for record in running
        for machine in session.engine.observe(record.remote_id).machines
    ]
    if output == "json":
        terminal.say_json({"machines": rows})
    elif rows:
        for row in rows:
            row["memory"] = f"{row['memory']} MiB"
            row["volumes"] = ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in row["volumes"].items())
            row["ports"] = " ".join(row["ports"])
        columns = ("deployment", "name", "node", "state", "address", "cpus", "memory", "volumes", "ports")
        terminal.say(terminal.table(rows, columns))
    else:
        terminal.say("no machines")
    return EXIT_DONE
