"""The one door for subprocesses: argument lists, time limits, clean endings, our errors.

No shell is ever involved. A child runs in a session of its own, so that an interrupt ends it
with everything it started: first SIGTERM, then, after a grace time, SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mattone import redact
from mattone.errors import HostError, MattoneError, TransientError

if TYPE_CHECKING:
    from concurrent.futures import Future

GRACE = 5.0  # seconds between SIGTERM and SIGKILL

_STEP = 0.2  # seconds between two looks for an interrupt

S = TypeVar("S")
T = TypeVar("T")

_running: set[subprocess.Popen[bytes]] = set()
_interrupted = threading.Event()


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished command left behind."""

    command: tuple[str, ...]
    code: int
    output: str
    errors: str


class CommandFailed(MattoneError):
    """A command ended with a code that its caller did not expect; `result` has its output."""

    def __init__(self, result: Result, *, hint: str = "") -> None:
        tail = (result.errors.strip() or result.output.strip()).splitlines()[-6:]
        shown = redact.one_line(" | ".join(tail), 600) or "it said nothing"
        super().__init__(f"`{describe(result.command)}` failed with code {result.code}: {shown}", hint=hint)
        self.result = result


def describe(command: Sequence[str]) -> str:
    """A command as a short line for people: program, first arguments, no secrets."""
    return redact.one_line(" ".join(command), 120)


def find(program: str) -> str | None:
    """The absolute path of a program on PATH or in the system folders, or None."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


def require(program: str, *, hint: str) -> str:
    """The absolute path of a program; HostError with the hint when it is not there."""
    path = find(program)
    if path is None:
        raise HostError(f"the program {program!r} is not installed", hint=hint)
    return path


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes | None = None,
    timeout: float = 600.0,
    accept: Container[int] = (0,),
    on_line: Callable[[str], None] | None = None,
) -> Result:
    """Run one command to its end and return what it printed.

    `env` replaces the whole environment when given. `accept` lists the exit codes that are no
    failure. `on_line` sees each line of output (standard error included) while the command
    runs; the result then has it all in `output`.

    Raises CommandFailed, HostError (no such program), TransientError (time limit in seconds).
    """
    data = stdin.encode() if isinstance(stdin, str) else stdin
    child = _start(command, cwd, env, with_input=data is not None, merged=on_line is not None)
    _running.add(child)
    try:
        _go_on()
        if on_line is not None:
            output, errors = _follow(child, data, timeout, on_line), ""
        else:
            out, err = child.communicate(data, timeout=timeout)
            output, errors = out.decode(errors="replace"), err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        end_group(child)
        raise TransientError(
            f"`{describe(command)}` did not end within {timeout:.0f} s and was stopped",
            hint="the machine may be overloaded; try again",
        ) from None
    except BaseException:
        end_group(child)
        raise
    finally:
        _running.discard(child)
    _go_on()
    result = Result(tuple(command), child.returncode, output, errors)
    if result.code not in accept:
        raise CommandFailed(result)
    return result


def _go_on() -> None:
    if _interrupted.is_set():
        raise KeyboardInterrupt


class Workers:
    """Threads for calls that run commands, at most `limit` of them at work at once.

    Not the standard pool: an interrupt that meets it while it takes work can leave it waiting for
    ever. These threads hold nothing up at the end, and are waited for in short steps, since a wait
    without end may begin in the very moment of an interrupt and sleep through it.
    """

    def __init__(self, limit: int) -> None:
        self._slots = threading.Semaphore(limit)
        self._begun: list[Future[Any]] = []

    def start(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Let a thread do it; `result` waits for it."""
        from concurrent.futures import Future

        future: Future[T] = Future()
        self._begun.append(future)
        threading.Thread(target=self._do, args=(future, work, arguments), daemon=True).start()
        return future

    def _do(self, future: Future[T], work: Callable[..., T], arguments: tuple[object, ...]) -> None:
        with self._slots:
            try:
                _go_on()
                future.set_result(work(*arguments))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result raises it
                future.set_exception(error)

    def result(self, future: Future[T]) -> T:
        """What the work came to. Raises what it raised, and KeyboardInterrupt."""
        self._settle([future])
        return future.result()

    def map(self, work: Callable[[S], T], items: Iterable[S]) -> tuple[T, ...]:
        """Do it for every item at once; the results in the items' order."""
        futures = [self.start(work, item) for item in items]
        return tuple(self.result(future) for future in futures)

    def finish(self, patience: float | None = None) -> bool:
        """Wait until nothing is at work any more, at most `patience` seconds; whether that is so."""
        return self._settle(self._begun, patience)

    def _settle(self, futures: Sequence[Future[Any]], patience: float | None = None) -> bool:
        from concurrent.futures import wait

        end = None if patience is None else time.monotonic() + patience
        while not all(future.done() for future in futures):
            if end is not None and time.monotonic() > end:
                return False
            wait(futures, timeout=_STEP)
        return True


@contextlib.contextmanager
def parallel(limit: int) -> Iterator[Workers]:
    """Threads whose commands end, and no more begin, when the block is interrupted."""
    workers = Workers(limit)
    try:
        yield workers
    except KeyboardInterrupt:
        _interrupted.set()
        for child in tuple(_running):
            end_group(child)
        if workers.finish(patience=2 * GRACE):
            _interrupted.clear()
        raise
    except BaseException:
        workers.finish()
        raise
    workers.finish()


def detach(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one, in a session of its own; all it prints goes to the file `output`.

    The caller ends it again (`end_group`, or by its pid). Raises HostError when it cannot be started.
    """
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            return subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise HostError(f"cannot start {command[0]!r}: {error.strerror or error}") from error


def _start(
    command: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None, *, with_input: bool, merged: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        if cwd is not None and not cwd.is_dir():
            raise HostError(f"the folder {cwd} does not exist") from None
        raise HostError(
            f"the program {command[0]!r} is not installed", hint="`mattone doctor` says what is missing"
        ) from None
    except OSError as error:
        raise HostError(f"cannot start {command[0]!r}: {error.strerror or error}") from error


def _follow(child: subprocess.Popen[bytes], data: bytes | None, timeout: float, on_line: Callable[[str], None]) -> str:
    assert child.stdout is not None
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        end_group(child)

    timer = threading.Timer(timeout, expire)
    timer.start()
    feeder = threading.Thread(target=_feed, args=(child, data), daemon=True)
    feeder.start()  # beside the reading: a program that answers while it reads would else block both
    lines: list[str] = []
    try:
        for raw in child.stdout:
            line = raw.decode(errors="replace")
            lines.append(line)
            on_line(line.rstrip("\r\n"))
        child.wait()
    finally:
        timer.cancel()
    feeder.join()
    if expired.is_set():
        raise subprocess.TimeoutExpired(child.args, timeout)
    return "".join(lines)


def _feed(child: subprocess.Popen[bytes], data: bytes | None) -> None:
    if data is None or child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):  # it does not want to read all of it
        child.stdin.write(data)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


def end_group(child: subprocess.Popen[bytes], grace: float | None = None) -> None:
    """End a child and all of its process group: SIGTERM, and after `grace` seconds (`GRACE`) SIGKILL."""
    patience = GRACE if grace is None else grace
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
        end = time.monotonic() + patience
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
        # The child may end first and leave behind what it started.
        while _group_lives(child.pid) and time.monotonic() < end:
            time.sleep(0.02)
        if child.returncode is not None and not _group_lives(child.pid):
            return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
