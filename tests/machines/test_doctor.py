"""What the doctor makes of hosts that lack something. That this host is examined for real is tested too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mattone.errors import HostError
from mattone.machines import doctor

GOOD = doctor.Seen(
    python=(3, 11),
    git="git version 2.39.5",
    ssh="/usr/bin/ssh",
    user=0,
    podman="podman version 4.3.1",
    runtime="/usr/bin/runc",
    netavark="/usr/lib/podman/netavark",
    programs=dict.fromkeys(("mmdebstrap", "nft", "ip", "nsenter", "losetup", "findmnt"), "/usr/bin/x")
    | dict.fromkeys(("mkfs.ext4", "resize2fs", "dumpe2fs"), "/sbin/x"),
    controllers=frozenset(("cpu", "memory", "pids")),
    cgroups_writable=True,
    loop_devices=True,
    filesystems=frozenset(("ext4", "overlay")),
    distribution="debian bookworm",
    trouble="",
    free=10 * 1024**3,
)


def failing(seen: doctor.Seen) -> dict[str, str]:
    return {check.name: check.remedy for check in doctor.examine(seen) if not check.ok}


def test_a_good_host_passes_every_check() -> None:
    assert failing(GOOD) == {}
    assert doctor.verdict(doctor.examine(GOOD)) == (True, "real machines can run on this host")


@pytest.mark.parametrize(
    ("seen", "name", "remedy"),
    [
        (replace(GOOD, python=(3, 10)), "python", "3.11"),
        (replace(GOOD, git="git version 2.30.2"), "git", "apt-get install git"),
        (replace(GOOD, git=""), "git", "apt-get install git"),
        (replace(GOOD, ssh=""), "ssh client", "openssh-client"),
        (replace(GOOD, user=1000), "root", "sudo"),
        (replace(GOOD, podman=""), "podman", "apt-get install podman"),
        (replace(GOOD, podman="podman version 3.4.4"), "podman", "apt-get install podman"),
        (replace(GOOD, runtime=""), "container runtime", "runc"),
        (replace(GOOD, netavark=""), "container network", "netavark"),
        (
            replace(GOOD, programs={**GOOD.programs, "nft": "", "mkfs.ext4": ""}),
            "tools",
            "apt-get install e2fsprogs nftables",
        ),
        (replace(GOOD, controllers=frozenset(("cpu",))), "control groups", "--privileged"),
        (replace(GOOD, cgroups_writable=False), "control groups", "root"),
        (replace(GOOD, filesystems=frozenset()), "overlay file system", "modprobe overlay"),
        (replace(GOOD, loop_devices=False), "loop devices", "modprobe loop"),
        (replace(GOOD, trouble="this host is 'fedora'"), "distribution", "Ubuntu"),
        (replace(GOOD, free=1024**3), "free disk", "free some space"),
    ],
)
def test_each_lack_is_one_failing_check_with_its_remedy(seen: doctor.Seen, name: str, remedy: str) -> None:
    found = failing(seen)
    assert list(found) == [name]
    assert remedy in found[name]


def test_the_verdict_is_one_line_with_every_reason() -> None:
    able, line = doctor.verdict(doctor.examine(replace(GOOD, podman="", user=1000)))
    assert not able
    assert "\n" not in line
    assert "podman: not found (apt-get install podman)" in line
    assert "root: user id 1000 (run as root, or with sudo)" in line


def test_what_works_without_machines_is_told_apart() -> None:
    general = [check.name for check in doctor.examine(GOOD) if not check.machines]
    assert general == ["python", "git", "ssh client"]


def test_this_host_is_looked_at_without_touching_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    checks = {check.name: check for check in doctor.check(folder)}
    assert checks["python"].ok
    assert checks["git"].detail.startswith("git version")
    assert "GiB free" in checks["free disk"].detail
    assert not folder.exists()


def test_require_raises_all_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gather", lambda _folder: replace(GOOD, netavark=""))
    with pytest.raises(HostError, match="no netavark"):
        doctor.require(tmp_path)
