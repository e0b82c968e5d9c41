"""A small repository of templates and types in memory, for the tests of this folder."""

from __future__ import annotations

import posixpath
import textwrap

from mattone.tosca.imports import Resolver
from mattone.tosca.template import ServiceTemplate, load_template

TYPES = """\
tosca_definitions_version: tosca_simple_yaml_1_3
data_types:
  example.User:
    derived_from: tosca.datatypes.Root
    properties:
      name: {type: string}
      admin: {type: boolean, required: false}
      key: {type: string, required: false}
  example.Port:
    derived_from: integer
    constraints: [{in_range: [1, 65535]}]
artifact_types:
  tosca.artifacts.AnsibleGalaxy.role:
    derived_from: tosca.artifacts.Root
capability_types:
  example.Host:
    derived_from: tosca.capabilities.Container
    properties:
      gpus: {type: integer, required: false}
node_types:
  example.Server:
    derived_from: tosca.nodes.Compute
    properties:
      users:
        type: list
        required: false
        entry_schema: {type: example.User}
    capabilities:
      host: {type: example.Host}
  example.App:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      port: {type: example.Port, default: 80}
      title: {type: string}
    artifacts:
      role: {file: "community.docker,3.4.0", type: tosca.artifacts.AnsibleGalaxy.role}
    interfaces:
      Standard:
        configure:
          implementation: artifacts/app.yaml
          inputs:
            title: {get_property: [SELF, title]}
  example.Unused:
    derived_from: tosca.nodes.Root
"""

TEMPLATE = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: A page on a server.
metadata:
  display_name: Page
imports:
  - ../../tosca-types/example.yaml
topology_template:
  inputs:
    title: {type: string, description: What the page says., constraints: [{min_length: 3}]}
    cpus: {type: integer, default: 2, description: Cores., constraints: [{in_range: [1, 8]}]}
    memory: {type: scalar-unit.size, default: 4 GB, description: Memory., constraints: [{less_or_equal: 64 GB}]}
    size: {type: string, default: small, description: Size., constraints: [{valid_values: [small, large]}]}
    users:
      type: list
      description: Who may log in.
      required: false
      default: []
      entry_schema: {type: example.User}
  node_templates:
    app:
      type: example.App
      properties:
        title: {get_input: title}
      requirements:
        - host: server
    server:
      type: example.Server
      properties:
        users: {get_input: users}
      capabilities:
        host:
          properties:
            num_cpus: {get_input: cpus}
            mem_size: {get_input: memory}
  outputs:
    address:
      description: Where it answers.
      value: {get_attribute: [server, public_address]}
    size:
      value: {get_input: size}
"""

PATH = "catalog/page/template.yaml"
FILES = {PATH: TEMPLATE, "tosca-types/example.yaml": TYPES}


def resolver(files: dict[str, str]) -> Resolver:
    """Relative references among texts held in memory."""

    def find(base: str, reference: str) -> tuple[str, bytes] | None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
        return (path, textwrap.dedent(files[path]).encode()) if path in files else None

    return find


def template(files: dict[str, str] | None = None, path: str = PATH) -> ServiceTemplate:
    """The template of these files, which must load without findings."""
    found, findings = load_template(path, resolver(files or FILES))
    assert found is not None
    assert findings == ()
    return found
