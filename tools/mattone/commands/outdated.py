"""`mattone outdated`: what locks could move to, and who holds it back."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError, Place

EXAMPLES = (
    "mattone outdated                            everything that could move, of all deployments",
    "mattone outdated school/notebooks --all     every entry of one lock",
    "mattone outdated --output json",
)
_COLUMNS = ("deployment", "name", "kind", "current", "in_range", "newest", "held_by")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--all", action="store_true", dest="everything", help="show what is up to date too")
    common(parser)


def run(deployments: Sequence[str], everything: bool, repo: Path, output: str) -> int:
    """Show what could move. Sources are asked; nothing is written but the cache."""
    from mattone import terminal
    from mattone.pins.complete import world_of
    from mattone.pins.lock import parse
    from mattone.pins.outdated import as_rows, outdated
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import load_all, lock_path
    from mattone.platform.refuse import refuse
    from mattone.platform.site import open_site

    site = open_site(repo)
    wanted, findings = load_all(site.files, deployments)
    refuse(findings)
    releases, world = Releases(site.repository, "HEAD"), world_of(site)
    found = {}
    for name, deployment in wanted.items():
        path = lock_path(name)
        data = site.files.read(path)
        if data is None:
            raise InputError("there is no lock", place=Place(path), hint=f"run `mattone lock {name}`")
        found[name] = outdated(releases, deployment, parse(path, data), world)
    rows = as_rows(found, everything)
    if output == "json":
        terminal.say_json({"outdated": rows})
    elif not rows:
        terminal.say("everything is as new as it can be")
    else:
        shown = [{**row, "held_by": ", ".join(str(one) for one in _list(row["held_by"]))} for row in rows]
        terminal.say(terminal.table(shown, _COLUMNS))
    return EXIT_DONE


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
