"""Reading /proc, with real processes and sockets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.engines.infrastructure_manager import processes

_MARK = "MATTONE_TEST_MARK"


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[str]]:
    """A process that ignores SIGTERM, with a child that does so too; both inherit the mark."""
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time;"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)'])\n"
        "time.sleep(60)\n"
    )
    env = {**os.environ, _MARK: f"test-{os.getpid()}"}
    started = subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stdout is not None
    started.stdout.readline()
    yield started
    processes.end(processes.marked(f"{_MARK}=test-{os.getpid()}"), grace=0)
    started.stdout.close()
    started.wait()


def test_a_process_is_named_by_its_pid_and_start() -> None:
    assert processes.started(os.getpid()) > 0
    assert processes.started(2**22 + 1) == 0


def test_a_zombie_counts_as_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while processes.started(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.started(child.pid) == 0
    assert Path(f"/proc/{child.pid}").exists()
    child.wait()


def test_an_orphan_of_a_killed_process_is_found_by_its_mark_and_ended(stubborn: subprocess.Popen[str]) -> None:
    mark = f"{_MARK}=test-{os.getpid()}"
    assert len(processes.marked(mark)) == 2
    stubborn.send_signal(signal.SIGKILL)
    stubborn.wait()
    (orphan,) = processes.marked(mark)
    assert orphan != stubborn.pid
    processes.end((orphan,), grace=0.2)  # it ignores SIGTERM
    assert processes.marked(mark) == ()


def test_a_mark_is_matched_whole() -> None:
    assert processes.marked("PAT") == ()


def test_a_listening_socket_is_known_by_its_owner(stubborn: subprocess.Popen[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert processes.listens(os.getpid(), port)
        assert not processes.listens(stubborn.pid, port)
    assert not processes.listens(os.getpid(), port)
