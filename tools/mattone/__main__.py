"""Where the command begins, as `mattone` and as `python -m mattone`: an answer that is kept, or the work."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    from mattone.replay import replay

    code = replay(sys.argv[1:])
    if code is None:
        from mattone.cli import main as work

        code = work()
    if sys.argv[1:2] == ["validate"]:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process without freeing its memory object by object: of a large library's check that is a quarter."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None: it was closed before we began
            stream.flush()
    except OSError:
        return  # the interpreter says what it has to say about a broken pipe or a full disk
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
