"""Running a check again whenever a file below a folder changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from mattone import terminal
from mattone.errors import MattoneError

_SETTLED = 150  # milliseconds without a change: an editor or a `git checkout` writes many files at once
_OWN = (".mattone", ".cache", "reports")


def run_again(root: Path, check: Callable[[], int]) -> NoReturn:
    """Check now, and after each change below `root`, until an interrupt.

    What is wrong with a half-written repository is shown and waited out. Raises KeyboardInterrupt.
    """
    import watchfiles

    filtered = watchfiles.DefaultFilter(ignore_dirs=(*watchfiles.DefaultFilter.ignore_dirs, *_OWN))
    changes = watchfiles.watch(
        root,
        watch_filter=filtered,
        debounce=10 * _SETTLED,
        step=_SETTLED,
        rust_timeout=_SETTLED,
        yield_on_timeout=True,
    )
    next(changes)  # watching has begun: nothing that changes during the first check is missed
    _check(check)
    for changed in changes:
        if changed:
            terminal.clear()
            _check(check)
    raise KeyboardInterrupt


def _check(check: Callable[[], int]) -> None:
    begun = time.monotonic()
    try:
        check()
    except (MattoneError, OSError) as error:
        terminal.complain(error if isinstance(error, MattoneError) else MattoneError(str(error)))
    terminal.note(f"checked in {time.monotonic() - begun:.1f} s; waiting for a change (Ctrl-C ends)")
