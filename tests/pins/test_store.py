"""The store: verified on each use, mended when damaged, safe when many use it at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mattone
from mattone import digests
from mattone.errors import InputError, RemoteError
from mattone.pins.store import Damaged, SourceChanged, Store, default_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def damage(store: Store, digest: str) -> None:
    path = store.path(digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"!")


def never() -> bytes:
    raise AssertionError("nothing was to be fetched")


def test_what_was_put_comes_back(store: Store) -> None:
    digest = store.put(b"content")
    assert digest == digests.of_bytes(b"content")
    assert (store.get(digest), store.get(digests.of_bytes(b"other"))) == (b"content", None)
    assert store.obtain(digest, "it", never) == b"content"


PATHS = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(files=st.dictionaries(PATHS, st.tuples(st.booleans(), st.binary(max_size=30)), max_size=6))
def test_a_folder_has_the_digest_that_locks_name(
    files: dict[str, tuple[bool, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Store(tmp_path_factory.getbasetemp() / "folders")
    digest = store.put_files(files)
    assert digest == digests.of_files((path, runs, data) for path, (runs, data) in files.items())
    assert store.get_files(digest) == files


def test_a_file_name_with_a_line_break_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="line break"):
        store.put_files({"a\nb": (False, b"")})


def test_damage_is_found_on_use_and_named(store: Store) -> None:
    digest = store.put(b"content")
    damage(store, digest)
    with pytest.raises(Damaged, match=digest[:19]) as caught:
        store.get(digest)
    assert str(store.path(digest)) in caught.value.hint
    store.put(b"content")
    assert store.get(digest) == b"content"


def test_damage_is_mended_from_the_source(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    digest = store.put(b"content")
    damage(store, digest)
    assert store.obtain(digest, "https://example.org/a.yaml", lambda: b"content") == b"content"
    assert "https://example.org/a.yaml was damaged and is fetched again" in capsys.readouterr().err
    assert store.get(digest) == b"content"


@pytest.mark.parametrize("gone", [False, True])
def test_a_folder_with_a_damaged_or_missing_file_is_fetched_again(store: Store, gone: bool) -> None:
    files = {"tasks/main.yml": (False, b"- a\n"), "run.sh": (True, b"#!/bin/sh\n")}
    digest = store.put_files(files)
    inner = digests.of_bytes(b"- a\n")
    store.path(inner).unlink() if gone else damage(store, inner)
    assert store.obtain_files(digest, "a role", lambda: files) == files
    assert store.get_files(digest) == files


def test_a_source_with_one_changed_byte_is_refused_and_named(store: Store) -> None:
    digest = digests.of_bytes(b"content")
    with pytest.raises(SourceChanged, match=r"https://example.org/a.yaml is not what was locked") as caught:
        store.obtain(digest, "https://example.org/a.yaml", lambda: b"c0ntent")
    assert "--upgrade" in caught.value.hint
    assert store.get(digest) is None
    with pytest.raises(SourceChanged, match="a role is not what was locked"):
        store.obtain_files(digest, "a role", lambda: {"a": (False, b"")})


def test_a_fetch_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> bytes:
        raise RemoteError("gone")

    digest = digests.of_bytes(b"content")
    with pytest.raises(RemoteError, match="gone"):
        store.obtain(digest, "it", fail)
    assert store.obtain(digest, "it", lambda: b"content") == b"content"  # the lock was given back


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "0" * 63 + "/", "sha256:../../x", "md5:" + "0" * 64])
def test_what_is_no_digest_names_no_file(store: Store, text: str) -> None:
    with pytest.raises(InputError, match="is not a digest"):
        store.get(text)


def test_the_default_store_lies_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path))
    assert default_store().folder == tmp_path / "store"


WORK = """\
import sys, time
from pathlib import Path
from mattone.pins.store import Store

store, log = Store(Path(sys.argv[1])), Path(sys.argv[2])

def fetch(number):
    def work():
        with log.open("a") as file:
            file.write(f"{number}\\n")
        time.sleep(0.05)
        return b"content %d" % number
    return work

for number in range(5):
    data = b"content %d" % number
    digest = sys.argv[3 + number]
    assert store.obtain(digest, "it", fetch(number)) == data
    assert store.put(data) == digest
    assert store.get(digest) == data
"""


def test_many_processes_at_once_fetch_each_thing_once(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    wanted = [digests.of_bytes(b"content %d" % number) for number in range(5)]
    environment = {"PYTHONPATH": str(Path(mattone.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", WORK, str(store.folder), str(log), *wanted]
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    ended = [(child.communicate(timeout=60)[1], child.returncode) for child in running]
    assert ended == [("", 0)] * 6
    assert sorted(log.read_text().split()) == list("01234")
    left = [path.name for path in store.folder.rglob("*") if path.name.startswith(".")]
    assert left == []


def test_a_run_killed_while_it_fetches_holds_up_nobody(store: Store, tmp_path: Path) -> None:
    digest = digests.of_bytes(b"content")
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom mattone.pins.store import Store\n"
        "def work():\n    print('fetching', flush=True)\n    time.sleep(60)\n"
        "Store(Path(sys.argv[1])).obtain(sys.argv[2], 'it', work)\n"
    )
    environment = {"PYTHONPATH": str(Path(mattone.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", script, str(store.folder), digest]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "fetching\n"
        child.kill()
    assert store.obtain(digest, "it", lambda: b"content") == b"content"
