"""What the orchestrator says of a deployment, as the port's words: phases, and machines as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mattone import redact
from mattone.engines.indigo_orchestrator.answers import Deployment, Resource
from mattone.engines.interface import Observation, Phase, RemoteMachine

COMPUTE = "tosca.nodes.indigo.Compute"  # the one type (with its descendants) that can be started and stopped

_PHASES = {
    "CREATE_IN_PROGRESS": Phase.PENDING,
    "UPDATE_IN_PROGRESS": Phase.PENDING,
    "CREATE_COMPLETE": Phase.READY,
    "UPDATE_COMPLETE": Phase.READY,
    "CREATE_FAILED": Phase.FAILED,
    "UPDATE_FAILED": Phase.FAILED,
    "DELETE_FAILED": Phase.FAILED,
    "DELETE_IN_PROGRESS": Phase.DELETING,
    "DELETE_COMPLETE": Phase.GONE,
}
# `Task`, the step that it is at, for a person who waits.
_TASKS = {
    "MONITORING": "asking the providers' monitoring",
    "QOS": "reading the agreements",
    "BROKERING": "choosing a provider",
    "DMS": "asking for data",
    "DEPLOYER": "the Infrastructure Manager is at work",
}
_ADDRESS = re.compile(r"net_interface\.(\d+)\.ip")
_DISK = re.compile(r"disk\.([1-9]\d*)\.(?:size|free_size)")
_PORT = re.compile(r"(\d{1,5}(?:[-:]\d{1,5})?)/(tcp|udp)(?:-\1/\2)?")


def observation(deployment: Deployment, resources: Sequence[Resource]) -> Observation:
    """The state of a deployment and of its machines."""
    phase, reason = _PHASES.get(deployment.status, Phase.UNKNOWN), deployment.reason
    own = machines(resources)
    if phase is Phase.PENDING:
        reason = reason or _TASKS.get(deployment.task, "")
    elif phase is Phase.FAILED:
        reason = reason or f"the orchestrator says {deployment.status} and not why"
    elif phase is Phase.UNKNOWN:
        reason = f"the orchestrator says {redact.one_line(deployment.status, 60)!r}"
    elif phase is Phase.READY and own and all(machine.state == "stopped" for machine in own):
        phase, reason = Phase.STOPPED, "its machines are switched off"
    return Observation(phase, reason, own, deployment.outputs)


def machines(resources: Sequence[Resource]) -> tuple[RemoteMachine, ...]:
    """The resources that are machines, named by their ids, in the order of their nodes."""
    own = (one for one in resources if one.machine or one.type == COMPUTE)
    return tuple(_machine(one) for one in sorted(own, key=lambda one: (one.node, one.uuid)))


def _machine(resource: Resource) -> RemoteMachine:
    system = next((part for part in resource.info if part.get("class") == "system"), {})
    networks = [part for part in resource.info if part.get("class") == "network"]
    return RemoteMachine(
        name=resource.uuid,
        node=redact.one_line(resource.node, 200),
        state=resource.state.lower(),
        address=_address(system, networks),
        cpus=_number(system.get("cpu.count")),
        memory=int(_number(system.get("memory.size"))) >> 20,
        volumes=_volumes(system),
        ports=tuple(sorted({port for network in networks for port in _ports(network.get("outports"))})),
    )


def _address(system: Mapping[str, Any], networks: Sequence[Mapping[str, Any]]) -> str:
    """The address on a network with a way out, else the first there is."""
    public = {network.get("id") for network in networks if network.get("outbound") == "yes"}
    found = {}
    for key, value in system.items():
        if (match := _ADDRESS.fullmatch(str(key))) and isinstance(value, str):
            found[int(match[1])] = value
    outside = (found[n] for n in sorted(found) if system.get(f"net_interface.{n}.connection") in public)
    address = next(outside, found[min(found)] if found else "")
    return redact.one_line(address, 60)


def _volumes(system: Mapping[str, Any]) -> dict[str, int]:
    """Bytes of every disk but the first, which holds the system."""
    found = {}
    for key, value in system.items():
        if match := _DISK.fullmatch(str(key)):
            found[f"disk{match[1]}"] = int(_number(value))
    return found


def _ports(value: Any) -> list[str]:
    """`22/tcp-22/tcp,80/tcp-80/tcp` (RADL: outside-inside) as `22/tcp`, `80/tcp`; others as they are written."""
    if not isinstance(value, str):
        return []
    written = [part.strip() for part in value.split(",") if part.strip()]
    ports = []
    for part in written:
        match = _PORT.fullmatch(part)
        ports.append(f"{match[1].replace(':', '-')}/{match[2]}" if match else redact.one_line(part, 60))
    return ports


def _number(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 60
    return float(value) if good else 0.0
