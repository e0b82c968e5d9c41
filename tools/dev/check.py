"""Check the sources: `python -m dev.check [NAME ...]`; without names, everything.

Every check runs and says its line, two at a time, so that one run shows all that is wrong.
Exit code 1 when one failed. A check that could not be done (the dependency audit, when no
advisory service answers) is told apart from one that passed; MATTONE_AUDIT=required turns it
into a failure.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from dev import addresses, audit, links, locks, pipelines, sources
from dev.report import ROOT, Outcome, Status, show, summary
from mattone import process
from mattone.errors import MattoneError

Check = Callable[[], tuple[Status, str]]


def program(*command: str, files: Callable[[], Sequence[str]] | None = None) -> Check:
    """A check that runs a program of the virtual environment at the root: it passes with exit code 0."""

    def check() -> tuple[Status, str]:
        found = list(files()) if files is not None else []
        if files is not None and not found:
            return Status.PASSED, "no such files"
        path = Path(sys.executable).parent / command[0]
        result = process.run([str(path), *command[1:], *found], cwd=ROOT, accept=range(-64, 256))
        if result.code == 0:
            return Status.PASSED, f"{len(found)} files" if found else ""
        return Status.FAILED, f"{result.output}{result.errors}".strip() or f"exit code {result.code}"

    return check


CHECKS: dict[str, Check] = {
    "types": program("mypy"),
    "format": program("ruff", "format", "--check", "."),
    "lint": program("ruff", "check", "--quiet", "."),
    "dead code": program("vulture"),
    "yaml": program("yamllint", "--strict", files=sources.yaml_files),
    "shell": program("shellcheck", "--severity=warning", files=sources.shell_scripts),
    "gitlab pipelines": pipelines.check,
    "addresses": addresses.check,
    "links": links.check,
    "reference": program("python", "tools/docs.py", "--check"),
    "locks": locks.check,
    "dependency audit": audit.check,
}


def run(name: str) -> Outcome:
    """Run one check and time it; what it raises on purpose is its failure."""
    started = time.monotonic()
    try:
        status, detail = CHECKS[name]()
    except MattoneError as error:
        status, detail = Status.FAILED, str(error)
    if status is Status.NOT_DONE and os.environ.get("MATTONE_AUDIT") == "required":
        status, detail = Status.FAILED, f"not done: {detail}"
    return Outcome(name, status, time.monotonic() - started, detail)


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"no such check: {', '.join(unknown)}; there are: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for future in as_completed([pool.submit(run, name) for name in names or CHECKS]):
            outcomes.append(future.result())
            show(outcomes[-1])
    print(f"checks: {summary(outcomes)}", flush=True)
    return int(any(outcome.status is Status.FAILED for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
