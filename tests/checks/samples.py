"""Sound templates and libraries for mutation testing: the repository's own, and one that uses more of TOSCA."""

from __future__ import annotations

from pathlib import Path

from tests.checks import samples_2_0
from tests.tosca.support import FILES

_ROOT = Path(__file__).parents[2]

RICH_TYPES = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: Types of a shop.
data_types:
  shop.Address:
    derived_from: tosca.datatypes.Root
    properties:
      street: {type: string, constraints: [{min_length: 2}, {max_length: 80}]}
      number: {type: integer, required: false, constraints: [{greater_or_equal: 1}]}
      geo:
        type: map
        required: false
        entry_schema: {type: float}
  shop.Percent:
    derived_from: integer
    constraints:
      - in_range: [0, 100]
capability_types:
  shop.Queue:
    derived_from: tosca.capabilities.Endpoint
    properties:
      depth: {type: integer, default: 100, constraints: [{greater_or_equal: 1}]}
      retention: {type: scalar-unit.time, default: 7 d}
    valid_source_types: [tosca.nodes.Root]
relationship_types:
  shop.Sends:
    derived_from: tosca.relationships.ConnectsTo
    properties:
      batch: {type: integer, default: 1}
    valid_target_types: [shop.Queue]
interface_types:
  shop.Backup:
    derived_from: tosca.interfaces.Root
    save: {description: Save everything.}
    restore: {description: Put it back.}
policy_types:
  shop.Spread:
    derived_from: tosca.policies.Placement
    properties:
      share: {type: shop.Percent, default: 50}
    targets: [tosca.nodes.Compute]
node_types:
  shop.Broker:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      title: {type: string}
      load: {type: shop.Percent, default: 80}
      at: {type: shop.Address, required: false}
      limits:
        type: map
        required: false
        entry_schema: {type: scalar-unit.size}
    attributes:
      url: {type: string}
    capabilities:
      queue:
        type: shop.Queue
        occurrences: [0, 5]
    interfaces:
      Standard:
        create: artifacts/create.yaml
        configure:
          implementation: artifacts/configure.yaml
          inputs:
            load: {get_property: [SELF, load]}
            depth: {get_property: [SELF, queue, depth]}
      backup:
        type: shop.Backup
        save: artifacts/save.yaml
  shop.Worker:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      title: {type: string}
      version: {type: version, default: 1.2.3}
    requirements:
      - jobs:
          capability: shop.Queue
          node: shop.Broker
          relationship: shop.Sends
          occurrences: [1, 2]
""".replace("    derived_from: tosca.interfaces.Root\n", "")

RICH = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: A shop with a broker and workers.
metadata: {display_name: Shop}
imports:
  - types.yaml
topology_template:
  inputs:
    workers: {type: integer, default: 2, description: How many., constraints: [{in_range: [1, 9]}]}
    disk: {type: scalar-unit.size, default: 10 GB, description: Of the broker., constraints: [{less_or_equal: 1 TB}]}
    title: {type: string, default: Shop, description: Its name., constraints: [{min_length: 2}]}
    zones:
      type: list
      description: Where.
      default: [a, b]
      entry_schema: {type: string}
  node_templates:
    machine:
      type: tosca.nodes.Compute
      capabilities:
        host:
          properties:
            num_cpus: {get_input: workers}
            mem_size: 4 GB
            disk_size: {get_input: disk}
        os:
          properties: {type: linux, distribution: debian}
      requirements:
        - local_storage:
            node: disk
            relationship: {type: tosca.relationships.AttachesTo, properties: {location: /data}}
    disk:
      type: tosca.nodes.BlockStorage
      properties:
        size: 20 GB
    network:
      type: tosca.nodes.network.Network
      properties: {network_type: private, dhcp_enabled: true, ip_version: 4}
    port:
      type: tosca.nodes.network.Port
      properties: {order: 0, is_default: true}
      requirements:
        - binding: machine
        - link: network
    broker:
      type: shop.Broker
      properties:
        title: {get_input: title}
        load: 70
        at: {street: Via Roma, number: 3, geo: {lat: 45.1, lon: 7.7}}
        limits: {queue: 2 GB, log: 1 GB}
      capabilities:
        queue: {properties: {depth: 50, retention: 3 d}}
      requirements:
        - host: machine
    worker:
      type: shop.Worker
      properties:
        title: Worker
      requirements:
        - host: machine
        - jobs: {node: broker, capability: queue, relationship: shop.Sends}
      interfaces:
        Standard:
          start:
            implementation: start.sh
            inputs:
              url: {get_attribute: [broker, url]}
              zones: {get_input: zones}
  groups:
    all: {type: tosca.groups.Root, members: [broker, worker]}
  policies:
    - spread: {type: shop.Spread, properties: {share: 30}, targets: [machine]}
  workflows:
    restart:
      steps:
        stop: {target: worker, activities: [{call_operation: Standard.stop}], on_success: [start]}
        start: {target: worker, activities: [{call_operation: Standard.start}]}
  substitution_mappings:
    node_type: tosca.nodes.Compute
    capabilities:
      host: [machine, host]
  outputs:
    address: {description: Where., value: {get_attribute: [machine, public_address]}}
    url:
      value: {concat: ["http://", {get_attribute: [machine, public_address]}, "/", {get_property: [broker, title]}]}
    first: {value: {get_input: [zones, 0]}}
    street: {value: {get_property: [broker, at, street]}}
"""


def _own() -> dict[str, str]:
    """The templates of the catalogue and the type library, as far as they are TOSCA."""
    files = {*_ROOT.glob("catalog/*/template.yaml"), *_ROOT.glob("tosca-types/*.yaml")}
    texts = {file.relative_to(_ROOT).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}
    return {path: text for path, text in texts.items() if "tosca_definitions_version" in text}


SAMPLES: tuple[dict[str, str], ...] = (
    FILES,
    {"shop/template.yaml": RICH, "shop/types.yaml": RICH_TYPES},
    samples_2_0.FILES,
    _own(),
)
