"""Archives: the same bytes for the same files, and nothing read from one that no honest one has."""

from __future__ import annotations

import contextlib
import io
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.pins import archive
from mattone.pins.archive import pack, unpack

NAMES = st.lists(st.text("abcä._-", min_size=1).filter(lambda name: name.strip(".")), min_size=1, max_size=3)
FILES = st.dictionaries(NAMES.map("/".join), st.tuples(st.booleans(), st.binary(max_size=50)), max_size=6)


@given(FILES, st.integers())
def test_any_order_of_files_makes_the_same_archive_and_gives_them_back(
    files: dict[str, tuple[bool, bytes]], seed: int
) -> None:
    rows = list(files.items())
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    assert pack(dict(rows)) == pack(files)
    assert unpack("x", pack(files)) == files


def test_clock_zone_and_mask_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a/b": (True, b"x"), "c": (False, b"")}
    before = pack(files, first="c")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    old = os.umask(0o077)
    try:
        assert pack(files, first="c") == before
    finally:
        os.umask(old)


def test_the_first_entry_comes_first_whatever_its_name() -> None:
    with zipfile.ZipFile(io.BytesIO(pack({"a": (False, b""), "z": (True, b"")}, first="z"))) as made:
        assert [(one.filename, one.external_attr >> 16, one.date_time) for one in made.infolist()] == [
            ("z", 0o100755, (1980, 1, 1, 0, 0, 0)),
            ("a", 0o100644, (1980, 1, 1, 0, 0, 0)),
        ]


def zipped(change: Callable[[zipfile.ZipInfo], None] = lambda _: None, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names or ("good",):
            entry = zipfile.ZipInfo(name)
            change(entry)
            made.writestr(entry, b"content")
    return buffer.getvalue()


def as_link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = 0o120777 << 16


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped(lambda _: None, "../evil"), "`../evil` has a name that could lead out"),
        (zipped(lambda _: None, "/etc/evil"), "`/etc/evil` has a name that could lead out"),
        (zipped(lambda _: None, "a/./b"), "could lead out"),
        (zipped(lambda _: None, "a\\..\\b"), "could lead out"),
        (zipped(lambda _: None, ""), "could lead out"),
        (zipped(as_link), "`good` is a link or a device"),
        (b"no archive", "no zip archive that can be read"),
        (b"", "no zip archive that can be read"),
        (zipped()[:-30], "no zip archive that can be read"),
        (zipped().replace(b"content", b"c0ntent", 1), "`good` is damaged"),
    ],
)
def test_what_no_honest_archive_holds_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        unpack("x.csar", data)
    assert str(caught.value.place) == "x.csar"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InputError, match="`same` is there twice"):
        unpack("x.csar", zipped(lambda _: None, "same", "same"))


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(zipped())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    with pytest.raises(InputError, match="`good` is encrypted"):
        unpack("x.csar", bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_BYTES", 1 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes((1 << 20) + 1))
    with pytest.raises(InputError, match="more than 20000 files or 1 MiB"):
        unpack("x.csar", buffer.getvalue())


def test_folders_are_left_out_and_foreign_compression_is_read(tmp_path: Path) -> None:
    file = tmp_path / "foreign.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.mkdir("folder")
        made.writestr("folder/file", b"x" * 1000)
    assert unpack("x", file.read_bytes()) == {"folder/file": (False, b"x" * 1000)}


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_make_it_fail_in_another_way(junk: bytes, where: int) -> None:
    whole = pack({"a": (False, b"1234"), "b/c": (True, b"5678")})
    with contextlib.suppress(InputError):
        unpack("x", whole[:where] + junk + whole[where + len(junk) :])
