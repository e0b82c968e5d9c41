"""Substitution mappings, node filters, values of attributes and open ports."""

from __future__ import annotations

import pytest

from mattone.checks.template import check_template
from mattone.findings import Finding
from tests.tosca.support import resolver

HEAD = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: An example.
metadata: {display_name: Example}
node_types:
  example.Stack:
    derived_from: tosca.nodes.Root
    properties:
      size: {type: integer, constraints: [{in_range: [1, 8]}]}
      names: {type: list, required: false, entry_schema: {type: string}}
    attributes: {address: {type: string}}
    capabilities: {web: tosca.capabilities.Endpoint}
topology_template:
  inputs: {size: {type: integer, description: Nodes.}}
  outputs: {address: {value: {get_attribute: [server, public_address]}}}
  workflows: {up: {steps: {only: {target: server, activities: [{delegate: deploy}]}}}}
"""
SERVER = """\
  node_templates:
    server:
      type: tosca.nodes.Compute
      capabilities: {host: {properties: {num_cpus: {get_input: size}}}}
"""


def check(text: str) -> tuple[Finding, ...]:
    return check_template("template.yaml", resolver({"template.yaml": text}))


def told(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        f"{one.rule} {lines[one.place.line - 1][one.place.column - 1 :]} | {one.message}"
        for one in check(text)
        if one.severity == "error"
    ]


@pytest.mark.parametrize(
    ("mapped", "rule", "at", "message"),
    [
        ("properties: {size: [size]}", "", "", ""),
        ("properties: {size: {mapping: [size]}}", "", "", ""),
        ("properties: {size: 4}", "", "", ""),
        ("properties: {size: {value: 4}}", "", "", ""),
        ("properties: {size: {get_input: size}, names: [one]}", "", "", ""),
        ("attributes: {address: [address]}", "", "", ""),
        ("capabilities: {web: [server, endpoint]}", "", "", ""),
        ("interfaces: {Standard: {create: up}}", "", "", ""),
        ("substitution_filter: {properties: [size: {greater_than: 2}]}", "", "", ""),
        ("properties: {size: [sise]}", "TOSCA1071", "sise", "there is no input `sise`"),
        ("properties: {size: {mapping: sise}}", "TOSCA1071", "sise", "there is no input `sise`"),
        ("properties: {size: 9}", "TOSCA1023", "9", "the mapped property `size` must be between"),
        ("properties: {size: {get_input: sise}}", "TOSCA1040", "sise", "input `sise` is not declared"),
        ("properties: {sise: [size]}", "TOSCA1070", "sise", "example.Stack has no property `sise`"),
        ("attributes: {address: [adress]}", "TOSCA1071", "adress", "there is no output `adress`"),
        ("attributes: {address: 4}", "TOSCA1071", "4", "mapped to the name of one output"),
        ("attributes: {adress: [address]}", "TOSCA1070", "adress", "example.Stack has no attribute `adress`"),
        ("capabilities: {web: [server, endpiont]}", "TOSCA1071", "endpiont", "has no capability `endpiont`"),
        ("interfaces: {Standard: {create: down}}", "TOSCA1071", "down", "there is no workflow `down`"),
        ("interfaces: {Standard: {creat: up}}", "TOSCA1070", "creat", "has no operation `creat`"),
        ("interfaces: {Standrd: {create: up}}", "TOSCA1070", "Standrd", "has no interface `Standrd`"),
        ("substitution_filter: {properties: [sise: {equal: 2}]}", "TOSCA1025", "sise", "has no property `sise`"),
    ],
)
def test_a_substitution_is_checked_at_both_ends(mapped: str, rule: str, at: str, message: str) -> None:
    found = told(HEAD + f"  substitution_mappings: {{node_type: example.Stack, {mapped}}}\n" + SERVER)
    assert len(found) == bool(rule), found
    assert message in "".join(found)
    assert not rule or found[0].startswith(f"{rule} {at}")


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("{greater_than: 2}", ""),
        ("[{greater_than: 2}, {less_than: 9}]", ""),
        ("{greater_then: 2}", "`greater_then` is no constraint operator"),
        ("{greater_than: many}", "`greater_than` needs a value of type integer"),
        ("{min_length: 2}", "`min_length` does not apply to values of type integer"),
        ("4", "a property filter is a constraint clause"),
    ],
)
def test_the_constraints_of_a_node_filter_fit_the_property(clause: str, message: str) -> None:
    app = (
        "    app:\n      type: tosca.nodes.SoftwareComponent\n      requirements:\n        - host:\n"
        "            node: tosca.nodes.Compute\n            node_filter:\n              capabilities:\n"
        f"                - host: {{properties: [{{num_cpus: {clause}}}]}}\n"
    )
    found = told(HEAD + SERVER + app)
    assert len(found) == bool(message), found
    assert message in "".join(found)
    assert all(one.startswith("TOSCA1024") for one in found)


def test_the_value_of_an_attribute_is_of_its_type() -> None:
    assert told(HEAD + SERVER + "      attributes: {public_address: 10.0.0.1}\n") == []
    (found,) = told(HEAD + SERVER + "      attributes: {public_address: [10.0.0.1]}\n")
    assert found.startswith("TOSCA1022 [10.0.0.1]")


@pytest.mark.parametrize(
    ("ports", "lines"),
    [
        ("\n          web: {source: 443}", []),
        ("\n          a: {source: 9100, remote_cidr: 192.0.2.0/24}", []),
        ("\n          a: {source: 9100}", [1]),
        ("\n          a: {source: 9100, remote_cidr: 0.0.0.0/0}", [1]),
        ("\n          a: {source: 9100}  # for all", []),
        ("\n          # for all\n          a: {source: 9100}\n          b: {source: 9200}", []),
        ("\n          a:\n            source: 9100\n          # for all\n          b: {source: 9300}", [1]),
        ("\n          a:\n            source: 9100  # for all\n          b: {source: 9300}", [3]),
        ("\n          a: {source_range: [9000, 9100]}", [1]),
    ],
)
def test_an_open_port_has_a_reason(ports: str, lines: list[int]) -> None:
    indented = ports.replace("\n", "\n    ")
    text = (
        "tosca_definitions_version: tosca_simple_yaml_1_3\ndescription: A.\nmetadata: {display_name: A}\n"
        "topology_template:\n  node_templates:\n    server:\n      type: tosca.nodes.Compute\n"
        f"      capabilities:\n        endpoint:\n          properties:\n            ports:{indented}\n"
    )
    found = [one.place.line - 11 for one in check(text) if one.rule == "TOSCA3004"]
    assert found == lines
