"""Moving several refs at once if none was moved by somebody else, and trying again when one was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mattone import process, redact
from mattone.errors import TransientError
from mattone.git import ZERO, RefMoved, Repository

PATIENCE = 30.0  # seconds in which an attempt has to succeed
LONGEST_PAUSE = 0.25  # seconds between two attempts

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class RefChange:
    """One ref of a transaction: `new` None checks it only, `ZERO` deletes it; `old` `ZERO`: must not exist."""

    ref: str
    new: str | None
    old: str


def move_refs(repository: Repository, changes: Sequence[RefChange]) -> None:
    """Do all changes, in their order, or none. Raises RefMoved.

    git locks every ref and compares its old value before it writes the first. Only a git that
    is itself killed while writing leaves some changes done: those at the front.
    """
    commands = "".join(_command(change) for change in changes)
    result = repository.run("update-ref", "--stdin", "-z", stdin=commands, accept=(0, 1, 128))
    if result.code == 0:
        return
    if "cannot lock ref" in result.errors or "packed-refs.lock" in result.errors:
        raise RefMoved(redact.one_line(result.errors.strip().splitlines()[0], 600))
    raise process.CommandFailed(result)


def _command(change: RefChange) -> str:
    if change.new is None:
        return f"verify {change.ref}\0{change.old}\0"
    if change.new == ZERO:
        return f"delete {change.ref}\0{change.old}\0"
    return f"update {change.ref}\0{change.new}\0{change.old}\0"


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
