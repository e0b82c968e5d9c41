"""Files of the adapter beside IM's own: locks, logs of earlier configurations, playbooks on their way.

<workspace>/engine/
  locks/<remote id>            held while a command works on that deployment
  logs/<remote id>/NNNN.log    what IM printed in earlier operations, the last few
  playbooks/                   exist only while IM reads them
  identity                     an id of this engine, so that records tell it from that of another workspace
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mattone import redact
from mattone.errors import HostError, LockHeld, RemoteError
from mattone.files import write_atomic

_REMOTE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KEPT_LOGS = 5
_LONGEST_LOG = 2 << 20  # characters, the end of it


@dataclass(frozen=True, slots=True)
class Folder:
    """`<workspace>/engine`; every name in it is made from a remote id that was checked."""

    path: Path

    @contextlib.contextmanager
    def working(self, remote: str) -> Iterator[None]:
        """Hold the deployment's lock, by which others see that somebody is at it. Raises LockHeld."""
        with self._lock(remote) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockHeld(f"another command is working on {remote}", hint="wait until it has ended") from None
            yield

    def identity(self) -> str:
        """An id of this workspace's engine, made at the first call and kept."""
        file = self.path / "identity"
        if not file.exists():
            write_atomic(file, f"{uuid.uuid4()}\n".encode(), 0o600)
        return file.read_text(encoding="utf-8").strip()

    def is_working(self, remote: str) -> bool:
        """Whether somebody holds the lock. The kernel frees it when its holder is killed."""
        with self._lock(remote) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def keep_log(self, remote: str, text: str) -> None:
        """Keep what an operation printed, secrets masked; the oldest beyond five go."""
        if not text.strip():
            return
        folder = self._made(Path("logs") / _checked(remote))
        kept = sorted(folder.glob("*.log"))
        number = int(kept[-1].stem) + 1 if kept else 1
        _write(folder / f"{number:04}.log", redact.clean(text[-_LONGEST_LOG:]))
        for path in kept[: max(0, len(kept) + 1 - _KEPT_LOGS)]:
            path.unlink(missing_ok=True)

    def logs(self, remote: str) -> tuple[str, ...]:
        """What earlier operations printed, the newest last."""
        folder = self.path / "logs" / _checked(remote)
        return tuple(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))

    @contextlib.contextmanager
    def playbooks(self, remote: str, texts: Mapping[str, str]) -> Iterator[dict[str, Path]]:
        """Node name to a private file with its playbook; the files are gone when the block ends."""
        folder = self._made(Path("playbooks"))
        paths = {node: folder / f"{_checked(remote)}-{number}.yaml" for number, node in enumerate(texts)}
        try:
            for node, path in paths.items():
                _write(path, texts[node])
            yield paths
        finally:
            for path in paths.values():
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self, remote: str) -> Iterator[int]:
        path = self._made(Path("locks")) / _checked(remote)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _made(self, relative: Path) -> Path:
        folder = self.path / relative
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HostError(f"cannot make {folder}: {error.strerror or error}", hint="is the disk full?") from error
        return folder


def _checked(remote: str) -> str:
    if not _REMOTE.fullmatch(remote):
        raise RemoteError(f"{redact.one_line(repr(remote), 80)} is no id of this engine")
    return remote


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror or error}", hint="is the disk full?") from error
