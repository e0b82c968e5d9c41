"""`mattone diff`: what two recorded operations made differently."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = (
    "mattone diff school/notebooks               the newest operation against the one before",
    "mattone diff school/notebooks#1 school/notebooks#3",
    "mattone diff school/notebooks lab/notebooks     two deployments as they are now",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("old", metavar="GROUP/NAME[#N]", help="a record, by its number; without one, the newest")
    parser.add_argument("new", metavar="GROUP/NAME[#N]", nargs="?", default="", help="the other; without it, the next")
    common(parser)


def run(old: str, new: str, repo: Path, output: str) -> int:
    """Compare versions, content, inputs, provider, engine and machine sizes; times and ids are no difference."""
    from mattone import redact, terminal
    from mattone.reconcile.session import Session
    from mattone.reconcile.show import value
    from mattone.records.difference import differences
    from mattone.records.select import pair

    first, second = pair(Session.open(repo).records, old, new)
    found = differences(first, second)
    if output == "json":
        ends = {
            name: {"deployment": r.deployment, "sequence": r.sequence} for name, r in (("old", first), ("new", second))
        }
        terminal.say_json({**ends, "differences": [asdict(one) for one in found]})
        return EXIT_DONE
    terminal.say(f"{first.deployment}#{first.sequence} -> {second.deployment}#{second.sequence}")
    if not found:
        terminal.say("no difference")
    for one in found:
        terminal.say(redact.one_line(f"  {one.kind} {one.name}: {value(one.old)} -> {value(one.new)}", 1000))
    return EXIT_DONE
