"""Functions of a rendered template come to plain values, or to one clear message."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mattone.engines.infrastructure_manager.topology import Later, Topology, hosted, read
from mattone.errors import InputError, RemoteError
from tests.engines.bundle import Bundle

ADDRESSES = {"server": ["192.0.2.1", "192.0.2.2"]}


def _topology(bundle: Bundle, **inputs: Any) -> Topology:
    return Topology(read(bundle.template(**inputs)), ADDRESSES)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ({"get_input": "text"}, "hello"),
        ({"get_property": ["SELF", "text"]}, "hello"),
        ({"get_property": ["greeting", "delay"]}, 0),
        ({"get_property": ["HOST", "host", "num_cpus"]}, 1),
        ({"get_property": ["server", "endpoint", "ports", "ssh", "source"]}, 22),
        ({"get_property": ["SELF", "host", "host", "mem_size"]}, "512 MiB"),
        ({"get_attribute": ["HOST", "private_address", 1]}, "192.0.2.2"),
        ({"get_attribute": ["server", "public_address"]}, ["192.0.2.1", "192.0.2.2"]),
        ({"get_attribute": ["SELF", "public_address"]}, "192.0.2.1"),
        ({"get_attribute": ["SELF", "tosca_name"]}, "greeting"),
        ({"get_attribute": ["SELF", "text"]}, "hello"),
        ({"concat": ["a", {"get_input": "delay"}, {"concat": [True, None]}]}, "a0true"),
        ({"join": [["a", {"get_input": "text"}], ", "]}, "a, hello"),
        ({"join": [["a", "b"]]}, "ab"),
        ({"token": ["a:b;c", ":;", 2]}, "c"),
        ({"port": {"get_input": "delay"}, "list": [{"get_input": "text"}]}, {"port": 0, "list": ["hello"]}),
    ],
)
def test_a_function_has_its_value(bundle: Bundle, expression: Any, value: Any) -> None:
    assert _topology(bundle).value(expression, "greeting") == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"get_input": "missing"}, "input `missing` has no value"),
        ({"get_property": ["nobody", "text"]}, "no node `nobody`"),
        ({"get_property": "text"}, "names no property"),
        ({"get_attribute": ["server", "public_address", 9]}, "there is no `9`"),
        ({"get_artifact": ["SELF", "x"]}, "cannot evaluate `get_artifact`"),
        ({"get_attribute": ["disk", "public_address"]}, "hosted on no machine"),
        ({"concat": []}, "no list of arguments"),
    ],
)
def test_a_function_without_a_value_is_one_message(bundle: Bundle, expression: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _topology(bundle).value(expression, "greeting")


def test_functions_that_refer_to_each_other_end(bundle: Bundle) -> None:
    template = bundle.template()
    template["topology_template"]["node_templates"]["greeting"]["properties"]["text"] = {
        "get_property": ["SELF", "text"]
    }
    with pytest.raises(InputError, match="refers to itself"):
        Topology(read(template)).property("greeting", "text")


def test_a_default_of_the_type_counts_where_nothing_is_assigned(bundle: Bundle) -> None:
    template = bundle.template()
    del template["topology_template"]["node_templates"]["greeting"]["properties"]
    topology = Topology(read(template))
    assert topology.property("greeting", "text") == "hello"
    assert topology.property("greeting", "unheard_of") is None
    assert topology.capability("server", "scalable", "count") == 1


def test_nodes_are_found_by_what_they_derive_from_and_stand_on(bundle: Bundle) -> None:
    topology = _topology(bundle)
    assert topology.computes() == ("server",)
    assert topology.host("greeting") == "server"
    assert topology.host("disk") is None
    assert list(hosted(topology, "server")) == ["server", "greeting"]
    (link,) = topology.links("server")
    assert (link.target, dict(link.properties)) == ("disk", {"location": "/data"})
    assert link.is_a("AttachesTo")


def test_what_ansible_will_print_is_left_to_im_in_outputs_alone(bundle: Bundle) -> None:
    template = bundle.template()
    later = {"get_attribute": ["server", "ansible_output", "task"]}
    template["topology_template"]["outputs"]["said"] = {"value": later}
    topology = Topology(read(template), ADDRESSES)
    assert topology.outputs() == {"url": "http://192.0.2.1:8080/", "all": ["192.0.2.1", "192.0.2.2"], "said": later}
    with pytest.raises(Later):
        topology.value(later, "server")


def test_a_template_that_still_imports_is_refused(bundle: Bundle) -> None:
    with pytest.raises(RemoteError, match="not self-contained"):
        read({**bundle.template(), "imports": ["https://example.org/types.yaml"]})


def test_a_relationship_template_is_followed(bundle: Bundle) -> None:
    template = bundle.template()
    topology = template["topology_template"]
    topology["relationship_templates"] = yaml.safe_load(
        "attach: {type: tosca.relationships.AttachesTo, properties: {location: /srv/data}}"
    )
    topology["node_templates"]["server"]["requirements"] = [
        {"local_storage": {"node": "disk", "relationship": "attach"}}
    ]
    (link,) = Topology(read(template)).links("server")
    assert link.is_a("AttachesTo")
    assert link.properties["location"] == "/srv/data"
