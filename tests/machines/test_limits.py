"""Which control group files carry the limits, for each layout of control groups that hosts have."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.errors import HostError
from mattone.machines import limits

V1_MOUNTS = """\
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V1_GROUPS = """\
9:name=systemd:/mattone-1/libpod-ab/init.scope
4:memory:/mattone-1/libpod-ab
1:cpu,cpuacct:/mattone-1/libpod-ab
0::/
"""
V2_MOUNTS = "28 24 0:25 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


def test_version_1_hosts_and_hybrids_use_the_controllers_own_hierarchies() -> None:
    assert limits.files(V1_GROUPS, V1_MOUNTS, 1.5, 512) == (
        (Path("/sys/fs/cgroup/memory/mattone-1/libpod-ab/memory.limit_in_bytes"), "536870912"),
        (Path("/sys/fs/cgroup/memory/mattone-1/libpod-ab/memory.memsw.limit_in_bytes"), "536870912"),
        (Path("/sys/fs/cgroup/cpu,cpuacct/mattone-1/libpod-ab/cpu.cfs_period_us"), "100000"),
        (Path("/sys/fs/cgroup/cpu,cpuacct/mattone-1/libpod-ab/cpu.cfs_quota_us"), "150000"),
    )


def test_version_2_hosts_use_the_machines_own_group_above_systemds() -> None:
    assert limits.files("0::/mattone-1/libpod-ab/init.scope\n", V2_MOUNTS, 0.5, 256) == (
        (Path("/sys/fs/cgroup/mattone-1/libpod-ab/memory.max"), "268435456"),
        (Path("/sys/fs/cgroup/mattone-1/libpod-ab/memory.swap.max"), "0"),
        (Path("/sys/fs/cgroup/mattone-1/libpod-ab/cpu.max"), "50000 100000"),
    )


def test_a_host_without_control_groups_is_told_so() -> None:
    with pytest.raises(HostError, match="control groups"):
        limits.files("0::/\n", "22 27 0:21 / /proc rw - proc proc rw\n", 1, 512)
