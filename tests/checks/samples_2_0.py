"""A sound template of TOSCA 2.0 and the files that it imports: a profile, and types in a namespace of their own."""

from __future__ import annotations

import posixpath

from mattone.tosca.imports import Resolver
from mattone.tosca.paths import PROFILE

PATH = "shop/template.yaml"
TYPES_PATH = "shop/types.yaml"
PROFILE_PATH = "profiles/machines.yaml"
PROFILE_NAME = "org.example.machines:1.0"

MACHINES = """\
tosca_definitions_version: tosca_2_0
description: Machines and what runs on them.
profile: org.example.machines:1.0
data_types:
  Size:
    derived_from: scalar
    data_type: integer
    units: {B: 1}
    prefixes: {"": 1, k: 1000, M: 1000000, G: 1000000000}
    validation: {$greater_or_equal: [$value, 0 B]}
  Name:
    derived_from: string
    validation: {$matches: [$value, "^[a-z][a-z0-9-]*$"]}
capability_types:
  Host:
    properties:
      num-cpus: {type: integer, default: 1, validation: {$greater_or_equal: [$value, 1]}}
      mem-size: {type: Size, default: 2 GB}
relationship_types:
  HostedOn:
    valid_capability_types: [Host]
  AttachedTo:
    properties:
      location: {type: string}
interface_types:
  Lifecycle:
    inputs:
      verbose: {type: boolean, default: false}
    operations:
      create: {description: Put it there.}
      configure: {description: Set it up.}
artifact_types:
  Script:
    file_ext: [sh]
node_types:
  Machine:
    properties:
      name: {type: Name}
    attributes:
      address: {type: string}
    capabilities:
      host: {type: Host}
"""

TYPES = """\
tosca_definitions_version: tosca_2_0
description: Types of a shop.
imports:
  - profile: org.example.machines:1.0
    namespace: m
data_types:
  Address:
    properties:
      street: {type: string, validation: {$greater_or_equal: [{$length: [$value]}, 2]}}
      number: {type: integer, required: false, validation: {$greater_than: [$value, 0]}}
  Percent:
    derived_from: integer
    validation: {$and: [{$greater_or_equal: [$value, 0]}, {$less_or_equal: [$value, 100]}]}
functions:
  shout:
    signatures:
      - arguments: [string]
        result: string
        implementation: scripts/shout.py
capability_types:
  Queue:
    properties:
      depth: {type: integer, default: 100}
    valid_source_node_types: [Worker]
relationship_types:
  Sends:
    properties:
      batch: {type: integer, default: 1}
    valid_capability_types: [Queue]
policy_types:
  Spread:
    properties:
      share: {type: Percent, default: 50}
    targets: [m:Machine]
node_types:
  Software:
    properties:
      title: {type: string}
    requirements:
      - host:
          capability: m:Host
          relationship: m:HostedOn
          node: m:Machine
          count_range: [1, 1]
          node_filter: {$greater_or_equal: [{$get_property: [SELF, CAPABILITY, num-cpus]}, 1]}
    interfaces:
      lifecycle:
        type: m:Lifecycle
        operations:
          configure:
            inputs:
              title: {type: string, value: {$get_property: [SELF, title]}}
  Broker:
    derived_from: Software
    properties:
      title: {default: Broker, validation: {$has_prefix: [$value, B]}}
      load: {type: Percent, default: 80}
      at: {type: Address, required: false}
      limits: {type: map, entry_schema: m:Size, required: false}
    attributes:
      url: {type: string}
    capabilities:
      queue: {type: Queue}
  Worker:
    derived_from: Software
    properties:
      protocol: {type: string, value: amqp}
    requirements:
      - jobs:
          capability: queue
          relationship: Sends
          node: Broker
          count_range: [1, 2]
"""

TEMPLATE = """\
tosca_definitions_version: tosca_2_0
description: A shop with a broker and workers.
metadata: {display_name: Shop}
imports:
  - url: types.yaml
    namespace: shop
  - profile: org.example.machines:1.0
service_template:
  inputs:
    workers: {type: integer, default: 2, description: How many., validation: {$less_than: [$value, 9]}}
    memory: {type: Size, default: 4 GB, description: Of the machine., validation: {$less_or_equal: [$value, 64 GB]}}
    zones: {type: list, entry_schema: string, default: [a, b], description: Where.}
  node_templates:
    machine:
      type: Machine
      properties: {name: machine-one}
      capabilities:
        host:
          properties:
            num-cpus: 4
            mem-size: {$get_input: memory}
    broker:
      type: shop:Broker
      properties:
        title: Broker of the shop
        load: 70
        at: {street: Via Roma, number: 3}
        limits: {queue: 2 GB, log: 1 GB}
      capabilities:
        queue: {properties: {depth: 50}}
      requirements:
        - host: {node: machine, allocation: {num-cpus: 1}}
    worker:
      type: shop:Worker
      count: {$get_input: workers}
      directives: [create]
      properties:
        title: {$shop:shout: [{$get_input: [zones, 0]}]}
      requirements:
        - host: machine
        - jobs: {node: broker, capability: queue, relationship: shop:Sends}
      interfaces:
        lifecycle:
          operations:
            configure:
              implementation: {primary: {type: Script, file: scripts/worker.sh}}
              inputs:
                queue: {$get_property: [SELF, RELATIONSHIP, jobs, TARGET, CAPABILITY, queue, depth]}
                peer: {$get_attribute: [SELF, RELATIONSHIP, host, 0, TARGET, address]}
                mark: $$plain
  policies:
    - spread: {type: shop:Spread, properties: {share: 30}, targets: [machine]}
  workflows:
    restart:
      precondition: {$equal: [{$get_property: [machine, name]}, machine-one]}
      steps:
        stop: {target: worker, activities: [{call_operation: lifecycle.create}], on_success: [start]}
        start: {target: worker, activities: [{inline: other}]}
    other:
      steps:
        only: {target: broker, activities: [{set_state: started}]}
  substitution_mappings:
    node_type: Machine
    attributes: {address: address}
    capabilities:
      host: [machine, host]
  outputs:
    address: {description: Where., value: {$get_attribute: [machine, address]}}
    url: {value: {$concat: ["http://", {$get_attribute: [machine, address]}, "/", {$get_property: [broker, title]}]}}
    street: {value: {$get_property: [broker, at, street]}}
    half: {value: {$quotient: [{$get_input: workers}, 2]}}
"""

FILES = {PATH: TEMPLATE, TYPES_PATH: TYPES, PROFILE_PATH: MACHINES}


def find(files: dict[str, str]) -> Resolver:
    """Finds files, and the profile under its name."""

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        if reference.startswith(PROFILE):
            path = PROFILE_PATH if reference == PROFILE + PROFILE_NAME else ""
        else:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
        return (path, files[path].encode()) if path in files else None

    return resolve
