"""Templates and libraries of any size, alike from run to run: what the benchmark measures growth with."""

from __future__ import annotations

_HEAD = """\
tosca_definitions_version: tosca_simple_yaml_1_3
metadata: {{ display_name: "{0} nodes" }}
description: Applications on servers, as the benchmark needs them.
node_types:
  example.nodes.Application:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      port: {{ type: integer, default: 8080, constraints: [{{ in_range: [1, 65535] }}] }}
      title: {{ type: string }}
      size: {{ type: scalar-unit.size, default: 1 GB }}
      users: {{ type: list, entry_schema: {{ type: string }}, required: false }}
topology_template:
  inputs:
    cpus: {{ type: integer, description: Processors of each server., default: 2 }}
    memory: {{ type: scalar-unit.size, description: Memory of each server., default: 4 GB }}
    admin: {{ type: string, description: Who is told of failures., default: root@localhost }}
  node_templates:
"""
_PAIR = """\
    server_{0}:
      type: tosca.nodes.Compute
      capabilities:
        host:
          properties:
            num_cpus: {{ get_input: cpus }}
            mem_size: {{ get_input: memory }}
        os:
          properties:
            type: linux
            distribution: ubuntu
    application_{0}:
      type: example.nodes.Application
      properties:
        port: {1}
        title: "application {0}"
        users: [alice, {{ get_input: admin }}]
      requirements:
        - host: server_{0}
"""
_OUTPUT = """\
  outputs:
    address: { value: { get_attribute: [server_0, private_address] } }
"""
_SMALL = """\
tosca_definitions_version: tosca_simple_yaml_1_3
metadata: { display_name: Server }
description: One server.
topology_template:
  node_templates:
    server: { type: tosca.nodes.Compute }
"""
_TYPE = """\
  example.nodes.Kind{0}:
    derived_from: {1}
    description: Kind {0} of the benchmark's software.
    properties:
      port_{0}:
        type: integer
        default: 8080
        constraints:
          - in_range: [1, 65535]
      name_{0}: {{ type: string, required: false }}
    requirements:
      - peer_{0}:
          capability: tosca.capabilities.Endpoint
          node: tosca.nodes.SoftwareComponent
          relationship: tosca.relationships.ConnectsTo
          occurrences: [0, UNBOUNDED]
"""
_USER = """\
tosca_definitions_version: tosca_simple_yaml_1_3
metadata: {{ display_name: User of a library }}
description: One application of a type from a large library.
imports: [{0}]
topology_template:
  node_templates:
    server: {{ type: tosca.nodes.Compute }}
    application:
      type: example.nodes.Kind9
      properties: {{ port_3: 8081 }}
      requirements:
        - host: server
"""
CHAIN = 10  # types that derive from each other, one after the other


def smallest() -> str:
    """One server, in six lines."""
    return _SMALL


def template(nodes: int) -> str:
    """A template of so many nodes (an even number): applications, each on a server of its own."""
    pairs = (_PAIR.format(number, 8000 + number % 1000) for number in range(nodes // 2))
    return _HEAD.format(nodes) + "".join(pairs) + _OUTPUT


def library(types: int) -> str:
    """A library of so many node types, in chains of ten."""
    head = "tosca_definitions_version: tosca_simple_yaml_1_3\ndescription: Types of the benchmark.\nnode_types:\n"
    return head + "".join(_TYPE.format(number, _parent(number)) for number in range(types))


def user(library_file: str) -> str:
    """A template with two nodes that imports a library, and uses the end of its first chain."""
    return _USER.format(library_file)


def _parent(number: int) -> str:
    return f"example.nodes.Kind{number - 1}" if number % CHAIN else "tosca.nodes.SoftwareComponent"
