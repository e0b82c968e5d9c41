"""What this host has and lacks for mattone, and for real machines on it.

`gather` looks, `examine` judges: a pure function from what was seen to a tuple of checks, which
the command `mattone doctor` prints.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mattone import process
from mattone.errors import HostError, MattoneError
from mattone.machines import surroundings
from mattone.machines.image import NEEDED_SPACE

PYTHON = (3, 11)
GIT = (2, 38)  # the first with `git merge-tree --write-tree`
PODMAN = (4, 3)

# Program -> the package of Debian and Ubuntu that has it.
_MACHINE_PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mkfs.ext4": "e2fsprogs",
    "resize2fs": "e2fsprogs",
    "dumpe2fs": "e2fsprogs",
    "losetup": "mount",
    "findmnt": "util-linux",
}
_NETAVARK = ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark", "/usr/local/libexec/podman/netavark")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do when it is not good enough.

    `machines` marks what only real machines need: all else works without it.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    machines: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen on a host. Versions as programs print them, "" for what is not there; space in bytes."""

    python: tuple[int, int]
    git: str
    ssh: str
    user: int
    podman: str
    runtime: str
    netavark: str
    programs: Mapping[str, str]
    controllers: frozenset[str]
    cgroups_writable: bool
    loop_devices: bool
    filesystems: frozenset[str]
    distribution: str
    trouble: str
    free: int


def check(folder: Path) -> tuple[Check, ...]:
    """Look at this host and judge it; `folder` is where machines and images would be kept (it may be missing)."""
    return examine(gather(folder))


def gather(folder: Path) -> Seen:
    """Look at this host, changing nothing."""
    distribution, trouble = _distribution()
    return Seen(
        python=(sys.version_info.major, sys.version_info.minor),
        git=_version("git", "--version"),
        ssh=process.find("ssh") or "" if process.find("ssh-keygen") else "",
        user=os.geteuid(),
        podman=_version("podman", "--version"),
        runtime=process.find("runc") or process.find("crun") or "",
        netavark=next((path for path in _NETAVARK if Path(path).exists()), ""),
        programs={program: process.find(program) or "" for program in _MACHINE_PROGRAMS},
        controllers=_controllers(),
        cgroups_writable=os.access("/sys/fs/cgroup", os.W_OK),
        loop_devices=Path("/dev/loop-control").exists(),
        filesystems=_filesystems(),
        distribution=distribution,
        trouble=trouble,
        free=shutil.disk_usage(_existing(folder)).free,
    )


def examine(seen: Seen) -> tuple[Check, ...]:
    """Judge what was seen: first what everything needs, then what real machines need."""
    return (*_everywhere(seen), *_tools(seen), *_kernel(seen))


def _everywhere(seen: Seen) -> tuple[Check, ...]:
    python = ".".join(map(str, seen.python))
    return (
        Check("python", seen.python >= PYTHON, python, f"install Python {_text(PYTHON)} or newer", machines=False),
        _at_least("git", seen.git, GIT, "apt-get install git (Debian 12, Ubuntu 24.04 or newer)", machines=False),
        Check("ssh client", bool(seen.ssh), seen.ssh or "not found", "apt-get install openssh-client", machines=False),
    )


def _tools(seen: Seen) -> tuple[Check, ...]:
    missing = {program: package for program, package in _MACHINE_PROGRAMS.items() if not seen.programs.get(program)}
    packages = " ".join(sorted(set(missing.values())))
    return (
        _at_least("podman", seen.podman, PODMAN, "apt-get install podman"),
        Check("container runtime", bool(seen.runtime), seen.runtime or "neither runc nor crun", "apt-get install runc"),
        Check("container network", bool(seen.netavark), seen.netavark or "no netavark", "apt-get install netavark"),
        Check(
            "tools",
            not missing,
            f"not found: {', '.join(missing)}" if missing else ", ".join(_MACHINE_PROGRAMS),
            f"apt-get install {packages}" if missing else "",
        ),
        Check("distribution", not seen.trouble, seen.trouble or seen.distribution, "run on Debian 12 or Ubuntu 24.04"),
    )


