"""`mattone compat`: what changed between two versions of types, services or roles, and the bump that it demands."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS

if TYPE_CHECKING:
    from mattone.checks.waivers import Waiver
    from mattone.compat.changes import Comparison
    from mattone.compat.sides import Source

EXAMPLES = (
    "mattone compat origin/main                          what this branch changes, of every component",
    "mattone compat tosca-types@1.2.0 tosca-types@1.3.0  two releases; 3 when the number promises less than changed",
    "mattone compat HEAD~5 HEAD --component jupyterlab   one component",
    "mattone compat before.yaml after.yaml               two files, or two folders, of any layout",
    "mattone compat v1.0:types v2.0:types --url https://git.example.org/group/types   revisions of any repository",
    "mattone compat origin/main --claimed patch          3 when more than a patch is demanded",
    "mattone compat origin/main --format sarif > changes.sarif",
)
_FORMATS = ("text", "json", "sarif", "junit", "gitlab", "github")
_BUMPS = ("none", "patch", "minor", "major")


def arguments(parser: ArgumentParser) -> None:
    side = "FILE, FOLDER, REVISION[:PATH] or COMPONENT@VERSION"
    parser.add_argument("old", metavar="OLD", help=side)
    parser.add_argument("new", metavar="NEW", nargs="?", default="", help="the same (the work tree)")
    parser.add_argument("--component", default="", metavar="NAME", help="only this service, role or type library")
    parser.add_argument(
        "--claimed",
        choices=_BUMPS,
        help="what the new version claims; exit 3 when more is demanded (as its number says, else minor)",
    )
    parser.add_argument("--allow-unknown", action="store_true", help="exit 0 although something could not be compared")
    parser.add_argument("--format", choices=_FORMATS, help="of the report (as --output)")
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="accepted changes (waivers.yaml of the repository)"
    )
    parser.add_argument("--url", default="", help="of the repository that is compared, where its files import by it")
    common(parser)


def run(
    old: str,
    new: str,
    component: str,
    claimed: str | None,
    allow_unknown: bool,
    format: str | None,
    waivers: Path | None,
    url: str,
    repo: Path,
    output: str,
) -> int:
    """Compare, report, and exit with 3 when more changed than was claimed, or when nobody can tell."""
    from mattone.compat.report import without
    from mattone.compat.sides import claim, compare, here, locate
    from mattone.versions import Bump

    before = locate(old, repo)
    after = locate(new, repo) if new else here(repo, before)
    accepted = _accepted(repo, waivers)
    found, short = [], False
    for which, comparison in compare(before, after, component, url):
        one = without(comparison, accepted)
        found.append((str(which or ""), one))
        limit = Bump[claimed.upper()] if claimed else claim(before, after, which)
        short |= one.bump > (Bump.MINOR if limit is None else limit)
    _show(found, format or output, after)
    unknown = any(one.unknown for _, one in found) and not allow_unknown
    return EXIT_FINDINGS if short or unknown else EXIT_DONE


def _accepted(repo: Path, file: Path | None) -> Sequence[Waiver]:
    """The waivers that hold today."""
    path = file if file is not None else _default_waivers(repo)
    if path is None:
        return ()
    import datetime

    from mattone.checks.waivers import read_waivers

    return read_waivers(path.name, path.read_bytes(), datetime.datetime.now(datetime.UTC).date())[0]


def _default_waivers(repo: Path) -> Path | None:
    from mattone.errors import MattoneError
    from mattone.git import Repository

    try:
        path = Repository.discover(repo).root / "waivers.yaml"
    except MattoneError:  # files outside of any repository
        return None
    return path if path.is_file() else None


def _show(found: Sequence[tuple[str, Comparison]], chosen: str, new: Source) -> None:
    from mattone import redact, terminal
    from mattone.compat import report

    if chosen == "json":
        terminal.say_json({"version": 1, "comparisons": [report.as_json(*one) for one in found]})
    elif chosen == "text":
        changed = [one for one in found if one[1].changes or one[1].unknown]
        terminal.say("\n\n".join(report.text(*one) for one in changed) or "No change.")
    else:
        from mattone.checks.formats import FORMATS

        findings = [each for _, one in found for each in (*report.findings(one), *one.unknown)]
        print(redact.clean(FORMATS[chosen](findings, new.tree.read)), end="", flush=True)
