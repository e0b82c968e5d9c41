"""From the Compute nodes of a template to machines: which there must be, and making it so."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mattone import process
from mattone.engines.infrastructure_manager.topology import BLOCK_STORAGE, Topology, hosted
from mattone.errors import InputError
from mattone.machines.interface import Machine, MachineHost, MachineSpec, PortRule, Power, Volume
from mattone.tosca.definitions import capabilities_of
from mattone.tosca.spots import show
from mattone.tosca.units import scalar_unit

CONTROLLER = "controller"
REMOTE, DEPLOYMENT, OPERATION, NODE, INDEX = (
    f"mattone.{word}" for word in ("remote", "deployment", "operation", "node", "index")
)
_AT_ONCE = 4  # machines that boot side by side; more only makes each slower
_MOST = 100  # machines of one node
_DEFAULT_MEMORY = 1024
_SMALLEST_MEMORY = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """One machine that a template asks for: the n-th (from 0) of a Compute node."""

    node: str
    index: int
    spec: MachineSpec


def remote_id(deployment: str) -> str:
    """The engine's id for a deployment: the same for ever, readable, and a DNS label of at most 39 characters."""
    return f"{_slug(deployment)[:30].strip('-')}-{_digest(deployment)}"


def wishes(topology: Topology, deployment: str, operation: str) -> tuple[Wish, ...]:
    """The machines that a template asks for, in its order. Raises InputError for what no machine can be."""
    return tuple(
        Wish(node, index, _spec(topology, node, index, deployment, operation))
        for node in topology.computes()
        for index in range(_count(topology, node))
    )


def _count(topology: Topology, node: str) -> int:
    for name in ("count", "default_instances", "min_instances"):
        wanted = topology.capability(node, "scalable", name)
        if wanted is not None:
            if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted <= _MOST:
                raise InputError(f"node `{show(node)}` cannot have {show(wanted)} machines", hint=f"0 to {_MOST}")
            return wanted
    return 1


def _spec(topology: Topology, node: str, index: int, deployment: str, operation: str) -> MachineSpec:
    remote = remote_id(deployment)
    end = f"-{_digest(f'{deployment}/{node}/{index}')}"
    name = f"{_slug(deployment)[:24].strip('-')}-{_slug(node)[:24].strip('-')}-{index}"
    labels = {REMOTE: remote, DEPLOYMENT: deployment, OPERATION: operation, NODE: node, INDEX: str(index)}
    cpus = topology.capability(node, "host", "num_cpus")
    return MachineSpec(
        name=name.strip("-") + end,
        cpus=float(cpus) if isinstance(cpus, int | float) and not isinstance(cpus, bool) else 1.0,
        memory=_memory(topology.capability(node, "host", "mem_size"), node),
        volumes=_volumes(topology, node),
        ports=_ports(topology, node),
        labels=labels,
    )


def _memory(size: Any, node: str) -> int:
    if size is None:
        return _DEFAULT_MEMORY
    return max(_SMALLEST_MEMORY, int(_bytes(size, f"`mem_size` of node `{show(node)}`") / (1 << 20)))


def _bytes(size: Any, label: str) -> float:
    found = scalar_unit("scalar-unit.size", size)
    if found is None:
        raise InputError(f"{label} is no size: {show(size)}", hint="as `4 GB`")
    return found


def _volumes(topology: Topology, node: str) -> tuple[Volume, ...]:
    """The disks attached through `AttachesTo`; one of size 0 means no disk."""
    found = []
    for link in topology.links(node):
        if not (link.is_a("AttachesTo") and topology.is_a(link.target, BLOCK_STORAGE)):
            continue
        label = f"`size` of node `{show(link.target)}`"
        size = int(_bytes(topology.property(link.target, "size") or "0 GB", label))
        if size:
            mount = str(link.properties.get("location") or f"/mnt/{_slug(link.target)}")
            found.append(Volume(_slug(link.target)[:50].strip("-"), size, mount))
    return tuple(found)


