"""Folders as archives; that they arrive is tested on real machines."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.machines import transfer


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "b").mkdir(parents=True)
    (root / "b" / "file").write_text("text")
    (root / "a.sh").write_text("#!/bin/sh\n")
    (root / "a.sh").chmod(0o750)
    return root


def entries(data: bytes) -> list[tarfile.TarInfo]:
    return tarfile.open(fileobj=io.BytesIO(data)).getmembers()


def test_an_archive_holds_nothing_of_this_host_and_is_the_same_each_time(tree: Path) -> None:
    first = transfer.pack(tree)
    os.utime(tree / "a.sh", (1, 1))
    assert transfer.pack(tree) == first
    assert [(entry.name, entry.mode, entry.uid, entry.mtime) for entry in entries(first)] == [
        ("a.sh", 0o755, 0, 0),
        ("b", 0o755, 0, 0),
        ("b/file", 0o644, 0, 0),
    ]


def test_links_within_the_folder_stay_and_links_out_of_it_are_refused(tree: Path) -> None:
    (tree / "link").symlink_to("b/file")
    assert entries(transfer.pack(tree))[-1].linkname == "b/file"
    (tree / "out").symlink_to("/etc/passwd")
    with pytest.raises(InputError) as caught:
        transfer.pack(tree)
    assert caught.value.place is not None
    assert caught.value.place.path == str(tree / "out")


def test_sockets_and_pipes_are_no_content(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    assert "pipe" not in [entry.name for entry in entries(transfer.pack(tree))]


def test_a_source_that_is_no_folder_is_refused(tree: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        transfer.pack(tree / "a.sh")


@pytest.mark.parametrize("target", ["relative", "/", "/var", "/var/../etc/x", ""])
def test_a_target_that_would_replace_too_much_is_refused(tree: Path, target: str) -> None:
    with pytest.raises(InputError, match="no place"):
        transfer.copy_tree(["false"], tree, target)
