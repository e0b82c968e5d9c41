"""The document for IM: plain, whole, and understood by the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone.engines.infrastructure_manager.client import Client
from mattone.engines.infrastructure_manager.supervisor import Supervisor
from mattone.engines.infrastructure_manager.topology import Topology, read
from mattone.engines.infrastructure_manager.translate import Access, document, machine_node
from tests.engines.bundle import Bundle

MARKS = {"mattone_remote": "team-hello-1", "mattone_deployment": "team/hello", "mattone_operation": "op-1"}
ACCESS = Access("cloudadm", "-----BEGIN KEY-----\nline\n-----END KEY-----\n", "198.51.100.2")


def _document(template: dict[str, Any], addresses: dict[str, list[str]], playbooks: dict[str, Path]) -> dict[str, Any]:
    parsed = yaml.safe_load(document(Topology(read(template), addresses), addresses, playbooks, ACCESS, MARKS))
    assert isinstance(parsed, dict)
    return parsed


def test_nothing_is_left_that_im_would_read_in_its_own_way(bundle: Bundle) -> None:
    found = _document(bundle.template(), {"server": ["192.0.2.1"]}, {"greeting": Path("/x/p.yaml")})
    assert "data_types" not in found
    assert "inputs" not in found["topology_template"]
    assert "get_" not in yaml.safe_dump(found["topology_template"])
    assert found["metadata"] == {"infra_name": "team-hello-1", **MARKS}
    nodes = found["topology_template"]["node_templates"]
    assert set(nodes) == {"mattone-controller", "mattone-network", "server", "mattone-port-server", "greeting"}
    assert nodes["greeting"]["requirements"] == [{"host": "server"}]
    assert nodes["greeting"]["interfaces"] == {"Standard": {"configure": {"implementation": "file:///x/p.yaml"}}}
    assert nodes["server"]["capabilities"]["os"]["properties"]["credential"]["token"] == ACCESS.key
    assert found["topology_template"]["outputs"]["url"] == {"value": "http://192.0.2.1:8080/"}


def test_software_is_repeated_on_each_machine_of_its_host(bundle: Bundle) -> None:
    found = _document(bundle.template(count=2), {"server": ["192.0.2.1", "192.0.2.2"]}, {})
    nodes = found["topology_template"]["node_templates"]
    assert nodes["greeting_2"]["requirements"] == [{"host": "server_2"}]
    assert nodes["mattone-port-server_2"]["properties"]["ip_address"] == "192.0.2.2"
    assert (machine_node("server", 0), machine_node("server", 1)) == ("server", "server_2")


def test_dependencies_become_edges_to_every_copy(bundle: Bundle) -> None:
    template = bundle.template(count=2)
    template["topology_template"]["node_templates"]["after"] = {
        "type": "test.nodes.Greeting",
        "requirements": [{"host": "front"}, {"dependency": "greeting"}],
    }
    template["topology_template"]["node_templates"]["front"] = {"type": "tosca.nodes.indigo.Compute"}
    addresses = {"server": ["192.0.2.1", "192.0.2.2"], "front": ["192.0.2.3"]}
    nodes = _document(template, addresses, {})["topology_template"]["node_templates"]
    assert nodes["after"]["requirements"] == [
        {"host": "front"},
        {"dependency": "greeting"},
        {"dependency": "greeting_2"},
    ]


def test_a_node_without_machines_is_left_out_with_what_it_hosts(bundle: Bundle) -> None:
    template = bundle.template(count=0)
    del template["topology_template"]["outputs"]
    nodes = _document(template, {}, {})["topology_template"]["node_templates"]
    assert set(nodes) == {"mattone-controller", "mattone-network"}


@pytest.mark.engine
def test_im_understands_it_and_gives_marks_machines_and_outputs_back(supervisor: Supervisor, bundle: Bundle) -> None:
    addresses = {"server": ["192.0.2.1", "192.0.2.2"]}
    template = bundle.bare(count=2)
    template["topology_template"]["outputs"]["nested"] = {"value": {"a": [1, {"b": "{{ c }}"}], "d": True}}
    text = document(Topology(read(template), addresses), addresses, {}, ACCESS, MARKS)
    client = Client(supervisor.ensure())
    infrastructure = client.create(text)
    try:
        assert client.template(infrastructure)["metadata"] == {"infra_name": "team-hello-1", **MARKS}
        assert client.outputs(infrastructure) == {
            "url": "http://192.0.2.1:8080/",
            "all": ["192.0.2.1", "192.0.2.2"],
            "nested": {"a": [1, {"b": "{{ c }}"}], "d": True},
        }
    finally:
        client.delete(infrastructure)
