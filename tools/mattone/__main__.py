"""Where the command begins, as `mattone` and as `python -m mattone`: an answer that is kept, or the work."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    from mattone.replay import replay

    code = replay(sys.argv[1:])
    if code is not None:
        return code
    from mattone.cli import main as work

    return work()


if __name__ == "__main__":
    sys.exit(main())
