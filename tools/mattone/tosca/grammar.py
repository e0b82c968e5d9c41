"""The grammar of TOSCA Simple Profile 1.0 to 1.3 as data: which keynames an element has and what they hold.

A value is described by a short text:

    text name bool int scalar any   a value of that kind (`any`: everything)
    [x]    a list of x
    {x}    a mapping of names to x
    <x>    a list of mappings with one name each, to x
    a|b    one or the other, told apart by what the value is
    other  an element of this table

A keyname ends in `!` when it is required, and in `@1.2` when it came with that version. `*` stands
for all other names. The clauses are those of version 1.3; earlier versions number them otherwise.
"""

from __future__ import annotations

_TYPE = {"derived_from": "name", "version": "scalar", "metadata": "{any}", "description": "text"}
_PROPERTIES = {"properties": "{property_definition|text}"}
_ATTRIBUTES = {"attributes": "{attribute_definition|text}"}
_INTERFACES = {"interfaces": "{interface_definition}"}
_ARTIFACTS = {"artifacts": "{artifact_definition|text}|<artifact_definition|text>"}
_VALUE = {
    "description": "text",
    "status": "text",
    "default": "any",
    "constraints": "[{any}]",
    "entry_schema": "schema_definition|name",
    "key_schema@1.3": "schema_definition|name",
    "metadata@1.3": "{any}",
}
_OPERATIONS = {
    "description": "text",
    "inputs": "{any}",
    "operations@1.3": "{operation_definition|text}",
    "notifications@1.3": "{notification_definition|text}",
    "*": "operation_definition|text",
}
_ASSIGNED = {"properties": "{any}", "attributes": "{any}"}

