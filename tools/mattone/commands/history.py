"""`mattone history`: the versions of a component, what each claimed and what it demanded."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE

EXAMPLES = (
    "mattone history tosca-types                         claimed and demanded, side by side",
    "mattone history catalog/jupyterlab --output json",
    "mattone history types --repo ~/their-types --path . --tags 'v*'    somebody else's library, of any layout",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("component", metavar="COMPONENT", help="as in tosca-types or catalog/jupyterlab")
    parser.add_argument("--path", default="", metavar="FOLDER", help="the folder of its files, in any repository")
    parser.add_argument("--tags", default="", metavar="PATTERN", help="what its tags look like, `*` for the version")
    parser.add_argument("--url", default="", help="of the repository, where its files import each other by it")
    common(parser)


def run(component: str, path: str, tags: str, url: str, repo: Path, output: str) -> int:
    """Show a row a version, and the reasons of those that are labelled too low."""
    from mattone import terminal
    from mattone.git import Repository
    from mattone.releases.history import history, subject_of
    from mattone.releases.show_history import as_json, as_text

    subject = subject_of(Repository.discover(repo), component, path, tags, url)
    with terminal.progress(f"history of {component}") as progress:
        rows = tuple(history(subject, progress.update))
    if output == "json":
        terminal.say_json(as_json(rows))
    else:
        terminal.say(as_text(rows))
    return EXIT_DONE
