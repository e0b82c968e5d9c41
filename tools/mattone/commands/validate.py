"""`mattone validate`: every error of the platform's files at once, each with its place."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS

if TYPE_CHECKING:
    from mattone.checks.again import Memory
    from mattone.commands._checking import Checked, Scope
    from mattone.findings import Finding

EXAMPLES = (
    "mattone validate                            the whole platform: catalogue, types, roles, deployments",
    "mattone validate school/notebooks           one deployment",
    "mattone validate page.yaml types/*.yaml     templates and type libraries, in any folder",
    "mattone validate templates                  all of them below a folder",
    "mattone validate --fix page.yaml            mend what is mechanical, then check",
    "mattone validate --changed-since origin/main     what this branch can have an effect on",
    "mattone validate --watch page.yaml          again whenever a file changes, until Ctrl-C",
    "mattone validate --format sarif > findings.sarif",
)
_FORMATS = ("text", "json", "sarif", "junit", "gitlab", "github")
_MOST_JOBS = 256


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "targets", nargs="*", metavar="GROUP/NAME|FILE|FOLDER", help="only these deployments, or templates (everything)"
    )
    parser.add_argument("--format", choices=_FORMATS, help="of the report (as --output)")
    parser.add_argument("--import-map", type=Path, metavar="FILE", help="what imports of URLs stand for (YAML or TSV)")
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="accepted findings (waivers.yaml of the repository)"
    )
    parser.add_argument("--fix", action="store_true", help="mend what is mechanical in the files checked, then check")
    parser.add_argument(
        "--changed-since", default="", metavar="REV", help="only what changed, and all that it has an effect on"
    )
    parser.add_argument("--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")
    parser.add_argument(
        "--oracle", action="store_true", help="ask tosca-parser for a second opinion, and show where it differs"
    )
    parser.add_argument("--jobs", type=_number, metavar="N", help="processes for many files (as there are processors)")
    parser.add_argument("--no-cache", action="store_true", help="check anew what has not changed")
    common(parser)


def _number(word: str) -> int:
    if word.isascii() and word.isdecimal() and 0 < int(word) <= _MOST_JOBS:
        return int(word)
    raise ArgumentTypeError(f"{word!r} is no whole number from 1 to {_MOST_JOBS}")


def run(
    targets: Sequence[str],
    format: str | None,
    import_map: Path | None,
    waivers: Path | None,
    fix: bool,
    changed_since: str,
    watch: bool,
    oracle: bool,
    jobs: int | None,
    no_cache: bool,
    repo: Path,
    output: str,
) -> int:
    """Check, report, and exit with 3 when there are errors."""
    import gc
    import os

    from mattone.commands._checking import scope

    jobs = jobs or len(os.sched_getaffinity(0))
    wanted = scope(targets, repo, import_map, waivers, changed_since, jobs)
    report = format or output
    if watch:
        from mattone.checks.again import Memory
        from mattone.commands._watching import run_again

        memory = Memory()
        return run_again(wanted.root, lambda: _once(wanted, report, fix, oracle, memory=memory))
    gc.disable()  # a short life with many objects and few cycles: collecting would only cost time
    return _once(wanted, report, fix, oracle, kept=not no_cache)


def _once(wanted: Scope, report: str, fix: bool, oracle: bool, kept: bool = False, memory: Memory | None = None) -> int:
    import sys

    from mattone.commands._checking import check
    from mattone.findings import Severity
    from mattone.replay import keep

    checked = check(wanted, memory)
    if fix and _fixed(wanted, checked):
        checked = check(wanted, memory)
    found = _waived(checked.findings, checked.root, wanted.waivers)
    answer = _with_second_opinion(wanted, checked, found, report) if oracle else _answer(found, report, checked)
    print(answer, end="", flush=True)
    code = EXIT_FINDINGS if any(one.severity is Severity.ERROR for one in found) else EXIT_DONE
    if kept and checked.seen is not None:
        keep(sys.argv[1:], code, answer, checked.seen)
    return code


def _fixed(wanted: Scope, checked: Checked) -> bool:
    """Fix the files, say so on stderr, and tell whether any changed."""
    from mattone import terminal
    from mattone.checks.fixes import fix_files

    paths = checked.paths if wanted.files else [one.place.path for one in checked.findings]
    changed = fix_files(checked.root, paths, checked.findings)
    for path, number in changed.items():
        terminal.note(f"fixed {path}: {number}")
    return bool(changed)


def _answer(found: Sequence[Finding], chosen: str, checked: Checked) -> str:
    from mattone import redact
    from mattone.checks.formats import FORMATS

    return redact.clean(FORMATS[chosen](_ordered(found), checked.read))


def _with_second_opinion(wanted: Scope, checked: Checked, found: Sequence[Finding], report: str) -> str:
    """The report with where tosca-parser differs: a member of the JSON document, or after the report for people.

    Where the report is for other programs, people are told on stderr. The exit code has nothing of it.
    """
    from mattone import redact, terminal
    from mattone.checks.oracle import as_items, opinions, render
    from mattone.checks.report import as_json

    asked = opinions(checked.root, checked.paths, checked.findings, wanted.import_map)
    if report == "json":
        return redact.clean(as_json(_ordered(found), {"second_opinion": as_items(asked)}))
    if report != "text":
        terminal.note(render(asked))
        return _answer(found, report, checked)
    return f"{_answer(found, report, checked)}{redact.clean(render(asked))}\n"


def _ordered(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (one.place, one.rule, one.message))


def _waived(found: Sequence[Finding], root: Path, file: Path | None) -> Sequence[Finding]:
    """The findings without those that a waiver accepts, and with those about the waivers themselves."""
    path = file or root / "waivers.yaml"
    if file is None and not path.is_file():
        return found
    import datetime

    from mattone.checks.waivers import apply_waivers, read_waivers

    waivers, problems = read_waivers(path.name, path.read_bytes(), datetime.datetime.now(datetime.UTC).date())
    standing, _ = apply_waivers(found, waivers)
    return [*standing, *problems]
