"""Work that several processes share: the same answers, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mattone
from mattone.workers import shared_out, shares

_INTERRUPTED = """
import os, sys, time
from mattone.workers import shared_out
def work(part):
    with open(f"{sys.argv[1]}/{part}", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
try:
    shared_out([0, 1, 2], work)
except KeyboardInterrupt:
    sys.exit(130)
"""


@given(st.lists(st.integers(0, 1000)), st.integers(1, 9), st.integers(1, 500))
def test_shares_hold_each_once_in_order(sizes: list[int], most: int, worth: int) -> None:
    found = shares(sizes, most, worth)
    assert [size for one in found for size in sizes[one]] == sizes
    assert 1 <= len(found) <= max(1, min(most, sum(sizes) // worth))
    assert all(one.stop == two.start for one, two in pairwise(found))


def test_equal_sizes_are_shared_equally() -> None:
    assert shares([5] * 9, 3, 10) == [slice(0, 3), slice(3, 6), slice(6, 9)]
    assert shares([5] * 9, 3, 46) == [slice(0, 9)]


def test_answers_come_in_order_from_processes_of_their_own() -> None:
    found = shared_out([3, 1, 2], lambda part: (part, os.getpid(), "x" * 200_000))
    assert [part for part, _, _ in found] == [3, 1, 2]
    assert len({process for _, process, _ in found}) == 3
    assert found[0][1] == os.getpid()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_part_of_a_killed_worker_is_done_here(how: signal.Signals) -> None:
    here = os.getpid()

    def work(part: int) -> tuple[int, int]:
        if part == 2 and os.getpid() != here:
            os.kill(os.getpid(), how)
        return part, os.getpid()

    found = shared_out([1, 2, 3], work)
    assert [part for part, _ in found] == [1, 2, 3]
    assert found[1] == (2, here)


def test_an_error_of_a_worker_is_raised_here_and_no_worker_stays(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[int] = []
    fork = os.fork

    def noted() -> int:
        workers.append(fork())
        return workers[-1]

    monkeypatch.setattr(os, "fork", noted)

    def work(part: int) -> int:
        if part == 2:
            raise ValueError("this part")
        return part

    with pytest.raises(ValueError, match="this part"):
        shared_out([1, 2, 3], work)
    assert len(workers) == 2
    for worker in workers:
        with pytest.raises(ChildProcessError):
            os.waitpid(worker, os.WNOHANG)
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_ends_the_workers_too(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    process = subprocess.Popen([sys.executable, "-c", _INTERRUPTED, str(tmp_path)], env=environment)
    until = time.monotonic() + 30
    while not all((tmp_path / name).is_file() and (tmp_path / name).read_text() for name in "012"):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    for name in "12":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / name).read_text()), 0)
