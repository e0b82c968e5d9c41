"""What a user waits for, command by command. The figures go to reports/bench.json too.

Wall-clock seconds, the median of several runs after one that warms the caches, beside the time
that each may take. Exit code 1 when a command fails or takes longer than its limit.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.report import ROOT
from mattone import process
from mattone.errors import MattoneError

RUNS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A command line to run at the root, and how many seconds it may take (median)."""

    name: str
    command: tuple[str, ...]
    limit: float


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured for a case, in seconds; `problem` says why there is no figure."""

    name: str
    median: float
    slowest: float
    limit: float
    problem: str = ""

    @property
    def good(self) -> bool:
        return not self.problem and self.median <= self.limit

    def line(self) -> str:
        if self.problem:
            return f"{self.name:<44} FAILED  {self.problem}"
        mark = "" if self.good else "  TOO SLOW"
        return f"{self.name:<44} {self.median:7.3f} s  slowest {self.slowest:7.3f} s  limit {self.limit:5.2f} s{mark}"


def cases() -> list[Case]:
    mattone = str(Path(sys.executable).parent / "mattone")
    return [
        Case("make setup, nothing missing", ("make", "--no-print-directory", "setup"), 0.5),
        Case("mattone --help", (mattone, "--help"), 0.15),
        Case("mattone validate, the whole repository", (mattone, "validate"), 10.0),
        Case("mattone lock --locked, all deployments", (mattone, "lock", "--locked"), 10.0),
    ]


def measure(case: Case, runs: int) -> Figure:
    """Run a case once unmeasured, then `runs` times."""
    seconds: list[float] = []
    try:
        for _ in range(runs + 1):
            started = time.monotonic()
            process.run(case.command, cwd=ROOT, timeout=120)
            seconds.append(time.monotonic() - started)
    except MattoneError as error:
        return Figure(case.name, 0.0, 0.0, case.limit, str(error))
    return Figure(case.name, statistics.median(seconds[1:]), max(seconds[1:]), case.limit)


def main(words: list[str]) -> int:
    runs = int(words[0]) if words and words[0].isdecimal() and int(words[0]) > 0 else RUNS
    figures: list[Figure] = []
    for case in cases():
        figures.append(measure(case, runs))
        print(figures[-1].line(), flush=True)
    report = ROOT / "reports/bench.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", "utf-8")
    return int(not all(figure.good for figure in figures))
