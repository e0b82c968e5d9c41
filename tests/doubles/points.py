"""Instants of an apply at which its process can be killed, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mattone.reconcile.journal import Journal, Operation, State
from mattone.records.model import Record
from mattone.records.store import RecordStore
from tests.doubles.engine import KILL_AFTER
from tests.doubles.world import World, die

# Between two of these nothing durable happens: "before the next" is the same instant as "after this".
POINTS = (
    "before planned", "after planned", "after started", "after the engine acted", "after sent", "while waiting",
    "after ended", "after the push", "after recorded",
)  # fmt: skip
_ENDED = {State.SUCCEEDED, State.FAILED}


def arm(world: World, point: str, call: str) -> None:
    """From now on this process is killed at the point; `call` is what the engine is asked for."""
    _, _, what = point.partition(" ")
    if what == "the engine acted":
        world.engine.fault(call, KILL_AFTER)
    elif what == "waiting":
        world.engine.fault("observe", KILL_AFTER)
    else:
        arm_records(point)


def arm_records(point: str) -> None:
    """The same for points at the journal or the records, whatever the engine is."""
    when, _, what = point.partition(" ")
    if what == "the push":
        _after_push()
    else:
        _journal(when, _ENDED if what == "ended" else {State(what)})


def _journal(when: str, states: set[State]) -> None:
    write = Journal.write

    def dying(self: Journal, operation: str, deployment: str, state: State, **details: Any) -> Operation:
        if when == "before" and state in states:
            die()
        written = write(self, operation, deployment, state, **details)
        if when == "after" and state in states:
            die()
        return written

    Journal.write = dying  # type: ignore[method-assign]


def _after_push() -> None:
    push = RecordStore._push

    def dying(self: RecordStore, records: Sequence[Record]) -> bool:
        pushed = push(self, records)
        die()
        return pushed

    RecordStore._push = dying  # type: ignore[method-assign]
