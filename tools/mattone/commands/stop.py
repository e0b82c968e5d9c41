"""`mattone stop`: switch a deployment's machines off."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common

EXAMPLES = (
    "mattone stop school/notebooks                all its machines",
    "mattone stop school/notebooks MACHINE        one of them",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("machine", nargs="?", metavar="MACHINE", help="a name from `mattone machines` (all)")
    common(parser)


def run(deployment: str, machine: str | None, repo: Path, output: str) -> int:
    """Switch them off; address, disks and port rules stay."""
    from mattone.commands._power import switch

    return switch(repo, deployment, machine, "stop", output)
