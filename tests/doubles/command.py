"""`python -m tests.doubles.command --engine FILE WORDS...`: the mattone command, with the engine's double in that file.

For tests that need the command as a process of its own, as an operator starts it: to be killed, to
meet a full disk, to crash. Everything but the engine is the real thing.

    --wait SECONDS  between two looks at the engine
    --defect        the engine's adapter fails with an error that nobody expected, which quotes the template
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from mattone import cli
from mattone.engines import choose
from mattone.engines.interface import Engine, Submission
from mattone.platform.site import Site
from mattone.reconcile import apply
from tests.doubles.engine import EngineDouble
from tests.doubles.world import World

ROOT = Path(__file__).resolve().parents[2]


def start(world: World, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start a command in a world's clone and leave it running; `more` is for the environment."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        _line(world, words), cwd=world.root, env=_environment(world, more), stdout=pipe, stderr=pipe, text=True
    )


def run(world: World, *words: str, **more: str) -> tuple[int, str]:
    """Run a command to its end: its exit code, and all that it printed."""
    done = subprocess.run(
        _line(world, words), cwd=world.root, env=_environment(world, more), capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def _line(world: World, words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-P", "-m", "tests.doubles.command", "--engine", str(world.folder / "engine.json"), *words]


def _environment(world: World, more: dict[str, str]) -> dict[str, str]:
    paths = {
        "PYTHONPATH": os.pathsep.join((str(ROOT / "tools"), str(ROOT))),
        "MATTONE_CACHE": str(world.folder / "cache"),
        "XDG_STATE_HOME": str(world.folder / "state"),
    }
    return {**os.environ, **paths, **more}


def _fail(self: EngineDouble, submission: Submission) -> NoReturn:
    raise ZeroDivisionError(f"the double's defect, with {submission.template}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--wait", type=float, default=0.0)
    parser.add_argument("--defect", action="store_true")
    parser.add_argument("--engine", type=Path, required=True)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    engine = EngineDouble(options.engine)

    def open_engine(site: Site) -> Engine:
        return engine

    choose.open_engine = open_engine
    apply.POLL = options.wait
    if options.defect:
        EngineDouble.submit = _fail  # type: ignore[method-assign]
    return cli.main(options.words)


if __name__ == "__main__":
    sys.exit(main())
