"""The journal: what was about to be done at the engine, on disk before it is done.

One file an environment, one JSON line an event, each with a checksum and flushed to disk before
the remote call it announces. A kill can tear the last line only; a torn last line is an event
that was never acted upon, and is dropped. Damage anywhere else is an error.

The states of an operation:

    planned ──> started ──> sent ──> succeeded | failed ──> recorded
                    └──────────────> unknown

`started` is written before the engine is called, `sent` when it has answered with its id. An
operation that is not `recorded` is open: the next run finds out what became of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from mattone import digests, redact
from mattone.errors import InputError, Place
from mattone.files import sync_folder


class State(StrEnum):
    PLANNED = "planned"
    STARTED = "started"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as its events say: later events add to earlier ones.

    details  what later steps need: action, remote_id, desired digest, commit, times, reason, ...
    """

    id: str
    deployment: str
    state: State
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state is not State.RECORDED


class Journal:
    """The journal of one environment, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._operations: dict[str, Operation] = {}
        self._lock = threading.Lock()  # several threads may write
        self._torn = 0  # bytes of a torn last line, which the next event takes the place of
        self._read()

    def open_operations(self) -> dict[str, Operation]:
        """Deployment id to its newest operation that is still open."""
        with self._lock:
            return {operation.deployment: operation for operation in self._operations.values() if operation.open}

    def events(self, operation: str) -> tuple[tuple[State, Mapping[str, Any]], ...]:
        """What was written of an operation, oldest first: each state with its own details."""
        whole, _, _ = self._path.read_bytes().rpartition(b"\n")
        read = (self._event(number, line) for number, line in enumerate(whole.splitlines(), start=1))
        return tuple((State(event["state"]), event["details"]) for event in read if event["operation"] == operation)

    def write(self, operation: str, deployment: str, state: State, **details: Any) -> Operation:
        """Add an event; on return it is on disk. Raises OSError when it cannot be written."""
        plain = redact.clean_value(digests.plain(details))  # a reason is outside text, and may quote a secret
        event = {"operation": operation, "deployment": deployment, "state": state.value, "details": plain}
        line = _bytes({**event, "sum": _checksum(event)}) + b"\n"
        with self._lock:
            self._append(line)
            return self._take(event)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self._path.exists()
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if self._torn:
                os.ftruncate(handle, os.fstat(handle).st_size - self._torn)
                self._torn = 0
            _write_all(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            sync_folder(self._path.parent)

    def _take(self, event: Mapping[str, Any]) -> Operation:
        before = self._operations.get(event["operation"])
        details = {**(before.details if before else {}), **event["details"]}
        operation = Operation(event["operation"], event["deployment"], State(event["state"]), details)
        self._operations[operation.id] = operation
        return operation

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole, _, torn = data.rpartition(b"\n")
        # Not cut off here: who only looks, may see a line that another process is about to finish.
        self._torn = len(torn)
        for number, line in enumerate(whole.splitlines(), start=1):
            self._take(self._event(number, line))

    def _event(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            event: dict[str, Any] = json.loads(line)
            checksum = event.pop("sum")
            State(event["state"])
        except (ValueError, KeyError, TypeError, AttributeError):
            checksum, event = None, {}
        if checksum is None or checksum != _checksum(event):
            raise InputError(
                "this line of the journal is damaged",
                place=Place(str(self._path), number),
                hint="restore the file from a backup; without it nobody knows which operations were under way",
            )
        return event


def _bytes(event: Mapping[str, Any]) -> bytes:
    """JSON on one line; a lone surrogate as its escape."""
    return json.dumps(event, sort_keys=True, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _checksum(event: Mapping[str, Any]) -> str:
    return hashlib.sha256(_bytes(event)).hexdigest()[:16]


def _write_all(handle: int, data: bytes) -> None:
    """Write all bytes, or take back what was written: a full disk must not leave half a line."""
    start = os.fstat(handle).st_size
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    except OSError:
        os.ftruncate(handle, start)
        raise
