"""`mattone doctor`: what this host lacks, and how to get it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_ERROR

EXAMPLES = ("mattone doctor", "mattone doctor --output json")


def arguments(parser: ArgumentParser) -> None:
    common(parser)


def run(repo: Path, output: str) -> int:
    """Print every check; exit with 1 when something is missing. It needs no platform repository."""
    del repo
    from dataclasses import asdict

    from mattone import terminal
    from mattone.machines import doctor
    from mattone.platform.site import cache_folder

    checks = doctor.check(cache_folder())
    able, line = doctor.verdict(checks)
    if output == "json":
        terminal.say_json({"checks": [asdict(check) for check in checks], "machines": able, "verdict": line})
    else:
        for check in checks:
            terminal.say(f"{'ok     ' if check.ok else 'MISSING'} {check.name:<12} {check.detail}")
            if not check.ok:
                terminal.say(f"        {check.remedy}")
        terminal.say(line)
    return EXIT_DONE if all(check.ok for check in checks) else EXIT_ERROR
