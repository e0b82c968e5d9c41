"""Sized volumes: an ext4 file system in a file, mounted by the host into a folder that the machine sees.

The seed folder of a machine is bound into it with slave propagation (`rslave`), so what the host
mounts below `seed/volumes/` appears inside a running machine too; there it is bound to its place.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from mattone import process
from mattone.errors import HostError, InputError
from mattone.machines.interface import Volume

_HINT = "volumes need loop devices and ext4; `mattone doctor` checks them"


def _tool(program: str) -> str:
    # These live in /sbin, which is not on everybody's PATH.
    return process.require(program, hint=_HINT)


class VolumeInUse(HostError):
    """A running machine uses the volume, and the change has to wait until it is switched off."""


def mounted(path: Path) -> bool:
    """Whether something is mounted exactly there."""
    return str(path) in mount_points(Path("/proc/self/mountinfo").read_text())


def mount_points(mountinfo: str) -> tuple[str, ...]:
    """The mount points in the text of /proc/PID/mountinfo (proc_pid_mountinfo(5), field 5), unescaped, in its order."""
    return tuple(
        line.split(" ")[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
        for line in mountinfo.splitlines()
        if line.count(" ") >= 4
    )


def ensure_disk(disk: Path, volume: Volume) -> None:
    """Make the disk file with its file system, or grow the file. Raises InputError when it would shrink."""
    disk.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not disk.exists():
        for stale in disk.parent.glob(f"{disk.name}.new.*"):
            stale.unlink(missing_ok=True)
        fresh = disk.with_name(f"{disk.name}.new.{os.getpid()}.{time.monotonic_ns()}")
        _extend(fresh, volume.size)
        process.run([_tool("mkfs.ext4"), "-q", "-F", "-m", "0", "-L", volume.name[:16], str(fresh)], timeout=300)
        fresh.replace(disk)
        return
    check_growth(disk, volume)
    if disk.stat().st_size < volume.size:
        _extend(disk, volume.size)


def check_growth(disk: Path, volume: Volume) -> None:
    """Refuse to make a volume smaller than its disk. Raises InputError."""
    size = disk.stat().st_size if disk.exists() else 0
    if size > volume.size:
        raise InputError(
            f"volume {volume.name} has {size} bytes and cannot shrink to {volume.size}",
            hint="a volume only grows; to have a smaller one, make a new volume and copy",
        )


def _extend(disk: Path, size: int) -> None:
    try:
        with disk.open("ab") as stream:
            stream.truncate(size)
    except OSError as error:
        raise HostError(f"cannot give {disk} {size} bytes: {error.strerror}", hint="the disk may be full") from error


def mount(disk: Path, folder: Path) -> None:
    """Mount a disk file at a folder of the host, its file system as large as the disk. Twice is as good as once.

    Raises VolumeInUse when it is mounted already, has to grow, and this host does not let a
    mounted file system grow (that takes CAP_SYS_RESOURCE, which hosts in containers may lack).
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if mounted(folder):
        if _must_grow(disk):
            _grow_mounted(disk, folder)
        return
    if _must_grow(disk):
        process.run([_tool("e2fsck"), "-p", "-f", str(disk)], accept=(0, 1), timeout=3600)
        process.run([_tool("resize2fs"), str(disk)], timeout=3600)
    try:
        process.run(["mount", "-t", "ext4", "-o", "loop,nosuid,nodev", str(disk), str(folder)], timeout=60)
    except process.CommandFailed as error:
        raise HostError(f"cannot mount volume {disk.stem}: {error.message}", hint=_HINT) from error


def _must_grow(disk: Path) -> bool:
    # The last, incomplete group of blocks may stay unused: a file system is close to its disk's size, not equal.
    return (
        disk.stat().st_size - filesystem_size(process.run([_tool("dumpe2fs"), "-h", str(disk)]).output) >= 1024 * 1024
    )


def filesystem_size(header: str) -> int:
    """The bytes of a file system, from what `dumpe2fs -h` says of it. Raises HostError when it says nothing useful."""
    fields = dict(line.split(":", 1) for line in header.splitlines() if ":" in line)
    try:
        return int(fields["Block count"]) * int(fields["Block size"])
    except (KeyError, ValueError):
        raise HostError("the file system of a volume cannot be read", hint="check it with e2fsck") from None


def _grow_mounted(disk: Path, folder: Path) -> None:
    found = process.run(["findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", str(folder)]).output
    device = found.split()[-1]
    process.run([_tool("losetup"), "--set-capacity", device], timeout=60)
    answer = process.run([_tool("resize2fs"), device], accept=(0, 1), timeout=600)
    if answer.code:
        raise VolumeInUse(
            f"volume {disk.stem} cannot grow while it is mounted: {answer.errors.strip().splitlines()[-1]}",
            hint="it grows when its machine is started the next time",
        )


def unmount(folder: Path) -> None:
    """Take a volume off the host's folder; its loop device goes with the last mount."""
    for _ in range(8):  # a mount may lie over another after a crash
        if not mounted(folder):
            break
        process.run(["umount", "--lazy", str(folder)], timeout=60)
    with contextlib.suppress(OSError):
        folder.rmdir()


def unmount_below(folder: Path) -> None:
    """Take off every mount at or below a folder, the innermost first, so that it can be removed."""
    points = [Path(point) for point in mount_points(Path("/proc/self/mountinfo").read_text())]
    for point in reversed([point for point in points if point.is_relative_to(folder)]):
        process.run(["umount", "--lazy", str(point)], accept=(0, 1, 32), timeout=60)
    left = [
        point for point in mount_points(Path("/proc/self/mountinfo").read_text()) if Path(point).is_relative_to(folder)
    ]
    if left:
        raise HostError(f"{left[0]} cannot be unmounted", hint="find what uses it with `fuser -m`, then try again")


def share(folder: Path) -> None:
    """Make a folder a mount of its own that passes later mounts on to the machines."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if not mounted(folder):
        process.run(["mount", "--bind", str(folder), str(folder)])
    process.run(["mount", "--make-rshared", str(folder)])


def bind_inside(pid: int, volume: Volume) -> None:
    """Bind a volume to its place inside the running machine with that first process."""
    inside = mount_points(Path(f"/proc/{pid}/mountinfo").read_text())
    if volume.mount in inside:
        return
    seen = f"/.machine/volumes/{volume.name}"
    if seen not in inside:
        raise HostError(
            f"volume {volume.name} does not show up in the running machine", hint="stop and start the machine"
        )
    enter = ["nsenter", "--target", str(pid), "--mount", "--"]
    process.run([*enter, "mkdir", "-p", "--", volume.mount])
    process.run([*enter, "mount", "--bind", seen, volume.mount])


def unbind_inside(pid: int, volume: Volume) -> None:
    """Take a volume off its place inside a running machine. Raises HostError while something uses it."""
    if volume.mount not in mount_points(Path(f"/proc/{pid}/mountinfo").read_text()):
        return
    enter = ["nsenter", "--target", str(pid), "--mount", "--"]
    if process.run([*enter, "umount", "--", volume.mount], accept=(0, 1, 32)).code:
        raise HostError(
            f"volume {volume.name} is in use at {volume.mount}", hint="stop what uses it, or stop the machine first"
        )
