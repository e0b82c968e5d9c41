"""Where the files of one workspace of machines lie, and the locks that guard them.

<workspace>/
  storage/            podman's images and containers, apart from the user's own
  networks/           podman's network definitions
  containers.conf     podman's settings, passed by CONTAINERS_CONF
  network             the machines' private network, in CIDR form
  ssh/                id_ed25519, id_ed25519.pub, known_hosts
  machines/<name>/    machine.json; seed/ (bound into the machine), volumes/<volume>.img
  locks/              one file a lock
/run/mattone/<id>/    podman's run-time state, which must not outlive a reboot
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mattone.errors import HostError, TransientError

LOCK_PATIENCE = 900.0  # seconds; building an image on a slow host takes minutes
RUNTIME = Path("/run/mattone")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one workspace; `identity` is 8 hex digits that name its networks and cgroups."""

    workspace: Path

    @property
    def identity(self) -> str:
        return hashlib.sha256(os.fsencode(self.workspace)).hexdigest()[:8]

    @property
    def storage(self) -> Path:
        return self.workspace / "storage"

    @property
    def networks(self) -> Path:
        return self.workspace / "networks"

    @property
    def containers_conf(self) -> Path:
        return self.workspace / "containers.conf"

    @property
    def ssh(self) -> Path:
        return self.workspace / "ssh"

    @property
    def machines(self) -> Path:
        return self.workspace / "machines"

    @property
    def subnet(self) -> Path:
        return self.workspace / "network"

    def contents(self) -> tuple[Path, ...]:
        """All that this platform puts into the workspace's folder, in the order in which it is to be removed."""
        return (
            *(self.machines, self.storage, self.networks, self.ssh),
            *(self.containers_conf, self.subnet, self.workspace / "locks"),
        )

    @property
    def runtime(self) -> Path:
        return RUNTIME / self.identity

    def machine(self, name: str) -> Path:
        return self.machines / name

    def seed(self, name: str) -> Path:
        """The folder that the machine sees as /.machine."""
        return self.machines / name / "seed"

    def volumes(self, name: str) -> Path:
        """The folder with the disk files of a machine's volumes."""
        return self.machines / name / "volumes"

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold one of the workspace's locks: a machine's name, or one that begins with a dot."""
        with file_lock(self._presence, shared=True), file_lock(self.workspace / "locks" / f"{name}.lock"):
            yield

    def sole(self) -> contextlib.AbstractContextManager[None]:
        """Wait until nobody holds any lock of the workspace, and keep all out; for removing the workspace."""
        return file_lock(self._presence)

    @property
    def _presence(self) -> Path:
        return RUNTIME / f"{self.identity}.lock"  # outside the workspace: it is held while that is removed


@contextlib.contextmanager
def file_lock(path: Path, patience: float = LOCK_PATIENCE, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock on a file while the block runs, alone or shared; the kernel frees it when the process dies.

    Raises TransientError when somebody else keeps it longer than `patience` seconds, HostError
    when the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}", hint="the folder must be writable") from error
    try:
        _wait_for(handle, path, patience, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path, patience: float, mode: int) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TransientError(
                    f"{path} was locked for more than {patience:.0f} s", hint="another mattone works on it; try again"
                ) from None
            time.sleep(0.05)


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file by rename, so that a reader or a crash sees the old text or the new, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise HostError(f"cannot write {path}: {error.strerror}", hint="the disk may be full") from error
