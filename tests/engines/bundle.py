"""A bundle as the engine receives it: a small type library with playbooks and one role, and templates that use them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mattone.engines.interface import Submission

ROLE = "greeting-0f3a"  # roles of a bundle are named by their content

_TASKS = """
- name: Refuse an empty greeting
  ansible.builtin.fail:
    msg: "there is nothing to say"
  when: greeting_text | length == 0
- name: Make the folder
  ansible.builtin.file: {path: /srv/greeting, state: directory, mode: "0755"}
- name: Write the page
  ansible.builtin.copy:
    dest: /srv/greeting/index.html
    content: "{{ greeting_text }}\\n{{ greeting_words | to_json }}"
    mode: "0644"
- name: Take as long as asked
  ansible.builtin.command: sleep {{ greeting_delay }}
  changed_when: false
  when: greeting_delay > 0
- name: Describe the service
  ansible.builtin.copy:
    dest: /etc/systemd/system/greeting.service
    content: |
      [Service]
      ExecStart=/usr/bin/python3 -m http.server 8080 --directory /srv/greeting
      [Install]
      WantedBy=multi-user.target
    mode: "0644"
- name: Serve it
  ansible.builtin.systemd_service: {name: greeting, enabled: true, state: started, daemon_reload: true}
"""

_TYPES = """
data_types:
  test.Port:
    derived_from: tosca.datatypes.network.PortSpec
    properties:
      remote_cidr: {type: string, required: false}
capability_types:
  test.Endpoint:
    derived_from: tosca.capabilities.Endpoint
    properties:
      ports: {type: map, required: false, entry_schema: {type: test.Port}}
  test.Scalable:
    derived_from: tosca.capabilities.Scalable
    properties:
      count: {type: integer, default: 1, constraints: [greater_or_equal: 0]}
node_types:
  tosca.nodes.indigo.Compute:
    derived_from: tosca.nodes.Compute
    attributes:
      public_address: {type: list, entry_schema: {type: string}}
      private_address: {type: list, entry_schema: {type: string}}
    capabilities:
      endpoint: {type: test.Endpoint}
      scalable: {type: test.Scalable}
  test.nodes.Greeting:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      text: {type: string, default: hello}
      delay: {type: integer, default: 0, constraints: [in_range: [0, 600]]}
    capabilities:
      web: {type: test.Endpoint}
    interfaces:
      Standard:
        configure:
          implementation: PLAYBOOK
          inputs:
            greeting_text: {get_property: [SELF, text]}
            greeting_delay: {get_property: [SELF, delay]}
            greeting_words: [{get_attribute: [HOST, private_address, 0]}, "{{ 6 * 7 }}", "it's \\"quoted\\""]
"""

_TOPOLOGY = """
inputs:
  text: {type: string, default: hello}
  delay: {type: integer, default: 0}
  memory: {type: scalar-unit.size, default: 512 MiB}
  disk: {type: scalar-unit.size, default: 64 MiB}
  count: {type: integer, default: 1}
node_templates:
  server:
    type: tosca.nodes.indigo.Compute
    capabilities:
      host: {properties: {num_cpus: 1, mem_size: {get_input: memory}}}
      scalable: {properties: {count: {get_input: count}}}
      endpoint: {properties: {ports: {ssh: {protocol: tcp, source: 22, remote_cidr: 10.0.0.0/8}}}}
    requirements:
      - local_storage:
          node: disk
          relationship: {type: tosca.relationships.AttachesTo, properties: {location: /data}}
  disk:
    type: tosca.nodes.BlockStorage
    properties: {size: {get_input: disk}}
  greeting:
    type: test.nodes.Greeting
    properties: {text: {get_input: text}, delay: {get_input: delay}}
    capabilities:
      web: {properties: {ports: {http: {protocol: tcp, source: 8080}}}}
    requirements:
      - host: server
outputs:
  url: {value: {concat: ["http://", {get_attribute: [server, public_address, 0]}, ":8080/"]}}
  all: {value: {get_attribute: [server, public_address]}}
"""


@dataclass(frozen=True)
class Bundle:
    """The folder of a bundle, and submissions that use it."""

    files: Path

    def template(self, **inputs: Any) -> dict[str, Any]:
        """The whole service: a machine with a disk, and a greeting served on port 8080."""
        types = _TYPES.replace("PLAYBOOK", (self.files / "artifacts" / "greeting.yaml").as_uri())
        topology = yaml.safe_load(_TOPOLOGY)
        for name, value in inputs.items():
            topology["inputs"][name]["default"] = value
        return {
            "tosca_definitions_version": "tosca_simple_yaml_1_3",
            **yaml.safe_load(types),
            "topology_template": topology,
        }

    def bare(self, **inputs: Any) -> dict[str, Any]:
        """The same without the greeting: nothing to configure, so IM is through with it at once."""
        template = copy.deepcopy(self.template(**inputs))
        del template["topology_template"]["node_templates"]["greeting"]
        return template

    def submission(self, deployment: str, operation: str, template: Mapping[str, Any]) -> Submission:
        return Submission(deployment, operation, template, self.files, (ROLE,))


def write_bundle(folder: Path) -> Bundle:
    tasks = folder / "roles" / ROLE / "tasks" / "main.yml"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(_TASKS)
    playbook = folder / "artifacts" / "greeting.yaml"
    playbook.parent.mkdir()
    playbook.write_text(f"- hosts: all\n  become: true\n  roles:\n    - role: {ROLE}\n")
    return Bundle(folder)
