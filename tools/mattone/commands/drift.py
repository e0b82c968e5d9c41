"""`mattone drift`: whether what runs is still what was recorded."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_CHANGES, EXIT_DONE, MattoneError, RemoteError

if TYPE_CHECKING:
    from mattone.reconcile.drift import Report
    from mattone.reconcile.session import Session

EXAMPLES = (
    "mattone drift                               every deployment that runs",
    "mattone drift school/notebooks --output json",
    "mattone drift --metrics /var/lib/node_exporter/mattone.prom",
    "mattone drift --watch 300 --metrics mattone.prom    look every five minutes or so",
)

_LONGEST_WAIT = 3600.0  # seconds, however often it failed


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all that run)")
    parser.add_argument("--parallel", type=_number, default=8, metavar="N", help="questions to the engine at once (8)")
    parser.add_argument(
        "--metrics", type=Path, metavar="FILE", help="write the result for Prometheus, whole or not at all"
    )
    parser.add_argument("--watch", type=_number, metavar="SECONDS", help="look again and again, about this far apart")
    common(parser)


def _number(word: str) -> int:
    if word.isascii() and word.isdecimal() and 0 < int(word) < 1_000_000:
        return int(word)
    raise ArgumentTypeError(f"{word!r} is no whole number above 0")


def run(
    deployments: Sequence[str], parallel: int, metrics: Path | None, watch: int | None, repo: Path, output: str
) -> int:
    """Compare wanted, recorded and observed; exit code 2 when something drifted."""
    if watch is None:
        return _outcome(_once(repo, deployments, parallel, metrics, output))
    failures = 0
    while True:  # until interrupted
        try:
            _once(repo, deployments, parallel, metrics, output)
            failures = 0
        except MattoneError as error:
            from mattone import terminal

            terminal.complain(error)
            failures += 1
        time.sleep(pause(watch, failures))


def pause(seconds: float, failures: int) -> float:
    """How long to wait: about `seconds`, a tenth more or less so that many controllers do not ask at once; doubled by
    each failure in a row, up to an hour."""
    import random

    jitter = random.uniform(0.9, 1.1)  # noqa: S311 - no secret
    longest = max(seconds, _LONGEST_WAIT)
    return float(min(seconds * 2.0 ** min(failures, 32), longest)) * jitter


def _once(
    repo: Path, deployments: Sequence[str], parallel: int, metrics: Path | None, output: str
) -> tuple[Report, ...]:
    from mattone.files import write_atomic
    from mattone.reconcile.metrics import as_metrics
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    began = time.monotonic()
    reports = _checked(session, deployments, parallel)
    if metrics is not None:
        made = as_metrics(session.environment, reports, time.time(), time.monotonic() - began)
        write_atomic(metrics, made)
    _tell(session, reports, output)
    return reports


def _checked(session: Session, deployments: Sequence[str], parallel: int) -> tuple[Report, ...]:
    from mattone.reconcile.drift import check

    names = deployments or session.records.deployments()
    running = {name: session.running(name) for name in deployments} if deployments else {
        name: record for name in names if (record := session.records.recent(name).running) is not None
    }  # fmt: skip
    plan = session.plan(only=running) if running else None
    steps = {step.deployment: step for step in plan.steps} if plan is not None else {}
    session.hide_secrets(running.values())
    return check(session.engine, running, steps, parallel) if running else ()


def _tell(session: Session, reports: Sequence[Report], output: str) -> None:
    from collections import Counter

    from mattone import redact, terminal
    from mattone.reconcile.drift import State, as_value

    if output == "json":
        terminal.say_json({"environment": session.environment, "deployments": as_value(reports)})
        return
    for one in reports:
        if one.state is not State.IN_SYNC:
            reason = f": {redact.one_line(one.reason, 300)}" if one.reason else ""
            terminal.say(f"{one.deployment}: {one.state}{reason}")
        for found in one.differences:
            was, now = (redact.one_line(text or "none", 200) for text in (found.recorded, found.observed))
            terminal.say(f"  {found.kind} {redact.one_line(found.subject, 100)}: {was} -> {now}")
    counts = Counter(one.state for one in reports)
    terminal.say(", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "nothing runs")


def _outcome(reports: Sequence[Report]) -> int:
    """Raises RemoteError when the engine did not say of each how it is."""
    from mattone.reconcile.drift import State

    states = {one.state for one in reports}
    if State.DRIFTED in states:
        return EXIT_CHANGES
    if State.UNKNOWN in states:
        raise RemoteError("the engine did not say of each deployment how it is", hint="`mattone doctor` asks it")
    return EXIT_DONE
