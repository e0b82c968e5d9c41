"""The document that IM receives: machines by address, one playbook a node, plain values, our marks.

What IM's parser cannot digest, or reads in its own way, never reaches it: custom data types,
constraints, defaults, interface inheritance, functions, several machines of one node (its connector
for machines that exist gives all of them one address) and sizes (the machines are ours). Each
machine becomes a Compute node with a port to say its address; software is repeated for each machine
of its host, and keeps its dependencies, by which IM orders the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mattone.engines.infrastructure_manager.topology import COMPUTE, Topology

# Names under which `Remote` is found again, in the metadata of the document.
# PROCESS is the instance of IM that configures it: another one, after a kill, knows of it but does nothing.
REMOTE, DEPLOYMENT, OPERATION, PROCESS = (
    f"mattone_{word}" for word in ("remote", "deployment", "operation", "process")
)
_SOFTWARE = "mattone.nodes.Software"
_INDIGO_COMPUTE = "tosca.nodes.indigo.Compute"  # the type whose `ansible_output` IM can evaluate

_TYPES: dict[str, Any] = {
    "capability_types": {
        "mattone.capabilities.OperatingSystem": {
            "derived_from": "tosca.capabilities.OperatingSystem",
            "properties": {
                "image": {"type": "string", "required": False},
                "credential": {"type": "tosca.datatypes.Credential", "required": False},
            },
        }
    },
    "node_types": {
        _INDIGO_COMPUTE: {
            "derived_from": COMPUTE,
            "capabilities": {"os": {"type": "mattone.capabilities.OperatingSystem"}},
        },
        _SOFTWARE: {"derived_from": "tosca.nodes.SoftwareComponent"},
        "tosca.nodes.im.AnsibleHost": {
            "derived_from": "tosca.nodes.Root",
            "properties": {
                "host": {"type": "string"},
                "credential": {"type": "tosca.datatypes.Credential"},
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Access:
    """How to log in to every machine: the account, the private key, and where Ansible runs."""

    user: str
    key: str
    controller: str

    @property
    def credential(self) -> dict[str, str]:
        return {"user": self.user, "token_type": "private_key", "token": self.key}


def machine_node(node: str, index: int) -> str:
    """IM's name for the n-th machine (from 0) of a node, and for the n-th copy of software: `server`, `server_2`."""
    return node if index == 0 else f"{node}_{index + 1}"


def document(
    topology: Topology,
    addresses: Mapping[str, Sequence[str]],
    playbooks: Mapping[str, Path],
    access: Access,
    marks: Mapping[str, str],
) -> str:
    """The template for IM as YAML text.

    addresses   of each Compute node's machines, in order; a node without any is left out with what it hosts
    playbooks   node name to its playbook, an absolute path
    marks       metadata by which the infrastructure is found again
    """
    nodes: dict[str, Any] = {
        "mattone-controller": {
            "type": "tosca.nodes.im.AnsibleHost",
            "properties": {"host": access.controller, "credential": access.credential},
        },
        "mattone-network": {"type": "tosca.nodes.network.Network", "properties": {"network_type": "public"}},
    }
    for name in topology.nodes:
        host = topology.host(name)
        for index, address in enumerate(addresses.get(host or "", ())):
            body = _compute(address, access) if host == name else _software(topology, name, index)
            body["requirements"] = body.get("requirements", []) + _dependencies(topology, name, addresses)
            if name in playbooks:
                body["interfaces"] = {"Standard": {"configure": {"implementation": playbooks[name].as_uri()}}}
            nodes[machine_node(name, index)] = body
            if host == name:
                nodes[f"mattone-port-{machine_node(name, index)}"] = _port(machine_node(name, index), address)
    outputs = {name: {"value": value} for name, value in topology.outputs().items()}
    return yaml.safe_dump(
        {
            "tosca_definitions_version": "tosca_simple_yaml_1_0",
            "metadata": {"infra_name": marks[REMOTE], **marks},
            **_TYPES,
            "topology_template": {"node_templates": nodes, **({"outputs": outputs} if outputs else {})},
        },
        sort_keys=False,
        allow_unicode=True,
    )


def _compute(address: str, access: Access) -> dict[str, Any]:
    system = {"type": "linux", "image": f"deployed://{address}", "credential": access.credential}
    return {"type": _INDIGO_COMPUTE, "capabilities": {"os": {"properties": system}}}


def _port(machine: str, address: str) -> dict[str, Any]:
    return {
        "type": "tosca.nodes.network.Port",
        "properties": {"ip_address": address, "order": 0},
        "requirements": [{"binding": machine}, {"link": "mattone-network"}],
    }


def _software(topology: Topology, node: str, index: int) -> dict[str, Any]:
    hosts = [link.target for link in topology.links(node) if link.is_a("HostedOn")]
    requirements: list[dict[str, Any]] = [{"host": machine_node(hosts[0], index)}]
    return {"type": _SOFTWARE, "requirements": requirements}


def _dependencies(topology: Topology, node: str, addresses: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What must be configured before this node: all copies of what it depends on or connects to."""
    found = []
    for link in topology.links(node):
        if link.is_a("HostedOn") or link.is_a("AttachesTo"):
            continue
        copies = len(addresses.get(topology.host(link.target) or "", ()))
        found += [{"dependency": machine_node(link.target, index)} for index in range(copies)]
    return found
