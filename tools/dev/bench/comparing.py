"""Measure comparing two large type libraries beside reading them: `python -m dev.bench.comparing [TYPES]`.

CPU seconds inside of one process, the least of several runs. Nothing is cached between the runs.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from dev.bench.synthetic import library
from mattone.compat.changes import Comparison
from mattone.compat.compare import compare_sides
from mattone.compat.library import Files, Side
from mattone.tosca.garbage import without_collector

TYPES = 3000
RUNS = 5
_OLD, _NEW = "in_range: [1, 65535]", "in_range: [1024, 65535]"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: how many changes there are, seconds to read both sides, and seconds to compare them."""

    name: str
    changes: int
    reading: float
    comparing: float

    def line(self) -> str:
        ratio = self.comparing / self.reading
        return (
            f"{self.name:<28} {self.changes:>5} changes   reading both {self.reading:6.3f} s   "
            f"comparing {self.comparing:6.3f} s   {ratio:5.2f} of it"
        )


def edited(text: str, every: int) -> str:
    """The library with the constraint of every so-manieth type tightened; 0: of none."""
    first, *parts = text.split(_OLD)
    news = (_NEW if every and number % every == 0 else _OLD for number in range(len(parts)))
    return first + "".join(between + part for between, part in zip(news, parts, strict=True))


def measure(name: str, old: str, new: str, runs: int = RUNS) -> Figure:
    """Read and compare two libraries some times, and keep the least of each."""
    reading, comparing, found = [], [], Comparison(())
    for _ in range(runs):
        with without_collector():
            started = time.process_time()
            before, after = _read(old), _read(new)
            between = time.process_time()
            found = compare_sides(before, after)
            reading.append(between - started)
            comparing.append(time.process_time() - between)
    return Figure(name, len(found.changes), min(reading), min(comparing))


def _read(text: str) -> Side:
    data = text.encode()
    side = Side(
        Files(lambda _base, reference: ("types.yaml", data) if reference == "types.yaml" else None, {"": "types.yaml"})
    )
    assert side.types  # noqa: S101 # they are read when they are asked for
    return side


def figures(types: int = TYPES, runs: int = RUNS) -> list[Figure]:
    """The three cases: nothing changed, one type in fifty, every type."""
    text = library(types)
    cases = (("nothing changed", 0), ("one type in fifty changed", 50), ("every type changed", 1))
    return [measure(name, text, edited(text, every), runs) for name, every in cases]


def main(words: list[str]) -> int:
    types = int(words[0]) if words and words[0].isdecimal() else TYPES
    print(f"{types:,} node types on each side")
    for figure in figures(types):
        print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
