"""From Compute nodes to machines: names, sizes, disks, ports, and bringing what exists to what is wanted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mattone.engines.infrastructure_manager.machines import (
    NODE,
    REMOTE,
    Wish,
    addresses,
    place,
    remote_id,
    remove,
    settle,
    wishes,
)
from mattone.engines.infrastructure_manager.topology import Topology, read
from mattone.errors import InputError
from mattone.machines.interface import PortRule, Power, Volume
from tests.engines.bundle import Bundle
from tests.engines.hosts import DoubleHost

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _wishes(bundle: Bundle, deployment: str = "team/hello", **inputs: Any) -> tuple[Wish, ...]:
    return wishes(Topology(read(bundle.template(**inputs))), deployment, "op-1")


def test_a_node_becomes_a_machine_with_its_disk_and_the_ports_of_all_that_is_on_it(bundle: Bundle) -> None:
    (wish,) = _wishes(bundle)
    assert (wish.node, wish.index) == ("server", 0)
    assert (wish.spec.image, wish.spec.cpus, wish.spec.memory) == ("machine", 1.0, 512)
    assert wish.spec.volumes == (Volume("disk", 64 << 20, "/data"),)
    assert wish.spec.ports == (PortRule("tcp", 22, 22, "10.0.0.0/8"), PortRule("tcp", 8080, 8080))
    assert wish.spec.labels[NODE] == "server"
    assert wish.spec.labels[REMOTE] == remote_id("team/hello")


def test_a_disk_of_size_zero_is_no_disk(bundle: Bundle) -> None:
    assert _wishes(bundle, disk="0 GB")[0].spec.volumes == ()


@pytest.mark.parametrize(
    "deployment", ["team/hello", "T/ä-ü", "x" * 60 + "/" + "y" * 60, "-/-", "team/hello-server-0", "a/b--c"]
)
def test_names_are_labels_that_depend_on_the_deployment_alone(bundle: Bundle, deployment: str) -> None:
    first, second = (_wishes(bundle, deployment, count=2) for _ in range(2))
    assert first == second
    names = [wish.spec.name for wish in first]
    assert len(set(names)) == 2
    assert all(LABEL.fullmatch(name) for name in names)
    assert LABEL.fullmatch(remote_id(deployment))
    assert len(remote_id(deployment)) <= 39


def test_deployments_that_look_alike_in_a_label_stay_apart() -> None:
    alike = ["team/hello", "team-hello", "Team/hello", "team/hello/"]
    assert len({remote_id(name) for name in alike}) == len(alike)


def test_the_count_makes_that_many_machines(bundle: Bundle) -> None:
    assert [wish.index for wish in _wishes(bundle, count=3)] == [0, 1, 2]
    assert _wishes(bundle, count=0) == ()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"count": 1000}, "cannot have 1000 machines"),
        ({"count": -1}, "cannot have -1 machines"),
        ({"count": "many"}, "cannot have many machines"),
        ({"memory": "much"}, "`mem_size` of node `server` is no size"),
        ({"disk": 5}, "`size` of node `disk` is no size"),
    ],
)
def test_what_no_machine_can_be_is_one_message(bundle: Bundle, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _wishes(bundle, **inputs)


@pytest.mark.parametrize("port", [{"protocol": "tcp"}, "22", {"source": "22"}, {"source_range": [1]}])
def test_a_port_that_says_no_port_is_refused(bundle: Bundle, port: Any) -> None:
    template = bundle.template()
    server = template["topology_template"]["node_templates"]["server"]
    server["capabilities"]["endpoint"]["properties"]["ports"] = {"bad": port}
    with pytest.raises(InputError, match="port of node `server`"):
        wishes(Topology(read(template)), "team/hello", "op-1")


def test_a_range_of_ports_is_one_rule(bundle: Bundle) -> None:
    template = bundle.template()
    server = template["topology_template"]["node_templates"]["server"]
    server["capabilities"]["endpoint"]["properties"]["ports"] = {"many": {"protocol": "udp", "source_range": [5, 9]}}
    (wish,) = wishes(Topology(read(template)), "team/hello", "op-1")
    assert wish.spec.ports[0] == PortRule("udp", 5, 9)


def test_a_machine_that_exists_is_changed_and_not_made_again(bundle: Bundle, tmp_path: Path) -> None:
    host = DoubleHost(tmp_path)
    before = _wishes(bundle)
    (machine,) = settle(host, before, ())
    name = machine.spec.name
    assert settle(host, before, (machine,)) == (machine,)
    assert host.calls == [f"create {name}"]

    after = wishes(Topology(read(bundle.template(memory="1 GiB", disk="128 MiB"))), "team/hello", "op-2")
    (changed,) = settle(host, after, (machine,))
    assert host.calls[1:] == [f"resize {name}", f"attach {name}"]
    assert (changed.spec.memory, changed.spec.volumes[0].size) == (1024, 128 << 20)
    assert changed.address == machine.address


def test_a_machine_that_is_off_or_half_made_is_started(bundle: Bundle, tmp_path: Path) -> None:
    host = DoubleHost(tmp_path)
    wanted = _wishes(bundle)
    settle(host, wanted, ())
    stopped = host.stop(wanted[0].spec.name)
    assert settle(host, wanted, (stopped,))[0].power is Power.RUNNING


def test_machines_keep_the_order_of_the_wishes_whoever_is_ready_first(bundle: Bundle, tmp_path: Path) -> None:
    host = DoubleHost(tmp_path)
    wanted = _wishes(bundle, count=5)
    made = settle(host, wanted, ())
    assert [place(machine) for machine in made] == [("server", index) for index in range(5)]
    assert addresses(wanted, made) == {"server": [machine.address for machine in made]}
    remove(host, made)
    assert host.machines == {}
