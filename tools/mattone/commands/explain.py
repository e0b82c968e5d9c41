"""`mattone explain`: what a finding means, why it matters, and how to mend it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = (
    "mattone explain TOSCA1040            one rule: reason, clause, a bad and a good example",
    "mattone explain                      all rules",
    "mattone explain --output json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("rules", nargs="*", metavar="RULE", help="ids as findings show them (a list of all)")
    common(parser)


def run(rules: Sequence[str], repo: Path, output: str) -> int:  # noqa: ARG001 - every command takes --repo
    """Print the pages of the rules, or a table of all."""
    from dataclasses import asdict

    from mattone import terminal
    from mattone.checks import registry

    chosen = [registry.rule(one) for one in rules] or list(registry.rules())
    if output == "json":
        terminal.say_json([{**asdict(one), "severity": one.gravity} for one in chosen])
    elif rules:
        terminal.say("\n".join(registry.page(one) for one in chosen).rstrip("\n"))
    else:
        rows = [{"rule": one.id, "severity": one.gravity, "title": one.title} for one in chosen]
        terminal.say(terminal.table(rows, ("rule", "severity", "title")))
    return EXIT_DONE
