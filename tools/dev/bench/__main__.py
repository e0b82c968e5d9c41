"""Measure all of it: `python -m dev.bench [RUNS]`."""

from __future__ import annotations

import sys

from dev.bench import applying, checking, comparing, releases, tracing, waiting

_RECORDS = "10000"  # making 100,000 takes minutes: `python -m dev.bench.tracing` does

if __name__ == "__main__":
    code = waiting.main(sys.argv[1:])
    rounds = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else checking.ROUNDS
    others = (releases.main([]), comparing.main([]), tracing.main([_RECORDS]), applying.main([]))
    sys.exit(max(code, checking.main(rounds), *others))
