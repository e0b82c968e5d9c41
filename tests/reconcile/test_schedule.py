"""Doing many things at once: bounds, needs, failures and the two ways to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from mattone.errors import ApplyFailed, Interrupted, MattoneError
from mattone.reconcile.schedule import Schedule, Task, stopping


class Work:
    """Remembers the order of beginnings, and how many were at it at once."""

    def __init__(self, failing: Sequence[str] = (), seconds: float = 0.02) -> None:
        self.failing, self.seconds = failing, seconds
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.most: dict[str, int] = {}
        self._at: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, task: Task) -> str:
        with self._lock:
            self.begun.append(task.name)
            self._at.append(task.lane)
            for lane, count in (("", len(self._at)), (task.lane, self._at.count(task.lane))):
                self.most[lane] = max(count, self.most.get(lane, 0))
        time.sleep(self.seconds)
        with self._lock:
            self._at.remove(task.lane)
            self.ended.append(task.name)
        if task.name in self.failing:
            raise MattoneError(f"{task.name} broke")
        return task.name


def done(
    tasks: Sequence[Task], work: Callable[[Task], str], parallel: int = 4, limits: Mapping[str, int] | None = None,
    absent: Callable[[str], str] = lambda _need: "",
) -> Mapping[str, str | MattoneError]:  # fmt: skip
    return Schedule(tasks, work, parallel, limits or {}, absent).run()


def test_no_more_than_so_many_are_at_work_and_all_are_done() -> None:
    work = Work()
    results = done([Task(str(number)) for number in range(20)], work, parallel=3)
    assert set(results) == {str(number) for number in range(20)}
    assert work.most[""] == 3


def test_a_lane_has_its_own_limit_and_does_not_hold_up_the_others() -> None:
    work = Work()
    tasks = [Task(f"slow-{n}", lane="slow") for n in range(4)] + [Task(f"fast-{n}", lane="fast") for n in range(6)]
    done(tasks, work, parallel=4, limits={"slow": 1})
    assert (work.most["slow"], work.most[""]) == (1, 4)
    assert work.begun[1:4] == ["fast-0", "fast-1", "fast-2"]


def test_what_is_needed_is_over_before_what_needs_it_begins() -> None:
    work = Work()
    done([Task("web", ("db", "cache")), Task("cache", ("db",)), Task("db")], work)
    assert work.begun == work.ended == ["db", "cache", "web"]


def test_what_needs_a_failed_one_is_not_attempted_and_says_so_down_the_line() -> None:
    work = Work(failing=["db"])
    results = done([Task("page", ("web",)), Task("web", ("db",)), Task("db"), Task("other")], work)
    assert sorted(work.begun) == ["db", "other"]
    assert str(results["web"]) == "web was not attempted: it needs db, which failed"
    assert str(results["page"]) == "page was not attempted: it needs web, which failed"
    assert isinstance(results["web"], ApplyFailed)
    assert results["other"] == "other"


def test_a_need_that_is_none_of_the_tasks_is_asked_about() -> None:
    why = {"db": "which is blocked", "dns": ""}
    results = done([Task("web", ("db",)), Task("mail", ("dns",))], Work(), absent=lambda need: why[need])
    assert str(results["web"]) == "web was not attempted: it needs db, which is blocked"
    assert results["mail"] == "mail"


def test_a_defect_in_the_work_is_raised() -> None:
    def broken(_task: Task) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        done([Task("one")], broken)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_begins_nothing_more_and_ends_what_runs(number: int) -> None:
    told: list[Sequence[str]] = []
    work = Work(seconds=0.3)
    with stopping() as stop:

        def once(task: Task) -> str:
            os.kill(os.getpid(), number)
            return work(task)

        results = Schedule(
            [Task("one"), Task("two"), Task("three", ("one",))], once, 1, stop=stop, on_stop=told.append
        ).run()
    assert (work.ended, told) == (["one"], [["one"]])
    assert results["one"] == "one"
    assert all(isinstance(results[name], Interrupted) for name in ("two", "three"))


def test_the_second_signal_ends_at_once() -> None:
    forever = threading.Event()

    def work(_task: Task) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)
        forever.wait(60)
        return ""

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stopping() as stop:
        Schedule([Task("one")], work, 1, stop=stop).run()
    assert time.monotonic() - begun < 30
    forever.set()


def test_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