ELEMENTS: dict[str, dict[str, str]] = {
    # 3.10 service template
    "service_template": {
        "tosca_definitions_version!": "name",
        "namespace@1.2": "text",
        "tosca_default_namespace": "text",
        "metadata": "{any}",
        "template_name": "scalar",
        "template_author": "scalar",
        "template_version": "scalar",
        "description": "text",
        "dsl_definitions": "any",
        "repositories": "{repository_definition|text}",
        "imports": "[import_definition|{import_definition|text}|text]|{import_definition|text}",
        "artifact_types": "{artifact_type}",
        "data_types": "{data_type}",
        "capability_types": "{capability_type}",
        "interface_types": "{interface_type}",
        "relationship_types": "{relationship_type}",
        "node_types": "{node_type}",
        "group_types": "{group_type}",
        "policy_types": "{policy_type}",
        "topology_template": "topology_template",
    },
    # 3.6.6 and 3.6.8
    "repository_definition": {"description": "text", "url!": "text", "credential": "any"},
    "import_definition": {
        "file!": "text",
        "repository": "name",
        "namespace_uri": "text",
        "namespace_prefix": "name",
    },
    # 3.7 type definitions
    "node_type": {
        **_TYPE,
        **_PROPERTIES,
        **_ATTRIBUTES,
        **_INTERFACES,
        **_ARTIFACTS,
        "requirements": "<requirement_definition|name>",
        "capabilities": "{capability_definition|name}",
    },
    "relationship_type": {**_TYPE, **_PROPERTIES, **_ATTRIBUTES, **_INTERFACES, "valid_target_types": "[name]"},
    "capability_type": {**_TYPE, **_PROPERTIES, **_ATTRIBUTES, "valid_source_types": "[name]"},
    "interface_type": {**_TYPE, **_OPERATIONS},
    "artifact_type": {**_TYPE, **_PROPERTIES, "mime_type": "text", "file_ext": "[text]"},
    "data_type": {
        **_TYPE,
        **_PROPERTIES,
        "constraints": "[{any}]",
        "entry_schema@1.3": "schema_definition|name",
        "key_schema@1.3": "schema_definition|name",
    },
    "group_type": {
        **_TYPE,
        **_PROPERTIES,
        **_ATTRIBUTES,
        **_INTERFACES,
        "members": "[name]",
        "requirements": "<requirement_definition|name>",
        "capabilities": "{capability_definition|name}",
    },
    "policy_type": {**_TYPE, **_PROPERTIES, "targets": "[name]", "triggers@1.2": "{trigger_definition}"},
    # 3.6.9 to 3.6.14
    "schema_definition": {
        "type!": "name",
        "description": "text",
        "constraints": "[{any}]",
        "entry_schema": "schema_definition|name",
        "key_schema@1.3": "schema_definition|name",
    },
    "property_definition": {"type!": "name", **_VALUE, "required": "bool", "external-schema@1.3": "text"},
    "attribute_definition": {"type!": "name", **_VALUE},
    "parameter_definition": {"type": "name", **_VALUE, "required": "bool", "value": "any"},
    "output_definition": {"value!": "any", "type": "name", **_VALUE, "required": "bool"},
    # 3.7.2 and 3.7.3
    "capability_definition": {
        "type!": "name",
        "description": "text",
        **_PROPERTIES,
        **_ATTRIBUTES,
        "valid_source_types": "[name]",
        "occurrences": "[any]",
    },
    "requirement_definition": {
        "capability!": "name",
        "description": "text",
        "node": "name",
        "relationship": "relationship_of_requirement|name",
        "node_filter@1.3": "node_filter",
        "occurrences": "[any]",
        "metadata@1.3": "{any}",
    },
    "relationship_of_requirement": {"type!": "name", "interfaces": "{interface_definition}"},
    # 3.6.17 to 3.6.20 and 3.6.7
    "interface_definition": {"type": "name", **_OPERATIONS},
    "operation_definition": {
        "description": "text",
        "implementation": "implementation|artifact_definition|text",
        "inputs": "{any}",
        "outputs@1.3": "{any}",
    },
    "notification_definition": {
        "description": "text",
        "implementation": "implementation|artifact_definition|text",
        "outputs": "{any}",
    },
    "implementation": {
        "primary": "artifact_definition|text",
        "dependencies": "[artifact_definition|text]",
        "timeout@1.3": "scalar",
        "operation_host@1.3": "text",
    },
    "artifact_definition": {
        "type": "name",
        "file!": "text|{any}",  # a function here is more than 3.6.7 allows, and engines take it
        "repository": "name",
        "description": "text",
        "deploy_path": "text",
        "version@1.3": "scalar",
        "checksum@1.3": "text",
        "checksum_algorithm@1.3": "text",
        "properties@1.3": "{any}",
    },
    # 3.8 and 3.9 topology
    "topology_template": {
        "description": "text",
        "inputs": "{parameter_definition}",
        "node_templates": "{node_template}",
        "relationship_templates": "{relationship_template}",
        "groups": "{group_definition}",
        "policies": "<policy_definition>|{policy_definition}",
        "outputs": "{output_definition}",
        "substitution_mappings": "substitution_mapping",
        "workflows@1.1": "{workflow_definition}",
    },
    "node_template": {
        "type!": "name",
        "description": "text",
        "metadata": "{any}",
        "directives": "[text]",
        **_ASSIGNED,
        "requirements": "<requirement_assignment|name>",
        "capabilities": "{capability_assignment}",
        "interfaces": "{interface_definition}",
        **_ARTIFACTS,
        "node_filter": "node_filter",
        "copy": "name",
    },
    "relationship_template": {
        "type!": "name",
        "description": "text",
        "metadata": "{any}",
        **_ASSIGNED,
        "interfaces": "{interface_definition}",
        "copy": "name",
    },
    "requirement_assignment": {
        "capability": "name",
        "node": "name",
        "relationship": "relationship_assignment|name",
        "node_filter": "node_filter",
        "occurrences@1.3": "[any]",
    },
    "relationship_assignment": {"type": "name", **_ASSIGNED, "interfaces": "{interface_definition}"},
    "capability_assignment": {**_ASSIGNED, "occurrences@1.3": "[any]"},
    "node_filter": {"properties": "[{any}]|{any}", "capabilities": "[{any}]|{any}"},
    "group_definition": {
        "type!": "name",
        "description": "text",
        "metadata": "{any}",
        **_ASSIGNED,
        "members": "[name]",
        "interfaces": "{interface_definition}",
    },
    "policy_definition": {
        "type!": "name",
        "description": "text",
        "metadata": "{any}",
        "properties": "{any}",
        "targets": "[name]",
        "triggers@1.2": "{trigger_definition}",
    },
    "trigger_definition": {
        "description": "text",
        "event": "any",
        "event_type": "any",
        "schedule": "any",
        "target_filter": "any",
        "condition": "any",
        "constraint": "any",
        "period": "scalar",
        "evaluations": "int",
        "method": "text",
        "action!": "any",
    },
    "substitution_mapping": {
        "node_type!": "name",
        "substitution_filter@1.3": "node_filter",
        "properties": "{any}",
        "attributes@1.3": "{any}",
        "capabilities": "{any}",
        "requirements": "{any}",
        "interfaces": "{any}",
    },
    # 3.6.26 and 3.6.27 imperative workflows
    "workflow_definition": {
        "description": "text",
        "metadata": "{any}",
        "inputs": "{any}",
        "preconditions": "[workflow_precondition]",
        "steps": "{workflow_step}",
        "implementation@1.3": "implementation|artifact_definition|text",
        "outputs@1.3": "{any}",
    },
    "workflow_precondition": {"target!": "name", "target_relationship": "name", "condition": "any"},
    "workflow_step": {
        "description": "text",
        "target!": "name",
        "target_relationship": "name",
        "operation_host": "text",
        "filter": "any",
        "activities!": "[{any}|name]",
        "on_success": "[name]",
        "on_failure": "[name]",
    },
}

# `tosca_definitions_version` values, and the version whose grammar they mean.
VERSIONS = {
    "tosca_simple_yaml_1_0": "1.0",
    "tosca_simple_yaml_1_0_0": "1.0",
    "http://docs.oasis-open.org/tosca/ns/simple/yaml/1.0": "1.0",
    "tosca_simple_yaml_1_1": "1.1",
    "tosca_simple_yaml_1_1_0": "1.1",
    "http://docs.oasis-open.org/tosca/ns/simple/yaml/1.1": "1.1",
    "tosca_simple_yaml_1_2": "1.2",
    "tosca_simple_yaml_1_2_0": "1.2",
    "http://docs.oasis-open.org/tosca/ns/simple/yaml/1.2": "1.2",
    "tosca_simple_yaml_1_3": "1.3",
    "tosca_simple_yaml_1_3_0": "1.3",
    "http://docs.oasis-open.org/tosca/ns/simple/yaml/1.3": "1.3",
    "tosca_2_0": "2.0",
}
