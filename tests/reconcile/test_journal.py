"""The journal: every event on disk before it counts, and nothing half-written ever believed."""

from __future__ import annotations

import json
import os
import resource
import secrets
import signal
from pathlib import Path

import pytest

from mattone import redact
from mattone.errors import InputError
from mattone.reconcile.journal import Journal, State
from tests.doubles.world import in_a_process

ONE, TWO = "school/one", "school/two"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "production.jsonl"


def fill(path: Path) -> Journal:
    journal = Journal(path)
    journal.write("a", ONE, State.PLANNED, action="create")
    journal.write("a", ONE, State.STARTED, remote_id="")
    journal.write("b", TWO, State.PLANNED, action="delete")
    return journal


def test_later_events_add_to_earlier_ones_and_survive_reading_again(path: Path) -> None:
    fill(path)
    found = Journal(path).open_operations()
    assert found[ONE].state is State.STARTED
    assert found[ONE].details == {"action": "create", "remote_id": ""}
    assert found[TWO].id == "b"


def test_recorded_operation_is_no_longer_open(path: Path) -> None:
    journal = fill(path)
    journal.write("a", ONE, State.RECORDED)
    assert set(journal.open_operations()) == set(Journal(path).open_operations()) == {TWO}


def test_newest_open_operation_of_a_deployment_is_given_and_the_older_one_after_it(path: Path) -> None:
    journal = fill(path)
    journal.write("c", ONE, State.PLANNED)
    assert journal.open_operations()[ONE].id == "c"
    journal.write("c", ONE, State.RECORDED)
    assert journal.open_operations()[ONE].id == "a"


def test_event_is_flushed_to_disk_before_write_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    sync = os.fsync

    def noting(handle: int) -> None:
        sync(handle)
        synced.append(path.read_bytes())

    monkeypatch.setattr("os.fsync", noting)
    Journal(path).write("a", ONE, State.PLANNED)
    assert json.loads(synced[0])["state"] == "planned"


def test_new_journal_is_made_durable_in_its_folder_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())))
    journal = Journal(path)
    journal.write("a", ONE, State.PLANNED)
    assert str(path.parent) in synced
    synced.clear()
    journal.write("a", ONE, State.STARTED)
    assert synced == [str(path)]


def test_journal_is_for_its_owner_alone(path: Path) -> None:
    fill(path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("left", [1, 20, -1])
def test_torn_last_line_is_an_event_that_never_was(path: Path, left: int) -> None:
    fill(path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:left])
    journal = Journal(path)
    assert set(journal.open_operations()) == {ONE}
    journal.write("b", TWO, State.PLANNED, action="delete")
    assert path.read_bytes() == whole


def test_reading_changes_nothing_so_that_one_can_look_while_another_process_writes(path: Path) -> None:
    fill(path)
    with path.open("ab") as file:
        file.write(b'{"half')
    before = path.read_bytes()
    Journal(path).open_operations()
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("what", ["{}", "[]", "nonsense", "\x00" * 40, None])
def test_damaged_line_in_the_middle_is_refused_with_its_place(path: Path, number: int, what: str | None) -> None:
    fill(path)
    lines = path.read_text().splitlines()
    # Valid JSON with another value is found by the checksum.
    lines[number - 1] = lines[number - 1].replace(ONE, TWO) if what is None else what
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError) as caught:
        Journal(path)
    assert str(caught.value.place) == f"{path}:{number}"
    assert "backup" in caught.value.hint


def test_full_disk_leaves_no_half_line(path: Path) -> None:
    fill(path)
    before = path.read_bytes()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 30, len(before) + 30))
        try:
            Journal(path).write("a", ONE, State.SENT, remote_id="x" * 200)
        except OSError:
            os.kill(os.getpid(), signal.SIGUSR1)

    assert in_a_process(work) == signal.SIGUSR1
    assert path.read_bytes() == before
    assert Journal(path).open_operations()[ONE].state is State.STARTED


def test_outside_text_stays_on_one_line(path: Path) -> None:
    hostile = 'a\nb\r\u2028\x85 "c" \\ \x1b[2J'
    Journal(path).write("a", ONE, State.UNKNOWN, reason=hostile)
    assert path.read_bytes().count(b"\n") == 1
    assert Journal(path).open_operations()[ONE].details["reason"] == hostile


def test_values_with_keys_that_are_no_texts_and_lone_surrogates_can_be_written(path: Path) -> None:
    Journal(path).write("a", ONE, State.UNKNOWN, inputs={1: "a", "b": "\ud800"})
    assert Journal(path).open_operations()[ONE].details["inputs"] == {"1": "a", "b": "\ud800"}


def test_secrets_do_not_reach_the_journal(path: Path) -> None:
    canary = secrets.token_urlsafe(18)
    redact.register([canary])
    Journal(path).write("a", ONE, State.UNKNOWN, reason=f"said {canary}", record={"outputs": [canary]})
    assert canary.encode() not in path.read_bytes()
    assert Journal(path).open_operations()[ONE].details["reason"] == "said (secret)"
