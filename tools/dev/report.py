"""One line a step, with its seconds, for the checks and the stages of the tests."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "FAILED"
    NOT_DONE = "NOT DONE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended: `detail` is for people, one line when it passed and all of it when it failed."""

    name: str
    status: Status
    seconds: float
    detail: str = ""

    def line(self) -> str:
        note = "" if self.status is Status.FAILED or not self.detail else f"  {self.detail}"
        return f"{self.name:<24} {self.status:<8} {self.seconds:6.1f} s{note}"


def show(outcome: Outcome) -> None:
    """Print the line of a step, and under it, indented, why it failed."""
    print(outcome.line(), flush=True)
    if outcome.status is Status.FAILED:
        for line in outcome.detail.splitlines():
            print(f"    {line}", file=sys.stdout, flush=True)


def summary(outcomes: list[Outcome]) -> str:
    """Count the outcomes: `11 passed, 1 NOT DONE`; what is absent is not named."""
    counts = [(status, sum(outcome.status is status for outcome in outcomes)) for status in Status]
    return ", ".join(f"{count} {status}" for status, count in counts if count) or "nothing was done"