def _kernel(seen: Seen) -> tuple[Check, ...]:
    groups = {"cpu", "memory"} <= seen.controllers and seen.cgroups_writable
    named = ", ".join(sorted(seen.controllers & {"cpu", "memory", "pids"})) or "no controllers"
    overlay = "overlay" in seen.filesystems
    return (
        Check("root", seen.user == 0, f"user id {seen.user}", "run as root, or with sudo"),
        Check(
            "control groups",
            groups,
            named + ("" if seen.cgroups_writable else ", not writable"),
            "run as root, in a container with --privileged --cgroupns=private",
        ),
        Check("overlay file system", overlay, "known" if overlay else "not known", "modprobe overlay"),
        Check(
            "loop devices",
            seen.loop_devices,
            "/dev/loop-control" if seen.loop_devices else "no /dev/loop-control",
            "modprobe loop, or pass the host's /dev to the container",
        ),
        Check(
            "free disk",
            seen.free >= NEEDED_SPACE,
            f"{seen.free / 1024**3:.1f} GiB free, {NEEDED_SPACE / 1024**3:.0f} GiB needed",
            "free some space, or name another folder",
        ),
    )


def verdict(checks: tuple[Check, ...]) -> tuple[bool, str]:
    """Whether real machines can run on this host, and that in one line."""
    lacking = [item for item in checks if not item.ok]
    if not lacking:
        return True, "real machines can run on this host"
    reasons = "; ".join(f"{item.name}: {item.detail} ({item.remedy})" for item in lacking)
    return False, f"real machines cannot run on this host: {reasons}"


def require(folder: Path) -> None:
    """Return when real machines can run here. Raises HostError with all that is missing."""
    able, line = verdict(check(folder))
    if not able:
        raise HostError(line, hint="`mattone doctor` shows every check")


def _at_least(name: str, found: str, wanted: tuple[int, int], remedy: str, *, machines: bool = True) -> Check:
    numbers = re.search(r"(\d+)\.(\d+)", found)
    enough = numbers is not None and (int(numbers.group(1)), int(numbers.group(2))) >= wanted
    detail = found or "not found"
    if found and not enough:
        detail = f"{found}, {_text(wanted)} or newer is needed"
    return Check(name, enough, detail, remedy, machines)


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _version(program: str, *arguments: str) -> str:
    if process.find(program) is None:
        return ""
    try:
        output = process.run([program, *arguments], timeout=30).output
    except MattoneError:
        return ""
    return output.strip().splitlines()[0] if output.strip() else ""


def _distribution() -> tuple[str, str]:
    try:
        host = surroundings.read()
    except (HostError, OSError) as error:
        return "", str(error)
    keyring = Path(f"/usr/share/keyrings/{host.distribution}-archive-keyring.gpg")
    trouble = "" if keyring.exists() else f"{keyring} is missing"
    return f"{host.distribution} {host.suite}", trouble


def _controllers() -> frozenset[str]:
    unified = Path("/sys/fs/cgroup/cgroup.controllers")
    if unified.exists():
        return frozenset(unified.read_text().split())
    mounts = Path("/proc/self/mountinfo").read_text() if Path("/proc/self/mountinfo").exists() else ""
    options = (line.rsplit(" ", 1)[-1].split(",") for line in mounts.splitlines() if " - cgroup " in line)
    return frozenset(option for group in options for option in group)


def _filesystems() -> frozenset[str]:
    try:
        known = frozenset(line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines() if line)
    except OSError:
        return frozenset()
    module = Path("/lib/modules") / os.uname().release / "kernel/fs/overlayfs"
    return known | {"overlay"} if module.exists() else known


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())
