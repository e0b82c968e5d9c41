"""What the kernel says about processes and ports, read from /proc (proc(5))."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def started(pid: int) -> int:
    """When a live process started, in clock ticks since boot; 0 when there is none, or only its zombie.

    Together with the pid this names one process for ever, where a pid alone is used again.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()  # the name in parentheses may hold spaces
    return 0 if fields[0] in "ZX" else int(fields[19])


def marked(entry: str) -> tuple[int, ...]:
    """Processes of this user whose environment began with the entry `NAME=value`.

    A child inherits it, so this finds what a killed process left behind, whatever it runs by now.
    """
    return tuple(pid for pid in _own() if entry.encode() in _read(pid, "environ").split(b"\0"))


def end(pids: tuple[int, ...], grace: float = 5.0) -> None:
    """End processes: SIGTERM, then SIGKILL for those that are still there after `grace` seconds."""
    alive = {pid: started(pid) for pid in pids}
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        alive = {pid: since for pid, since in alive.items() if since and started(pid) == since}
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while any(started(pid) == since for pid, since in alive.items()) and time.monotonic() < deadline:
            time.sleep(0.05)


def listens(pid: int, port: int) -> bool:
    """Whether this very process holds the listening TCP socket on 127.0.0.1:`port`."""
    wanted = {f"socket:[{inode}]" for inode in _listening(port)}
    try:
        entries = list((_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return False
    return any(_target(entry) in wanted for entry in entries)


def _listening(port: int) -> set[str]:
    address = f"0100007F:{port:04X}"
    lines = (_PROC / "net" / "tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return {row[9] for row in fields if row[1] == address and row[3] == _LISTEN}


def _own() -> list[int]:
    user, found = os.getuid(), []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == user:
                    found.append(int(entry.name))
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
