"""Moving several refs at once if none was moved by somebody else, and trying again when one was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from mattone.errors import TransientError
from mattone.git import RefChange, RefMoved, Repository

PATIENCE = 30.0  # seconds in which an attempt has to succeed
LONGEST_PAUSE = 0.25  # seconds between two attempts

_Outcome = TypeVar("_Outcome")


def move_refs(repository: Repository, changes: Sequence[RefChange]) -> None:
    """Do all changes, in their order, or none. Raises RefMoved."""
    repository.move_refs(changes)


def retried(attempt: Callable[[], _Outcome]) -> _Outcome:
    """The outcome of the first attempt that no RefMoved ends. Raises TransientError after `PATIENCE`.

    Each attempt must read the refs anew. One that fails means that another process succeeded,
    or that a killed git left a lock file, which the message then names.
    """
    started, pause = time.monotonic(), 0.005
    while True:
        try:
            return attempt()
        except RefMoved as error:
            waited = time.monotonic() - started
            if waited > PATIENCE:
                raise TransientError(
                    f"the forge could not be written within {waited:.0f} s: {error.message}",
                    hint="try again; a lock file that stays while no git runs there is a killed one's: remove it",
                ) from None
        time.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
        pause = min(LONGEST_PAUSE, 2 * pause)
