"""`mattone start`: switch a deployment's machines on."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common

EXAMPLES = (
    "mattone start school/notebooks                all its machines",
    "mattone start school/notebooks MACHINE        one of them",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("machine", nargs="?", metavar="MACHINE", help="a name from `mattone machines` (all)")
    common(parser)


def run(deployment: str, machine: str | None, repo: Path, output: str) -> int:
    """Switch them on; address, disks and port rules stay."""
    from mattone.commands._power import switch

    return switch(repo, deployment, machine, "start", output)
