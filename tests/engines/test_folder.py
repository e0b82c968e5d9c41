"""Locks, kept logs and passing playbooks in the engine's folder."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mattone import redact
from mattone.engines.infrastructure_manager.folder import Folder
from mattone.errors import HostError, LockHeld, RemoteError


def test_who_works_on_a_deployment_is_seen_and_nobody_else_gets_in(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert not folder.is_working("team-a-1")
    with folder.working("team-a-1"):
        assert folder.is_working("team-a-1")
        assert not folder.is_working("team-b-1")
        with pytest.raises(LockHeld, match="team-a-1"), folder.working("team-a-1"):
            pass
    assert not folder.is_working("team-a-1")


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(1, flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "locks" / "r")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert Folder(tmp_path).is_working("r")
    holder.kill()
    holder.communicate()
    assert not Folder(tmp_path).is_working("r")


@pytest.mark.parametrize("remote", ["../x", "a/b", "", "A", "x" * 64, "a\n", "-a", ".."])
def test_an_id_that_is_not_ours_names_no_file(tmp_path: Path, remote: str) -> None:
    with pytest.raises(RemoteError, match="no id of this engine"):
        Folder(tmp_path).is_working(remote)


def test_the_last_logs_are_kept_without_secrets(tmp_path: Path) -> None:
    canary = "canary-" + "5" * 12
    redact.register([canary])
    folder = Folder(tmp_path)
    folder.keep_log("r", "  \n")
    for number in range(7):
        folder.keep_log("r", f"log {number} {canary}")
    assert folder.logs("r") == tuple(f"log {number} (secret)" for number in range(2, 7))
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.rglob("*.log"))


def test_playbooks_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    with Folder(tmp_path).playbooks("r", {"a": "one", "b": "two"}) as paths:
        assert {node: path.read_text() for node, path in paths.items()} == {"a": "one", "b": "two"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths.values())
    assert list((tmp_path / "playbooks").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(HostError, match="cannot make"):
        Folder(tmp_path).is_working("r")
