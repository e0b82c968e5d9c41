"""What a machine may be asked to be."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.machines import specs
from mattone.machines.interface import MachineSpec, PortRule, Volume

MIB = 1024 * 1024
GOOD = MachineSpec(
    name="web-1",
    cpus=0.5,
    memory=512,
    volumes=(Volume("data", 64 * MIB, "/data"), Volume("db", 64 * MIB, "/var/lib/mysql")),
    ports=(
        PortRule("tcp", 80, 80),
        PortRule("udp", 5000, 5010, "192.0.2.0/24"),
        PortRule("tcp", 1, 65535, "2001:db8::/32"),
    ),
    labels={"deployment": "physics/web"},
)


def test_a_good_spec_passes_and_survives_json() -> None:
    specs.check(GOOD)
    assert specs.from_json(json.loads(json.dumps(specs.to_json(GOOD)))) == GOOD


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a_b", "a/b", "..", "a" * 64, "a\n", "ä"])
def test_a_name_that_is_no_dns_label_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="DNS label"):
        specs.check(replace(GOOD, name=name))


def test_an_unknown_image_names_those_that_exist() -> None:
    with pytest.raises(InputError) as caught:
        specs.check(replace(GOOD, image="windows"))
    assert "controller" in caught.value.hint


@pytest.mark.parametrize("cpus", [0, -1, 0.01, 1000, math.inf, math.nan])
def test_impossible_processors_are_refused(cpus: float) -> None:
    with pytest.raises(InputError, match="processors"):
        specs.check_size(cpus, 1024)


def test_memory_that_does_not_boot_is_refused() -> None:
    with pytest.raises(InputError, match="memory"):
        specs.check_size(1, 64)


@pytest.mark.parametrize(
    "mount",
    [
        "",
        "data",
        "/",
        "/etc",
        "/etc/ssh",
        "/usr",
        "/var",
        "/proc/sys",
        "/data/../etc",
        "/data/./x",
        "/data/",
        "//data",
        "/a b",
        "/a;b",
        "/data\n",
        "/home/cloudadm",
        "/run/x",
        "/.machine/volumes",
        "/tmp",
    ],
)
def test_a_mount_point_that_would_hide_the_system_is_refused(mount: str) -> None:
    with pytest.raises(InputError):
        specs.check_volumes((Volume("data", 64 * MIB, mount),))


@pytest.mark.parametrize("mount", ["/data", "/srv/www", "/home/alice", "/var/lib/postgresql", "/opt/x.y_z-1"])
def test_ordinary_mount_points_pass(mount: str) -> None:
    specs.check_volumes((Volume("data", 64 * MIB, mount),))


def test_volumes_with_one_name_or_within_each_other_or_too_small_are_refused() -> None:
    one = Volume("data", 64 * MIB, "/data")
    for other in (replace(one, mount="/other"), replace(one, name="b"), replace(one, name="b", mount="/data/deeper")):
        with pytest.raises(InputError):
            specs.check_volumes((one, other))
    with pytest.raises(InputError, match="too small"):
        specs.check_volumes((replace(one, size=1024),))


@pytest.mark.parametrize(
    "rule",
    [
        PortRule("icmp", 1, 1),
        PortRule("tcp", 0, 1),
        PortRule("tcp", 2, 1),
        PortRule("tcp", 1, 65536),
        PortRule("tcp", 22, 22, "everywhere"),
        PortRule("tcp", 22, 22, "192.0.2.1/24"),
        PortRule("tcp", 22, 22, "0.0.0.0/0; flush ruleset"),
    ],
)
def test_port_rules_that_mean_nothing_are_refused(rule: PortRule) -> None:
    with pytest.raises(InputError):
        specs.check_ports((rule,))


@given(st.text(max_size=70))
def test_any_accepted_name_is_a_single_harmless_path_part(name: str) -> None:
    try:
        specs.check(MachineSpec(name))
    except InputError:
        return
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(name) < 64
