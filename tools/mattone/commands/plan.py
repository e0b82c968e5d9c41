"""`mattone plan`: what applying would do, and why."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_CHANGES, EXIT_DONE

EXAMPLES = (
    "mattone plan                                what applying the committed state would do",
    "mattone plan --look                         ask the engine too: sees vanished and failed machines",
    "mattone plan --detailed-exitcode            exit with 2 when there are changes",
    "mattone plan --markdown plan.md --out plan.json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--revision", default="HEAD", metavar="REV", help="plan this commit (HEAD)")
    parser.add_argument("--base", default="", metavar="REV", help="the commit it will be merged into")
    parser.add_argument("--look", action="store_true", help="ask the engine what runs, beside the records")
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit with 2 when there are changes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the plan for `mattone apply --plan`")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it as a merge request's comment")
    common(parser)


def run(
    deployments: Sequence[str],
    revision: str,
    base: str,
    look: bool,
    detailed_exitcode: bool,
    out: Path | None,
    markdown: Path | None,
    repo: Path,
    output: str,
) -> int:
    """Plan, print, and write the files asked for."""
    import json

    from mattone import redact, terminal
    from mattone.files import write_atomic
    from mattone.reconcile import show
    from mattone.reconcile.session import Session

    session = Session.open(repo, revision)
    base_commit = session.site.at(base).revision if base else ""
    plan = session.plan(base=base_commit, look=look, only=deployments)
    value = {**asdict(plan), "digest": plan.digest, "summary": show.summary(plan)}
    if output == "json":
        terminal.say_json(value)
    else:
        terminal.say(show.as_text(plan))
    if out is not None:
        write_atomic(out, (redact.clean(json.dumps(value, indent=1, sort_keys=True)) + "\n").encode())
    if markdown is not None:
        write_atomic(markdown, (show.as_markdown(plan) + "\n").encode())
    return EXIT_CHANGES if detailed_exitcode and plan.changes else EXIT_DONE
