"""The lease: one apply an environment at a time, whichever clone and host it runs in.

No two clocks are ever compared. A holder promises to begin nothing later than its term after its last renewal, by its
own clock. Somebody who waits takes the lease over when it was not renewed for longer than that by *their* own clock.
Both sides keep a margin: for clocks that run unequally, and for the request that was just sent. The clock is the one
that goes on while a machine sleeps and that nobody sets.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mattone import redact
from mattone.errors import InputError, LockHeld, MattoneError
from mattone.files import write_atomic
from mattone.git import RefMoved
from mattone.reconcile.claims import Claim, Place

TERM = 120.0  # seconds
MARGIN = 0.25  # of the term: the holder stops so much earlier, who waits takes over so much later
RENEWALS = 6  # in a term

_ATTEMPTS = 8  # at taking it, when others move it at the same moment
_LOOK = 1.0  # seconds between two looks of one who waits


def clock() -> float:
    """Seconds since this machine started, those asleep included (clock_gettime(2), CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """A lease that is held, and renewed by a thread until it is released."""

    def __init__(self, place: Place, claim: Claim, sent: float) -> None:
        self._place = place
        self._claim = claim
        self._sent = sent  # when the newest renewal that arrived was sent
        self._lost = ""
        self._abandoned = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    @property
    def operation(self) -> str:
        return self._claim.operation

    def permit(self) -> None:
        """Must be asked before anything is begun. Raises LockHeld when the lease may not be ours any more."""
        what = f"the lease of {self._place.environment!r}"
        hint = "nothing more was begun; run `mattone apply` again"
        if self._lost:
            raise LockHeld(f"{what} was taken by {self._lost}", hint=hint)
        if clock() > self._sent + (1 - MARGIN) * self._claim.term:
            raise LockHeld(f"{what} could not be renewed: the forge does not answer", hint=hint)

    def abandon(self) -> None:
        """Leave it to its end: something that was begun under it may still be under way."""
        self._abandoned = True

    def release(self) -> None:
        """Stop renewing it and give it back; where that fails, it ends by itself."""
        self._ended.set()
        self._thread.join(timeout=30)
        if not self._abandoned and not self._lost:
            with contextlib.suppress(MattoneError):
                self._place.clear(self._claim)

    def _keep(self) -> None:
        while not self._lost and not self._ended.wait(self._claim.term / RENEWALS):
            with contextlib.suppress(MattoneError, OSError):  # the next time, or `permit` says no
                self._renew()

    def _renew(self) -> None:
        sent = clock()
        try:
            self._claim = self._place.swap(self._claim.renewed(), self._claim)
            self._sent = sent
        except RefMoved:
            found = self._place.read()
            if found is not None and found.operation == self.operation:
                self._claim = found  # an earlier renewal arrived, and its answer was lost
            else:
                self._lost = f"{found.owner}, operation {found.operation}" if found else "somebody who released it"


@dataclass(frozen=True, slots=True)
class Taking:
    """How a lease is taken.

    folder  where is noted what was seen of somebody else's lease
    file    the workspace's lock file, whose lock this process holds
    breaks  operation whose lease is taken away without waiting
    wait    seconds to wait for somebody else's
    """

    place: Place
    folder: Path
    file: TextIO
    breaks: str = ""
    wait: float = 0.0

    @contextlib.contextmanager
    def held(self) -> Iterator[Lease]:
        """Hold the lease. Raises LockHeld when somebody has it, InputError when `breaks` is not who has it."""
        lease = self._taken()
        try:
            yield lease
        finally:
            lease.release()

    def _taken(self) -> Lease:
        before = self._noted()
        claim = Claim.made(owner(), uuid.uuid4().hex, TERM)
        self._note({claim.operation, *before})
        end, found = clock() + self.wait, None
        for _ in range(_ATTEMPTS):
            sent = clock()
            try:
                lease = Lease(self.place, self.place.swap(claim, found), sent)
            except RefMoved:
                found = self._free(before, end)
            else:
                self._note({claim.operation})
                return lease
        raise LockHeld(f"the lease of {self.place.environment!r} moved at every attempt to take it", hint="try again")

    def _free(self, before: Set[str], end: float) -> Claim | None:
        """Wait until the lease may be taken: what is to be taken over, or None. Raises LockHeld at the end."""
        while (found := self.place.read()) is not None and not self._may_take(found, before):
            if clock() >= end:
                raise _held(self.place.environment, found)
            time.sleep(_LOOK)
        return found

    def _may_take(self, found: Claim, before: Set[str]) -> bool:
        if found.operation in before:
            return True  # by this workspace, whose lock we hold: that process is dead
        if self.breaks and found.operation != self.breaks:
            raise InputError(
                f"the lease is held by operation {found.operation}, not by {redact.one_line(self.breaks, 60)}",
                hint="make sure that it is dead before you break its lease",
            )
        return bool(self.breaks) or self._unchanged_for(found) > (1 + MARGIN) * found.term

    def _unchanged_for(self, found: Claim) -> float:
        """Seconds since this workspace first saw the claim; noted, so that the next run knows of it."""
        path = self.folder / f"{self.place.environment}.seen"
        seen = {"commit": found.commit, "boot": _boot()}
        try:
            noted = json.loads(path.read_bytes())
            since = float(noted.pop("at"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            noted, since = {}, 0.0
        if noted == seen:
            return clock() - since
        write_atomic(path, json.dumps({**seen, "at": clock()}).encode())
        return 0.0

    # The lock file names the operations that its owner may hold the lease for. A copy of the
    # workspace has another file, and believes nothing of it.

    def _noted(self) -> frozenset[str]:
        """The operations of those who held this workspace's lock before us."""
        self.file.seek(0)
        operations, _, identity = self.file.read(1000).strip().partition(" ")
        return frozenset(operations.split(",")) if identity == self._identity() else frozenset()

    def _note(self, operations: Set[str]) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.file.write(f"{','.join(sorted(operations)[:8])} {self._identity()}\n")
        self.file.flush()

    def _identity(self) -> str:
        status = os.fstat(self.file.fileno())
        return f"{socket.gethostname()}:{status.st_dev}:{status.st_ino}"


def owner() -> str:
    """Who takes a lease: user and host, on one line."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return redact.one_line(f"{user}@{socket.gethostname()}", 100)


def _held(environment: str, found: Claim) -> LockHeld:
    return LockHeld(
        f"{found.owner} is applying {environment!r} since {found.started} (operation {found.operation}); "
        f"the lease lasts until {found.expires} unless it is renewed",
        hint="wait for it (`mattone apply --wait SECONDS`); "
        f"if that process is surely dead: `mattone apply --break-lease {found.operation}`",
    )


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
