"""Coverage-guided fuzzing of what reads strangers' bytes: `python -m dev.fuzz`, FUZZ_SECONDS (600) for each target.

Both targets run side by side, one process each. It begins with the examples of all rules and the templates of
this repository; what it learned is kept in `.cache/fuzzed` for the next time. Exit code 1 when an input was
found that crashes, takes longer than a second, or more memory than a gigabyte; the input is kept and named.
"""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dev.apart import python_of
from dev.report import ROOT
from mattone import process
from mattone.checks.registry import example, rules

TARGETS = ("load", "check")
LIMITS = ("-timeout=1", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1")
_LARGEST = 20_000  # bytes of a seed: those that try the limits of size only slow the rest down


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What became of one target: inputs tried, edges of code reached, and the input that failed, if any did."""

    target: str
    inputs: int
    edges: int
    failed: str
    tail: str = ""

    def line(self) -> str:
        ending = f"FAILED with {self.failed}\n{self.tail}" if self.failed else "nothing found"
        return f"{self.target:<6} {self.inputs:>10,} inputs  {self.edges:>6,} edges  {ending}"


def seeds(folder: Path) -> None:
    """Put the beginning into a folder, each under a name of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in rules():
        for kind, files in (("bad", one.bad), ("good", one.good)):
            for number, text in enumerate(files.values()):
                data = example(text)
                if len(data) < _LARGEST:
                    (folder / f"{one.id}-{kind}-{number}").write_bytes(data)
    for file in (*ROOT.glob("catalog/*/template.yaml"), *ROOT.glob("tosca-types/*.yaml")):
        (folder / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())


def outcome(target: str, code: int, text: str) -> Fuzzed:
    """Read what libFuzzer printed."""
    tried = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text) or re.findall(r"^#(\d+)", text, re.MULTILINE)
    edges = re.findall(r"\bcov: (\d+)", text)
    kept = re.search(r"Test unit written to (\S+)", text)
    failed = kept[1] if kept else f"exit code {code}" if code else ""
    tail = "\n".join(line for line in text.splitlines()[-25:] if line) if failed else ""
    return Fuzzed(target, int(tried[-1]) if tried else 0, int(edges[-1]) if edges else 0, failed, tail)


def fuzz(target: str, python: str, seconds: int) -> Fuzzed:
    """Run one target for so many seconds, or until it fails."""
    learned = ROOT / ".cache" / "fuzzed" / target
    seeds(learned)
    failures = ROOT / "reports" / "fuzz"
    failures.mkdir(parents=True, exist_ok=True)
    done = process.run(
        [
            *(python, "-m", "tests.fuzz.target", target, str(learned), *LIMITS),
            *(f"-max_total_time={seconds}", f"-artifact_prefix={failures}/{target}-"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        timeout=seconds + 120,
        accept=range(-64, 256),
    )
    return outcome(target, done.code, done.output + done.errors)


def main() -> int:
    seconds = int(os.environ.get("FUZZ_SECONDS") or 600)
    python = python_of("fuzz")
    with ThreadPoolExecutor(len(TARGETS)) as pool:
        found = list(pool.map(lambda target: fuzz(target, python, seconds), TARGETS))
    for one in found:
        print(one.line())
    if any(one.failed for one in found):
        print("again with one input: PYTHONPATH=tools .cache/fuzz/bin/python -m tests.fuzz.target TARGET FILE")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
