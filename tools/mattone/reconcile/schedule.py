"""Doing many things at once: so many in all, so many a lane, and each after what it needs.

Threads are daemons, and the main thread waits in short steps: it must notice an interrupt, and end without them when
asked a second time. What they were at is in the journal then.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Generic, TypeVar

from mattone.errors import ApplyFailed, Interrupted, MattoneError

T = TypeVar("T")

_STEP = 0.2  # seconds between two looks for an interrupt


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do. `needs`: names of what must have succeeded first; `lane`: whose limit it counts for."""

    name: str
    needs: tuple[str, ...] = ()
    lane: str = ""


@dataclass(slots=True)
class Schedule(Generic[T]):
    """What is to be done, and how much of it at once.

    work      does one task; its errors are results
    parallel  how many at once; limits: how many of a lane, where it has a limit
    absent    for a need that is none of the tasks: "" when it is fulfilled, else why not
    stop      when set, nothing more begins; on_stop is called once then
    """

    tasks: Sequence[Task]
    work: Callable[[Task], T]
    parallel: int
    limits: Mapping[str, int] = field(default_factory=dict)
    absent: Callable[[str], str] = lambda _name: ""
    stop: threading.Event = field(default_factory=threading.Event)
    on_stop: Callable[[Sequence[str]], None] = lambda _running: None
    results: dict[str, T | MattoneError] = field(default_factory=dict)
    _running: dict[Future[T], Task] = field(default_factory=dict)

    def run(self) -> Mapping[str, T | MattoneError]:
        """Do all of it; each task's result, or the error that it ended with, in the order of their ends.

        Raises whatever a task raises that is no MattoneError, and KeyboardInterrupt at once.
        """
        waiting = {task.name: task for task in self.tasks}
        told = False
        while waiting or self._running:
            if self.stop.is_set() and not told:
                told = True
                self.on_stop([task.name for task in self._running.values()])
            self._begin(waiting)
            if self._running:
                self._collect()
        return self.results

    def _begin(self, waiting: dict[str, Task]) -> None:
        """Begin what may, and drop what never can."""
        lanes = Counter(task.lane for task in self._running.values())
        for task in tuple(waiting.values()):
            refusal = self._refusal(task, waiting)
            if refusal is not None:
                self.results[task.name] = refusal
                del waiting[task.name]
            elif len(self._running) < self.parallel and self._may(task, lanes):
                lanes[task.lane] += 1
                del waiting[task.name]
                self._start(task)

    def _refusal(self, task: Task, waiting: Mapping[str, Task]) -> MattoneError | None:
        if self.stop.is_set():
            return Interrupted(f"{task.name} was not begun", hint="run `mattone apply` again: it goes on")
        busy = {one.name for one in self._running.values()} | set(waiting)
        for need in task.needs:
            why = "" if need in busy else self._unmet(need)
            if why:
                return ApplyFailed(f"{task.name} was not attempted: it needs {need}, {why}")
        return None

    def _unmet(self, need: str) -> str:
        """Why something that is over, or was never to be done, does not fulfil a need; "" when it does."""
        if need not in self.results:
            return self.absent(need)
        return "which failed" if isinstance(self.results[need], MattoneError) else ""

    def _may(self, task: Task, lanes: Mapping[str, int]) -> bool:
        limit = self.limits.get(task.lane, 0)
        return (not limit or lanes[task.lane] < limit) and not any(self._pending(need) for need in task.needs)

    def _pending(self, need: str) -> bool:
        return need not in self.results and any(task.name == need for task in self.tasks)

    def _start(self, task: Task) -> None:
        future: Future[T] = Future()
        self._running[future] = task
        threading.Thread(target=_do, args=(future, self.work, task), name=task.name, daemon=True).start()

    def _collect(self) -> None:
        """Wait a little for the next end."""
        for future in wait(self._running, timeout=_STEP, return_when=FIRST_COMPLETED).done:
            task = self._running.pop(future)
            try:
                self.results[task.name] = future.result()
            except MattoneError as error:
                self.results[task.name] = error


def _do(future: Future[T], work: Callable[[Task], T], task: Task) -> None:
    try:
        future.set_result(work(task))
    except BaseException as error:  # noqa: BLE001 - whoever collects it raises it
        future.set_exception(error)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second raises KeyboardInterrupt.

    Only the main thread hears of signals; elsewhere nothing is changed.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
