"""Disk files and mount tables; mounting itself is tested on real machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone import process
from mattone.errors import HostError, InputError
from mattone.machines import volumes
from mattone.machines.interface import Volume

MIB = 1024 * 1024
DATA = Volume("data", 64 * MIB, "/data")


def size_of_file_system(disk: Path) -> int:
    return volumes.filesystem_size(process.run([process.find("dumpe2fs") or "dumpe2fs", "-h", str(disk)]).output)


def test_a_disk_is_made_with_a_file_system_and_takes_space_only_as_it_fills(tmp_path: Path) -> None:
    disk = tmp_path / "volumes" / "data.img"
    volumes.ensure_disk(disk, DATA)
    assert disk.stat().st_size == 64 * MIB
    assert size_of_file_system(disk) == 64 * MIB
    assert disk.stat().st_blocks * 512 < 16 * MIB
    assert [path.name for path in disk.parent.iterdir()] == ["data.img"]


def test_an_existing_disk_grows_and_is_never_made_smaller_or_anew(tmp_path: Path) -> None:
    disk = tmp_path / "data.img"
    volumes.ensure_disk(disk, DATA)
    before = disk.read_bytes()[: 8 * MIB]
    volumes.ensure_disk(disk, Volume("data", 96 * MIB, "/data"))
    assert disk.stat().st_size == 96 * MIB
    assert disk.read_bytes()[: 8 * MIB] == before
    with pytest.raises(InputError, match="cannot shrink"):
        volumes.ensure_disk(disk, DATA)
    assert disk.stat().st_size == 96 * MIB


def test_a_half_made_disk_of_a_killed_process_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "data.img.new.1.2").write_bytes(b"half")
    volumes.ensure_disk(tmp_path / "data.img", DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["data.img"]


def test_a_disk_that_has_no_room_says_so(tmp_path: Path) -> None:
    (tmp_path / "data.img").mkdir()
    with pytest.raises(HostError, match=r"data\.img"):
        volumes._extend(tmp_path / "data.img", MIB)


def test_mount_points_are_unescaped_and_in_order() -> None:
    text = "27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 7:0 / /a\\040b/\\303\\244 rw - ext4 /dev/loop0 rw\n"
    assert volumes.mount_points(text) == ("/", "/a b/ä")
    assert volumes.mount_points("") == ()


def test_what_is_no_file_system_header_is_refused() -> None:
    assert volumes.filesystem_size("Block count:   10\nBlock size: 4096\nOther: x: y\n") == 40960
    with pytest.raises(HostError):
        volumes.filesystem_size("Block count: many\n")


def test_unmounting_where_nothing_is_mounted_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    assert not volumes.mounted(tmp_path / "place")
    volumes.unmount(tmp_path / "place")
    volumes.unmount_below(tmp_path)
    assert not (tmp_path / "place").exists()
