"""`mattone release`: the next version of every component, from its commits and its changes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE

if TYPE_CHECKING:
    from mattone.releases.model import Plan

EXAMPLES = (
    "mattone release --dry-run                          next versions and changelogs, nothing is written",
    "mattone release --dry-run --output json",
    "mattone release --dry-run tosca-types --pre rc     a pre-release of one component",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("components", nargs="*", metavar="COMPONENT", help="which, as in catalog/jupyterlab (all)")
    parser.add_argument("--dry-run", action="store_true", help="print next versions and changelogs, write nothing")
    parser.add_argument("--pre", default="", metavar="LABEL", help="make pre-releases, as in `rc` for 2.0.0-rc.1")
    common(parser)


def run(components: Sequence[str], dry_run: bool, pre: str, repo: Path, output: str) -> int:
    """Plan the releases of HEAD and show them."""
    from mattone.errors import InputError
    from mattone.platform.site import open_site
    from mattone.releases.plan import make_plan
    from mattone.releases.source import open_source

    if not dry_run:
        raise InputError("releases are planned, and not made yet", hint="give --dry-run")
    site = open_site(repo)
    source, settings = open_source(site.repository, "HEAD")
    plan = make_plan(source, components, pre)
    _show(plan, settings.template, output)
    return EXIT_DONE


def _show(plan: Plan, template: str, output: str) -> None:
    from datetime import UTC, datetime

    from mattone import terminal
    from mattone.releases import show
    from mattone.releases.changelog import Changelogs

    if not plan.releases and output == "text":
        terminal.say("nothing to release")
        return
    sections: dict[str, str] = {}
    if plan.releases:
        changelogs = Changelogs(template, datetime.now(UTC).date().isoformat())
        sections = {release.component.path: changelogs.section(release) for release in plan.releases}
    if output == "json":
        terminal.say_json(show.as_json(plan, sections))
        return
    terminal.say(show.table(plan))
    for path, text in sections.items():
        terminal.say(f"\n{path}/CHANGELOG.md\n\n{text.rstrip()}")
