"""`mattone doctor`: what this host lacks, and how to get it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_ERROR

if TYPE_CHECKING:
    from mattone.machines.doctor import Check

EXAMPLES = ("mattone doctor", "mattone doctor --output json")


def arguments(parser: ArgumentParser) -> None:
    common(parser)


def run(repo: Path, output: str) -> int:
    """Print every check; exit with 1 when something is missing. It needs no platform repository.

    In one whose engine is elsewhere, the engine is asked, and what only machines here need is left out.
    """
    from dataclasses import asdict

    from mattone import terminal
    from mattone.machines import doctor
    from mattone.platform.site import cache_folder

    checks = doctor.check(cache_folder())
    able, line = doctor.verdict(checks)
    if (engine := _engine_elsewhere(repo)) is not None:
        checks = (*(check for check in checks if not check.machines), engine)
        able, line = False, "the engine is elsewhere: nothing here needs to have machines"
    if output == "json":
        terminal.say_json({"checks": [asdict(check) for check in checks], "machines": able, "verdict": line})
    else:
        for check in checks:
            terminal.say(f"{'ok     ' if check.ok else 'MISSING'} {check.name:<12} {check.detail}")
            if not check.ok:
                terminal.say(f"        {check.remedy}")
        terminal.say(line)
    return EXIT_DONE if all(check.ok for check in checks) else EXIT_ERROR


def _engine_elsewhere(repo: Path) -> Check | None:
    """Whether the engine of a platform answers; None when it is the embedded one, or this is no platform."""
    from mattone.engines.choose import greeting
    from mattone.errors import MattoneError
    from mattone.machines.doctor import Check
    from mattone.platform.site import open_site

    try:
        site = open_site(repo)
    except MattoneError:
        return None
    try:
        said = greeting(site)
    except MattoneError as error:
        return Check("engine", False, error.message, error.hint or "check `[engine]` in mattone.toml", machines=False)
    return Check("engine", True, said, machines=False) if said else None
