"""`mattone forge`: make an embedded forge from a checkout, and a clone to work in."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = (
    "mattone forge create /srv/platform.git                     serve this checkout's committed state",
    "mattone forge create /srv/platform.git --clone ~/platform  and clone it to work in",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("create",))
    parser.add_argument("path", type=Path, metavar="PATH", help="the bare repository to make")
    parser.add_argument("--clone", type=Path, metavar="FOLDER", help="clone it there")
    common(parser)


def run(action: str, path: Path, clone: Path | None, repo: Path, output: str) -> int:
    """Create the forge; its default branch is protected: it moves by merge requests alone."""
    from mattone import terminal
    from mattone.forges.local.forge import LocalForge
    from mattone.git import Repository
    from mattone.platform.site import open_site

    forge = LocalForge.create(path, open_site(repo).repository)
    if clone is not None:
        Repository.clone(forge.url, clone)
    if output == "json":
        terminal.say_json({action: forge.url, "clone": str(clone.absolute()) if clone else None})
    else:
        terminal.say(f"forge: {forge.url}")
        terminal.say(f"work in: {clone.absolute() if clone else f'git clone {forge.url}'}")
    return EXIT_DONE
