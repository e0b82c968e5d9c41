"""`mattone validate`: every error of the platform's files at once, each with its place."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS

if TYPE_CHECKING:
    from mattone.checks.findings import Finding
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone validate                            the whole platform: catalogue, types, roles, deployments",
    "mattone validate school/notebooks           one deployment",
    "mattone validate --output json",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="only these deployments (everything)")
    common(parser)


def run(deployments: Sequence[str], repo: Path, output: str) -> int:
    """Check, report, and exit with 3 when there are errors."""
    from dataclasses import asdict

    from mattone import terminal
    from mattone.checks.findings import Severity
    from mattone.platform.site import open_site

    site = open_site(repo)
    found = sorted(_findings(site, deployments), key=lambda one: (one.place, one.rule))
    errors = sum(one.severity is Severity.ERROR for one in found)
    if output == "json":
        terminal.say_json({"findings": [asdict(one) for one in found], "errors": errors})
    else:
        for one in found:
            terminal.say(f"{one.place}: {one.rule} {one.message}")
            if one.hint:
                terminal.say(f"    {one.hint}")
        terminal.say(f"{len(found)} findings, {errors} errors" if found else "no findings")
    return EXIT_FINDINGS if errors else EXIT_DONE


def _findings(site: Site, deployments: Sequence[str]) -> tuple[Finding, ...]:
    from mattone.checks.components import check_components, check_federation, templates
    from mattone.checks.template import check_templates
    from mattone.pins.bundle import tree_resolver
    from mattone.pins.releases import Releases
    from mattone.reconcile.wishes import collect

    tree = site.files
    found: tuple[Finding, ...] = ()
    if not deployments:
        found += check_templates(templates(tree), tree_resolver(tree))
        found += check_components(tree)
    broken = check_federation(tree)
    if broken:
        return (*found, *broken)
    return (*found, *collect(tree, Releases(site.repository, "HEAD"), deployments)[1])
