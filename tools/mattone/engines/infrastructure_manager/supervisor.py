"""One Infrastructure Manager process a workspace: started when asked for, shared by all commands, ended cleanly.

    <workspace>/engine/            mode 0700
      secrets.json  0600           user, password and gate key; made once, they own the stored infrastructures
      im.json       0600           the configuration that `launcher.py` reads
      process.json  0600           pid, its start time, port
      tmp/                         what IM copies to the controller, emptied at each start
      inf.dat                      IM's database: templates with secrets, so everything here is private
      im.log (3 rotated files), out.log (of the last start)
      lock                         held while starting or stopping

Who may talk to it: it listens on 127.0.0.1 only, and the gate in `launcher.py` answers 401 to every
request without the workspace's random key, before IM reads anything of it. Behind the gate IM accepts
any user name and password, but shows an infrastructure only to the pair that made it, which is random
too. The key is only ever sent to a port whose listening socket belongs to the process we started.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mattone import process, redact
from mattone.engines.infrastructure_manager import processes
from mattone.engines.infrastructure_manager.install import Installation
from mattone.errors import HostError, MattoneError, TransientError
from mattone.files import write_atomic

_HERE = Path(__file__).parent
_MARK = "MATTONE_ENGINE"
_READY_WITHIN = 90.0  # seconds; 2 to 7 were measured, on a loaded machine
_HEALTH_LIMIT = 10.0  # seconds for the health call
_ATTEMPTS = 5  # another program may take the port between our choice and IM's bind


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the engine answers and what it wants to see; `instance` is new for each process."""

    port: int
    user: str
    password: str = field(repr=False)
    key: str = field(repr=False)
    pid: int = 0
    instance: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    started: int
    port: int
    instance: str
    made_with: str  # digest of what it was started with: after an upgrade of mattone it is started anew


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class Supervisor:
    """Keeps at most one IM process for the folder `<workspace>/engine`.

    `on_start` is called with each process that this one starts, before anybody else can talk to it.
    """

    def __init__(
        self,
        workspace: Path,
        install: Callable[[], Installation],
        *,
        choose_port: Callable[[], int] = free_port,
        on_start: Callable[[Endpoint], None] = lambda _: None,
    ) -> None:
        self.folder = workspace.resolve() / "engine"
        self._install = install
        self._choose_port = choose_port
        self._on_start = on_start

    def has_run(self) -> bool:
        """Whether there is anything that IM could know: its database exists."""
        return (self.folder / "inf.dat").exists()

    def running(self) -> Endpoint | None:
        """The process that answers now, or None; starts nothing."""
        known = self._known()
        if known is None or known.made_with != _recipe() or processes.started(known.pid) != known.started:
            return None
        if not processes.listens(known.pid, known.port):
            return None
        endpoint = self._endpoint(known)
        return endpoint if _healthy(endpoint) else None

    def ensure(self) -> Endpoint:
        """The running process, started first where there is none; its stored infrastructures are kept.

        Raises HostError when it cannot be started, with the last lines of its log.
        """
        return self.running() or self._start()

    def stop(self) -> None:
        """End the process and all that it started; nothing running is no error."""
        if not self.folder.is_dir():
            return
        with self._locked():
            self._clear()

    def log_tail(self, lines: int = 15) -> str:
        """The last lines that IM wrote about itself, for a person."""
        texts = [path.read_text(errors="replace") for path in (self._log, self._output) if path.is_file()]
        return redact.visible("\n".join("\n".join(texts).splitlines()[-lines:]))

    @property
    def _log(self) -> Path:
        return self.folder / "im.log"

    @property
    def _output(self) -> Path:
        return self.folder / "out.log"

    def _start(self) -> Endpoint:
        installation = self._install()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            found = self.running()  # another command may have started it while we waited for the lock
            if found is not None:
                return found
            self._clear()
            for _ in range(_ATTEMPTS):
                known = self._launch(installation)
                if known is not None:
                    return self._endpoint(known)
        raise HostError("every port that the engine tried was taken by another program", hint="try again")

    def _launch(self, installation: Installation) -> _Process | None:
        """One attempt: the process when it answers, None when its port was taken, HostError for all else."""
        port = self._choose_port()
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)  # playbooks that a killed process left
        (self.folder / "tmp").mkdir(mode=0o700)
        self._write("im.json", _settings(self.folder, port, self._secrets()["key"]))
        command = [str(installation.python), "-u", str(_HERE / "launcher.py"), str(self.folder / "im.json")]
        child = process.detach(command, cwd=self.folder, env=_environment(self.folder), output=self._output)
        known = _Process(child.pid, processes.started(child.pid), port, secrets.token_hex(8), _recipe())
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if child.poll() is not None:
                if _taken(port):
                    return None
                said = redact.one_line(self.log_tail(2), 600) or "it said nothing"
                raise HostError(f"the engine did not start: {said}", hint=f"its log is {self._log}")
            if processes.listens(known.pid, port) and _healthy(self._endpoint(known)):
                self._on_start(self._endpoint(known))
                self._write("process.json", asdict(known))  # from here on other commands find it
                return known
            time.sleep(0.1)
        process.end_group(child)
        raise HostError(f"the engine did not answer within {_READY_WITHIN:.0f} s", hint=f"its log is {self._log}")

    def _clear(self) -> None:
        """End what is left of an earlier process: itself when it hangs, children that keep its port."""
        processes.end(processes.marked(f"{_MARK}={self.folder}"))
        (self.folder / "process.json").unlink(missing_ok=True)

    def _endpoint(self, known: _Process) -> Endpoint:
        return Endpoint(port=known.port, pid=known.pid, instance=known.instance, **self._secrets())

    def _known(self) -> _Process | None:
        try:
            return _Process(**json.loads((self.folder / "process.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _secrets(self) -> dict[str, str]:
        path = self.folder / "secrets.json"
        if not path.is_file():
            made = {"user": f"mattone-{secrets.token_hex(8)}"}
            made |= {name: secrets.token_urlsafe(32) for name in ("password", "key")}
            self._write(path.name, made)
        values: dict[str, str] = json.loads(path.read_text())
        redact.register([values["password"], values["key"]])
        return values

    def _write(self, name: str, value: object) -> None:
        """Write JSON that only the owner can read, whole or not at all."""
        try:
            write_atomic(self.folder / name, json.dumps(value).encode(), 0o600)
        except OSError as error:
            raise HostError(
                f"cannot write {self.folder / name}: {error.strerror or error}", hint="is the disk full?"
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _recipe() -> str:
    """Digest of all that decides how IM runs: its pins, the launcher, our agent, this file."""
    files = [_HERE / name for name in ("requirements.txt", "launcher.py", "supervisor.py")]
    files += sorted(path for path in (_HERE / "contextualization").rglob("*") if path.suffix == ".py")
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _healthy(endpoint: Endpoint) -> bool:
    from mattone.engines.infrastructure_manager.client import Client

    try:
        Client(endpoint, timeout=_HEALTH_LIMIT).infrastructures()
    except TransientError:
        return False
    except MattoneError:
        return False
    return True


def _environment(folder: Path) -> dict[str, str]:
    """What IM sees: nothing of the caller's environment but what finding programs and certificates needs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        _MARK: str(folder),
        "ANSIBLE_HOST_KEY_CHECKING": "False",
    }


def _settings(folder: Path, port: int, key: str) -> dict[str, object]:
    """IM's configuration (its etc/im.cfg says what each does), with what the local machines need."""
    return {
        "key": key,
        "contextualization": {"folder": str(folder / "contextualization"), "overlay": str(_HERE / "contextualization")},
        "config": {
            "REST_ADDRESS": "127.0.0.1",
            "REST_PORT": port,
            "DATA_DB": f"sqlite://{folder / 'inf.dat'}",
            "LOG_FILE": str(folder / "im.log"),
            "LOG_FILE_MAX_SIZE": 2 << 20,
            # A range for documentation: every address counts as public, also those of the local machines.
            "PRIVATE_NET_MASKS": ["192.0.2.0/24"],
            "MAX_SIMULTANEOUS_LAUNCHES": 4,
            "VM_NUM_USE_CTXT_DIST": 10_000,  # above this it would use another agent than ours
            "PLAYBOOK_RETRIES": 1,
            "MAX_CONTEXTUALIZATION_TIME": 3600,
            "WAIT_SSH_ACCCESS_TIMEOUT": 120,
            "WAIT_RUNNING_VM_TIMEOUT": 120,
            # Its polling intervals, in seconds: 10, 5, 20 and 10 by default, which is most of a short configuration.
            "CHECK_CTXT_PROCESS_INTERVAL": 0.3,
            "CONFMAMAGER_CHECK_STATE_INTERVAL": 0.3,
            "UPDATE_CTXT_LOG_INTERVAL": 2,
            "VM_INFO_UPDATE_FREQUENCY": 1,
        },
    }
