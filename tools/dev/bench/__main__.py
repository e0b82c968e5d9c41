"""Measure all of it: `python -m dev.bench [RUNS]`."""

from __future__ import annotations

import sys

from dev.bench import applying, checking, releases, waiting

if __name__ == "__main__":
    code = waiting.main(sys.argv[1:])
    rounds = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else checking.ROUNDS
    sys.exit(max(code, checking.main(rounds), releases.main([]), applying.main([])))
