"""Measure all of it: `python -m dev.bench [RUNS]`."""

from __future__ import annotations

import sys

from dev.bench.waiting import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
