"""`mattone affected`: which live deployments were made with a component."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

EXAMPLES = (
    "mattone affected tosca-types@2.0.0          made with exactly this version",
    "mattone affected 'role/jupyterlab<1.2'      with any before it",
    "mattone affected 'catalog/jupyterlab@^1'    with a version of this range",
    "mattone affected nginx                      with this image, role or chart, whichever version",
)

_SHORT = {"role/": "ansible-roles/", "service/": "catalog/"}
_SUBJECT = re.compile(r"(?P<name>[^@<>=~^\s]+)(?:@(?P<at>.+)|(?P<range>[<>=~^].+))?")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("component", metavar="COMPONENT[@RANGE]", help="as `mattone trace` names it, and its versions")
    common(parser)


def run(component: str, repo: Path, output: str) -> int:
    """List the deployments, by the records of what runs; no engine is asked."""
    from mattone import terminal
    from mattone.platform.fields import did_you_mean
    from mattone.reconcile.session import Session

    name, wanted = _parsed(component)
    index = Session.open(repo).index
    found = index.uses(name)
    if not found and name not in (known := index.components()):
        raise InputError(f"no record names the component {name!r}", hint=did_you_mean(name, known))
    rows = [asdict(use) for use in found if wanted(use.version)]
    if output == "json":
        terminal.say_json({"component": name, "deployments": rows})
    elif not rows:
        terminal.say(f"nothing that runs was made with {component}")
    else:
        terminal.say(terminal.table(rows, ("deployment", "sequence", "name", "version")))
    return EXIT_DONE


def _parsed(text: str) -> tuple[str, Callable[[str], bool]]:
    """The component's name, and whether a version is meant. Raises InputError."""
    from mattone.errors import MattoneError
    from mattone.versions import Range, Version

    found = _SUBJECT.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} names no component", hint="NAME, NAME@RANGE or NAME<VERSION")
    name = found["name"]
    for short, long in _SHORT.items():
        name = long + name.removeprefix(short) if name.startswith(short) else name
    wanted = found["at"] or found["range"]
    if not wanted:
        return name, lambda _: True
    try:
        within = Range.parse(wanted)
    except MattoneError:
        if not found["at"]:
            raise
        return name, lambda version: version == wanted  # a tag that is no semantic version

    def holds(version: str) -> bool:
        try:
            return Version.parse(version) in within
        except MattoneError:
            return version == wanted

    return name, holds
