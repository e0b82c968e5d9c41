"""Locks that die with their process, and files that are never half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mattone.errors import HostError, TransientError
from mattone.machines import layout
from mattone.machines.layout import Layout, file_lock, write_atomically

HOLDER = """
import sys
from pathlib import Path
from mattone.machines.layout import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds a lock."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(layout.__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_lock_of_another_process_is_waited_for_and_falls_with_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    child = hold(path)
    with pytest.raises(TransientError, match="was locked"), file_lock(path, patience=0.2):
        pytest.fail("two processes hold one lock")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with file_lock(path, patience=10):
        pass


def test_shared_holders_meet_and_keep_a_sole_one_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "RUNTIME", tmp_path / "run")
    place = Layout(tmp_path / "workspace")
    with place.lock("web"), place.lock("db"):
        presence = next((tmp_path / "run").iterdir())
        with pytest.raises(TransientError), file_lock(presence, 0.2):
            pytest.fail("a sole holder came in beside others")
    with place.sole(), pytest.raises(TransientError), file_lock(presence, 0.2, shared=True):
        pytest.fail("somebody came in beside the sole holder")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match="file"), file_lock(tmp_path / "file" / "a.lock"):
        pytest.fail("a lock below a file")


def test_two_workspaces_have_different_identities_and_one_keeps_its_own() -> None:
    assert Layout(Path("/a")).identity == Layout(Path("/a")).identity
    assert Layout(Path("/a")).identity != Layout(Path("/b")).identity
    assert len(Layout(Path("/a")).identity) == 8


def test_writing_replaces_the_file_with_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "one")
    write_atomically(path, "two", 0o644)
    assert path.read_text() == "two"
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(HostError, match=r"b\.json"):
        write_atomically(tmp_path / "missing" / "b.json", "x")
