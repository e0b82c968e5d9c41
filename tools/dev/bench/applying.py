"""Applying many creations beside the ideal schedule: `python -m dev.bench.applying [COUNT]`.

The engine is a double whose creations take a fixed time; journal, records, forge, lease and bundles are real. The ideal
is what the engine alone takes when so many creations are under way at every moment: rounds of them, one after another.
"""

from __future__ import annotations

import contextlib
import io
import math
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from mattone.errors import MattoneError

COUNT = 200
PARALLEL = 20
SECONDS = 5.0  # that a creation takes at the engine
LIMIT = 1.15  # times the ideal


def main(words: list[str]) -> int:
    """Print both times and their ratio, and fail when it is over the limit."""
    from tests.doubles.timed import TimedEngine

    count = int(words[0]) if words and words[0].isdecimal() else COUNT
    engine = TimedEngine(SECONDS)
    with tempfile.TemporaryDirectory(prefix="mattone-bench-") as folder:
        root = _platform(Path(folder), count)
        cpu, begun = time.process_time(), time.monotonic()
        code = _apply(root, engine)
        wall, cpu = time.monotonic() - begun, time.process_time() - cpu
    ideal = math.ceil(count / PARALLEL) * SECONDS
    first = min(engine.submitted, default=begun) - begun
    print(f"{count} creations of {SECONDS:.0f} s, {PARALLEL} at once: ideal {ideal:.1f} s")
    print(f"mattone apply, from the first submission to the end {wall - first:6.1f} s  CPU {cpu:.1f} s")
    print(f"before it: checking, planning, taking the lease     {first:6.1f} s")
    ratio = (wall - first) / ideal
    print(f"ratio: {ratio:.2f}, at most {LIMIT}")
    return int(code != 0 or len(engine.submitted) != count or ratio > LIMIT)


def _apply(root: Path, engine: object) -> int:
    """`mattone apply` with this engine; its exit code."""
    from mattone.commands import apply

    quiet = contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO())
    with patch("mattone.engines.choose.open_engine", lambda _site: engine), quiet[0], quiet[1]:
        try:
            return apply.run((), None, False, (), PARALLEL, 0.0, "", False, root, "json")
        except MattoneError as error:
            return error.exit_code


def _platform(folder: Path, count: int) -> Path:
    """A clone of a small platform that wishes for so many deployments, merged and locked."""
    from tests.doubles.world import World

    world = World.create(folder / "world")
    world.unwish()
    world.wish_many([f"school/page-{number}" for number in range(count)])
    return world.root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