def _ports(topology: Topology, node: str) -> tuple[PortRule, ...]:
    """The ports of every endpoint on the machine: its own and those of the software on it."""
    found: dict[PortRule, None] = {}
    for name in hosted(topology, node):
        for capability, definition in capabilities_of(topology.nodes[name].type or _no_type(name)).items():
            if definition.type is None or all(
                one.name != "tosca.capabilities.Endpoint" for one in definition.type.lineage
            ):
                continue
            ports = topology.capability(name, capability, "ports")
            for port in ports.values() if isinstance(ports, Mapping) else ():
                found[_rule(port, name)] = None
    return tuple(found)


def _no_type(node: str) -> Any:
    raise InputError(f"node `{show(node)}` has an unknown type")


def _rule(port: Any, node: str) -> PortRule:
    """One `PortSpec` (TOSCA Simple Profile 1.3, 5.3.8, and INDIGO's `remote_cidr`)."""
    if not isinstance(port, Mapping):
        raise InputError(f"a port of node `{show(node)}` is no PortSpec: {show(port)}")
    span = port.get("source_range") or port.get("target_range")
    single = port.get("target") or port.get("source")
    bounds = span if isinstance(span, list) else [single, single]
    first, last = bounds if len(bounds) == 2 else (None, None)
    if not (isinstance(first, int) and isinstance(last, int)):
        raise InputError(f"a port of node `{show(node)}` says neither which port nor which range")
    source = port.get("remote_cidr") or "0.0.0.0/0"
    return PortRule(str(port.get("protocol") or "tcp"), first, last, str(source))


def settle(host: MachineHost, wanted: Sequence[Wish], existing: Sequence[Machine]) -> tuple[Machine, ...]:
    """Make, change or start every wanted machine, in parallel; return them in the order of the wishes.

    A machine keeps its name, address and disks when only its size, ports or disks change.
    """
    known = {machine.spec.name: machine for machine in existing}
    with process.parallel(_AT_ONCE) as workers:
        return workers.map(lambda wish: _settle_one(host, wish.spec, known.get(wish.spec.name)), wanted)


def _settle_one(host: MachineHost, spec: MachineSpec, machine: Machine | None) -> Machine:
    if machine is None:
        return host.create(spec)
    if machine.power is not Power.RUNNING:  # stopped, or half made when mattone was killed
        machine = host.start(spec.name)
    if (machine.spec.cpus, machine.spec.memory) != (spec.cpus, spec.memory):
        machine = host.resize(spec.name, spec.cpus, spec.memory)
    if machine.spec.ports != spec.ports:
        machine = host.set_ports(spec.name, spec.ports)
    if machine.spec.volumes != spec.volumes:
        machine = host.attach(spec.name, spec.volumes)
    return machine


def place(machine: Machine) -> tuple[str, int]:
    """Where a machine stands among those of its deployment: its node, and its number there."""
    labels = machine.spec.labels
    return labels.get(NODE, ""), int(labels.get(INDEX, "0"))


def remove(host: MachineHost, machines: Sequence[Machine]) -> None:
    """Delete machines with their disks, in parallel."""
    with process.parallel(_AT_ONCE) as workers:
        workers.map(lambda machine: host.delete(machine.spec.name), machines)


def addresses(wanted: Sequence[Wish], machines: Sequence[Machine]) -> dict[str, list[str]]:
    """The addresses of each Compute node's machines, in order."""
    found: dict[str, list[str]] = {}
    for wish, machine in zip(wanted, machines, strict=True):
        found.setdefault(wish.node, []).append(machine.address)
    return found


def placeholders(wanted: Sequence[Wish]) -> dict[str, list[str]]:
    """Addresses as `addresses` will give them, before there are any: for trying out a template."""
    found: dict[str, list[str]] = {}
    for wish in wanted:
        found.setdefault(wish.node, []).append("0.0.0.0")  # noqa: S104  (stands for any address; nothing binds it)
    return found


def controller(host: MachineHost) -> Machine:
    """The machine on which Ansible runs for all deployments of a workspace, made or started where it is not."""
    for machine in host.list(_CONTROLLER.labels):
        return machine if machine.power is Power.RUNNING else host.start(machine.spec.name)
    return host.create(_CONTROLLER)


_CONTROLLER = MachineSpec(name=CONTROLLER, image="controller", cpus=2, memory=1024, labels={"mattone.role": CONTROLLER})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
