"""Runs `mattone` in a process that kills itself, SIGKILL, after its Nth call of git that leaves something behind.

`python -m tests.releases.killed N WORDS`. What only reads, or writes objects that nothing leads to, does not count:
whether a process dies before or after it makes no difference to anybody else.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from mattone import cli, process

WRITERS = {"commit-tree", "tag", "push", "update-ref", "restore", "fetch"}


def main(at: int, words: list[str]) -> int:
    calls = 0
    run = process.run

    def counted(*arguments: Any, **options: Any) -> process.Result:
        nonlocal calls
        result = run(*arguments, **options)
        calls += bool(WRITERS.intersection(result.command))
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    process.run = counted
    return cli.main(words)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
