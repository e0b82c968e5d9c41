"""Run every check and every test in stages: `python -m dev.test`, with PYTEST_ARGS from the environment.

First the checks, then the tests that need no machine, side by side; when these hold, the ones
with a real engine and real machines, one by one. A line a stage; the last line counts all tests.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from dev import check
from dev.report import ROOT, Outcome, Status, show, summary

NOTHING_CHOSEN = 5  # pytest's exit code when no test was chosen


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of pytest: which marks it takes, and how many processes share the work (0: this one alone)."""

    name: str
    marks: str
    workers: int = 0


STAGES = (
    Stage("unit tests", "not machine and not engine", workers=2),
    Stage("engine tests", "engine and not machine"),
    Stage("machine tests", "machine"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def counted(report: Path) -> Counts:
    """The counts of a JUnit report that pytest wrote; none when there is no report."""
    total = Counts()
    if not report.is_file():
        return total
    for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 - our own pytest wrote it
        number = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
        failed = number["failures"] + number["errors"]
        total += Counts(number["tests"] - failed - number["skipped"], failed, number["skipped"])
    return total


def command(stage: Stage, report: Path, extra: Sequence[str]) -> list[str]:
    """The pytest command of a stage; a `-m` of the user's narrows its marks instead of replacing them."""
    marks, rest = stage.marks, list(extra)
    if "-m" in rest[:-1]:
        at = rest.index("-m")
        marks = f"({marks}) and ({rest[at + 1]})"
        del rest[at : at + 2]
    workers = ["-n", str(stage.workers)] if stage.workers else []
    return [sys.executable, "-m", "pytest", "-m", marks, *workers, f"--junitxml={report}", *rest]


def run(stage: Stage, extra: Sequence[str]) -> tuple[Outcome, Counts]:
    """Run one stage with its output straight to the terminal."""
    report = ROOT / "reports" / f"{stage.name.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    print(f"\n== {stage.name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command(stage, report, extra), cwd=ROOT, check=False).returncode
    counts = counted(report)
    status = Status.PASSED if code in (0, NOTHING_CHOSEN) else Status.FAILED
    return Outcome(stage.name, status, time.monotonic() - started, str(counts)), counts


def main() -> int:
    extra = shlex.split(os.environ.get("PYTEST_ARGS", ""))
    started = time.monotonic()
    print("== checks", flush=True)
    checks = Status.FAILED if check.main([]) else Status.PASSED
    outcomes = [Outcome("checks", checks, time.monotonic() - started)]
    total = Counts()
    for stage in STAGES:
        outcome, counts = run(stage, extra)
        outcomes.append(outcome)
        total += counts
        if any(earlier.status is Status.FAILED for earlier in outcomes):
            break  # what follows takes minutes, and would fail for the same reason
    print("\n== stages", flush=True)
    for outcome in outcomes:
        show(outcome)
    print(f"stages: {summary(outcomes)} in {time.monotonic() - started:.0f} s")
    print(f"total: {total}", flush=True)
    ran = total.passed + total.failed > 0
    if not ran:
        print("no test ran", file=sys.stderr)
    return int(not ran or any(outcome.status is Status.FAILED for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
