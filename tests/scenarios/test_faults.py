"""A full disk, a read-only folder, a forge that is gone, a clock that is set back: told, and nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mattone.errors import EXIT_ERROR
from mattone.reconcile.journal import Journal, State
from mattone.records.model import Record
from mattone.records.store import RecordStore
from tests import small
from tests.commands.conftest import Say
from tests.doubles.world import PAGE, World
from tests.forges.site import git
from tests.scenarios.test_tampering import trust


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB of its own; the test is skipped where it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("a file system cannot be mounted here: not root, or no right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all room that is left."""
    path = folder / "full"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return path


def assert_ended(world: World, records: int) -> None:
    """The next run does what is left, once."""
    assert world.apply() == 0
    assert len(world.engine.held(PAGE)) == 1
    assert len(world.records()) == records
    assert world.states() == []
    calls = world.engine.calls()
    assert world.apply() == 0
    assert world.engine.calls() == calls


def test_a_full_disk_of_the_workspace_tears_nothing_and_the_next_run_ends_it(
    running: World, say: Say, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["cp", "-a", f"{running.root}/.mattone/.", str(disk)], check=True)
    monkeypatch.setenv("MATTONE_WORKSPACE", str(disk))
    running.wish(small.wish("Good morning"))
    full, journal = fill(disk), disk / "journal/production.jsonl"
    before = journal.read_bytes()
    code, text = say(running, "apply")
    assert code == EXIT_ERROR
    assert "No space left on device" in text
    # Short events still find room in the file's last block; the journal holds whole ones alone.
    assert journal.read_bytes().startswith(before)
    assert journal.read_bytes().endswith(b"}\n")
    assert [one.state for one in Journal(journal).open_operations().values()] in ([], [State.PLANNED], [State.SENT])
    full.unlink()
    assert say(running, "apply")[0] == 0
    assert running.told() == ["create succeeded", "update succeeded"]
    assert "Good morning" in str(running.engine.template(PAGE))
    assert Journal(journal).open_operations() == {}


def test_a_full_disk_of_the_clone_after_the_engine_acted_is_recorded_by_the_next_run(
    running: World, say: Say, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.wish(small.wish("Good morning"))
    git(running.root, "fetch", "--quiet")
    objects = running.root / ".git/objects"
    subprocess.run(["cp", "-a", f"{objects}/.", str(disk)], check=True)
    subprocess.run(["mount", "--bind", str(disk), str(objects)], check=True)
    try:
        append = RecordStore.append

        def full_disk(self: RecordStore, record: Record) -> Record:
            fill(disk)
            return append(self, record)

        with monkeypatch.context() as patch:
            patch.setattr(RecordStore, "append", full_disk)
            code, text = say(running, "apply")
        assert code == EXIT_ERROR
        assert "No space left on device" in text
        assert running.states() == [State.SUCCEEDED]
        (disk / "full").unlink()
        assert_ended(running, records=2)
    finally:
        subprocess.run(["umount", "--lazy", str(objects)], check=True)


def test_a_read_only_workspace_stops_before_anything_is_sent(running: World, say: Say) -> None:
    running.wish(small.wish("Good morning"))
    workspace, calls = str(running.root / ".mattone"), running.engine.calls()
    if subprocess.run(["mount", "--bind", workspace, workspace], capture_output=True).returncode != 0:
        pytest.skip("a folder cannot be mounted read-only here: not root, or no right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", workspace], check=True)
        code, text = say(running, "apply")
        assert code == EXIT_ERROR
        assert "Read-only file system" in text
        assert say(running, "trace", PAGE)[0] == 0
    finally:
        subprocess.run(["umount", "--lazy", workspace], check=True)
    assert running.engine.calls() == calls
    assert_ended(running, records=2)


def test_the_forge_is_gone_from_the_start(running: World, say: Say) -> None:
    running.wish(small.wish("Good morning"))
    away, calls = running.forge.rename(running.folder / "away"), running.engine.calls()
    code, text = say(running, "apply")
    assert code == EXIT_ERROR
    assert "cannot change the lease" in text
    assert running.engine.calls() == calls
    away.rename(running.forge)
    assert_ended(running, records=2)


def test_the_forge_goes_while_the_engine_works(running: World, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    running.wish(small.wish("Good morning"))
    push = RecordStore.append

    def gone(self: RecordStore, record: Record) -> Record:
        running.forge.rename(running.folder / "away")
        return push(self, record)

    with monkeypatch.context() as patch:
        patch.setattr(RecordStore, "append", gone)
        code, text = say(running, "apply")
    assert code == EXIT_ERROR
    assert "the forge refused the record" in text
    assert running.states() == [State.SUCCEEDED]
    (running.folder / "away").rename(running.forge)
    assert_ended(running, records=2)


def test_a_clock_that_is_set_back_dates_no_record_before_the_one_before_it(
    running: World, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(running, say)
    running.wish(small.wish("Good morning"))
    earlier = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    monkeypatch.setattr("mattone.reconcile.apply.now", lambda: earlier)
    assert say(running, "apply")[0] == 0
    first, second = running.records()
    assert second.times["ended"] == first.times["ended"]
    assert (second.times["clock"], second.times["started"]) == (earlier, earlier)
    assert say(running, "verify") == (0, f"{PAGE}: verified, 2 records\n")
