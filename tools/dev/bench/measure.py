"""CPU time and peak memory of whole commands, taken in turns so that the host's other load meets all alike."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mattone import process
from mattone.errors import TransientError

_LAUNCH = Path(__file__).with_name("launch.py")
_MARKS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")  # they would make one of the rivals slower than users see it


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: exit code, CPU seconds (user and system), peak memory in MB."""

    code: int
    seconds: float
    memory: float


@dataclass(slots=True)
class Runs:
    """All counted runs of a command; `late` when one did not end in time."""

    done: list[Run] = field(default_factory=list)
    late: bool = False

    @property
    def least(self) -> float:
        return min(one.seconds for one in self.done)

    @property
    def memory(self) -> float:
        return max(one.memory for one in self.done)


def once(command: Sequence[str], cache: Path, limit: float) -> Run:
    """Run a command with this folder as mattone's cache. Raises TransientError after `limit` seconds."""
    env = {key: value for key, value in os.environ.items() if key not in _MARKS}
    env["MATTONE_CACHE"] = str(cache)
    words = process.run([sys.executable, "-I", "-S", str(_LAUNCH), *command], env=env, timeout=limit).output.split()
    return Run(int(words[0]), float(words[1]), int(words[2]) / 1024)


def in_turns(commands: Mapping[str, Sequence[str]], caches: Path, rounds: int, limit: float) -> dict[str, Runs]:
    """Every command once in each round, after one that is not counted; what is late once is left out of the rest.

    Those whose name ends in `cold` find an empty cache each time, the others the one that they filled before.
    """
    found = {name: Runs() for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            if found[name].late:
                continue
            cache = caches / (f"{name}-{number}" if name.endswith("cold") else name)
            try:
                run = once(command, cache, limit)
            except TransientError:
                found[name].late = True
                continue
            if number:
                found[name].done.append(run)
    return found


def ratio(slow: Runs, fast: Runs) -> str:
    """How many times less CPU time the second took: the median of the pairs, and the least and the most."""
    pairs = sorted(a.seconds / b.seconds for a, b in zip(slow.done, fast.done, strict=False))
    if not pairs:
        return "-"
    return f"{statistics.median(pairs):.1f} ({pairs[0]:.1f} to {pairs[-1]:.1f})"
