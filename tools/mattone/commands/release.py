"""`mattone release`: the next version of every component, from its commits and its changes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS

if TYPE_CHECKING:
    from mattone.platform.site import Site

_PATIENCE = 120.0  # seconds to wait for another release in the same clone

EXAMPLES = (
    "mattone release                                    make them: changelogs, versions, tags, all or nothing",
    "mattone release --dry-run                          next versions and changelogs, nothing is written",
    "mattone release --dry-run --output json",
    "mattone release --dry-run tosca-types --pre rc     a pre-release of one component",
    "mattone release --check origin/main..HEAD --title 'feat: a disk more'",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("components", nargs="*", metavar="COMPONENT", help="which, as in catalog/jupyterlab (all)")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the next versions and changelogs of HEAD, write nothing"
    )
    parser.add_argument("--pre", default="", metavar="LABEL", help="make pre-releases, as in `rc` for 2.0.0-rc.1")
    parser.add_argument(
        "--check", default="", metavar="BASE..HEAD", help="fail when commits claim less than their changes demand"
    )
    parser.add_argument("--title", default="", help="with --check: the merge request's title, which must claim it too")
    parser.add_argument("--squash", action="store_true", help="with --check: the title will be the only commit")
    common(parser)


def run(
    components: Sequence[str],
    dry_run: bool,
    pre: str,
    check: str,
    title: str,
    squash: bool,
    repo: Path,
    output: str,
) -> int:
    """Show the releases of HEAD, make those of the default branch, or judge what a merge request claims."""
    from mattone.platform.site import open_site

    site = open_site(repo)
    if check:
        return _check(site, check, title, squash, output)
    return _plan(site, components, pre, output) if dry_run else _make(site, components, pre, output)


def _check(site: Site, commits: str, title: str, squash: bool, output: str) -> int:
    from mattone import terminal
    from mattone.releases import show
    from mattone.releases.check import Change, judge

    judgements = judge(site.repository, Change.parse(commits, title, squash))
    if output == "json":
        terminal.say_json(show.judgements_as_json(judgements))
    else:
        terminal.say(show.judgements_as_text(judgements))
    return EXIT_FINDINGS if any(one.short for one in judgements) else EXIT_DONE


def _plan(site: Site, components: Sequence[str], pre: str, output: str) -> int:
    from datetime import UTC, datetime

    from mattone import terminal
    from mattone.releases import show
    from mattone.releases.changelog import Changelogs
    from mattone.releases.files import sections
    from mattone.releases.plan import make_plan
    from mattone.releases.source import open_source

    source, settings = open_source(site.repository, "HEAD")
    plan = make_plan(source, components, pre)
    texts: dict[str, str] = {}
    if plan.releases:
        texts = sections(source.tree, plan, Changelogs(settings.template, datetime.now(UTC).date().isoformat()))
    if output == "json":
        terminal.say_json(show.as_json(plan, texts))
    else:
        terminal.say(show.as_text(plan, texts))
    return EXIT_DONE


def _make(site: Site, components: Sequence[str], pre: str, output: str) -> int:
    from mattone import terminal
    from mattone.machines.layout import file_lock
    from mattone.releases import show
    from mattone.releases.make import release
    from mattone.releases.targets import open_target

    target = open_target(site.repository, site.settings.forge)
    folder = Path(site.repository.run("rev-parse", "--path-format=absolute", "--git-common-dir").output.strip())
    with file_lock(folder / "mattone-release.lock", patience=_PATIENCE):
        outcome = release(site, target, components, pre, terminal.note)
    if output == "json":
        terminal.say_json(show.outcome_as_json(outcome))
    else:
        terminal.say(show.outcome_as_text(outcome))
    return EXIT_DONE
