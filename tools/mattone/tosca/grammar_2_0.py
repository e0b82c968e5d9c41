"""The grammar of TOSCA 2.0 as data, written as `grammar` describes.

Two marks more: a keyname that ends in `+` is required unless the definition refines one that is inherited
(2.0, 5.2 and 6.4.2) or is a copy (7.2); a function may stand for any single value (10.1). Clauses are those of
the OASIS Standard.
"""

from __future__ import annotations

_COMMON = {"description": "text", "metadata": "{any}"}  # 5.3
_TYPE = {**_COMMON, "derived_from": "name", "version": "scalar"}  # 6.4.1
_PROPERTIES = {"properties": "{property_definition|any}"}
_ATTRIBUTES = {"attributes": "{attribute_definition}"}
_INTERFACES = {"interfaces": "{interface_definition}"}
_ARTIFACTS = {"artifacts": "{artifact_definition}"}
_SCHEMAS = {"validation": "any", "key_schema": "schema_definition|name", "entry_schema": "schema_definition|name"}
_DATA = {**_COMMON, **_SCHEMAS, "default": "any"}
_ASSIGNED = {"properties": "{any}", "attributes": "{any}"}
_PARAMETERS = "{parameter_definition|any}"

ELEMENTS: dict[str, dict[str, str]] = {
    # 6.1 TOSCA file
    "tosca_file": {
        "tosca_definitions_version!": "name",
        **_COMMON,
        "dsl_definitions": "{any}",
        "artifact_types": "{artifact_type}",
        "data_types": "{data_type}",
        "capability_types": "{capability_type}",
        "interface_types": "{interface_type}",
        "relationship_types": "{relationship_type}",
        "node_types": "{node_type}",
        "group_types": "{group_type}",
        "policy_types": "{policy_type}",
        "repositories": "{repository_definition|text}",
        "functions": "{function_definition}",
        "profile": "text",
        "imports": "[import_definition|text]",
        "service_template": "service_template",
    },
    # 6.5 and 6.8.1
    "repository_definition": {**_COMMON, "url!": "text"},
    "import_definition": {**_COMMON, "url": "text", "profile": "text", "repository": "name", "namespace": "name"},
    # 10.4
    "function_definition": {**_COMMON, "signatures!": "[function_signature]"},
    "function_signature": {
        "arguments": "[schema_definition|name]",
        "optional_arguments": "[schema_definition|name]",
        "variadic": "bool",
        "result": "schema_definition|name",
        "implementation": "implementation|text",
    },
    # 7.1, 7.3, 8.1, 9.2, 11.1, 12.1, 16.1, 16.3 type definitions
    "node_type": {
        **_TYPE,
        **_PROPERTIES,
        **_ATTRIBUTES,
        "capabilities": "{capability_definition|name}",
        "requirements": "<requirement_definition|name>",  # 8.4 has no short form, and people write the 1.3 one
        **_INTERFACES,
        **_ARTIFACTS,
    },
    "relationship_type": {
        **_TYPE,
        **_PROPERTIES,
        **_ATTRIBUTES,
        **_INTERFACES,
        "valid_capability_types": "[name]",
        "valid_target_node_types": "[name]",
        "valid_source_node_types": "[name]",
    },
    "capability_type": {
        **_TYPE,
        **_PROPERTIES,
        **_ATTRIBUTES,
        "valid_source_node_types": "[name]",
        "valid_relationship_types": "[name]",
    },
    "interface_type": {
        **_TYPE,
        "inputs": _PARAMETERS,
        "operations": "{operation_of_type}",
        "notifications": "{operation_of_type}",
    },
    "artifact_type": {**_TYPE, "mime_type": "text", "file_ext": "[text]", **_PROPERTIES},
    "data_type": {
        **_TYPE,
        **_SCHEMAS,
        **_PROPERTIES,
        # 9.1.2.2 scalar types
        "data_type": "name",
        "units": "{scalar}",
        "canonical_unit": "text",
        "prefixes": "{scalar}",
    },
    "group_type": {**_TYPE, **_PROPERTIES, **_ATTRIBUTES, "members": "[name]"},
    "policy_type": {**_TYPE, **_PROPERTIES, "targets": "[name]", "triggers": "{trigger_definition}"},
    # 9.3, 9.4, 9.6, 9.8
    "schema_definition": {**_COMMON, **_SCHEMAS, "type": "name"},
    "property_definition": {"type+": "name", **_DATA, "required": "bool", "value": "any", "status": "text"},
    "attribute_definition": {"type+": "name", **_DATA},
    "parameter_definition": {"type": "name", **_DATA, "required": "bool", "value": "any", "mapping": "[any]"},
    # 8.2 and 8.5 (refined: 8.3 and 8.6)
    "capability_definition": {
        "type+": "name",
        **_COMMON,
        **_PROPERTIES,
        "attributes": "{attribute_definition|any}",
        "valid_source_node_types": "[name]",
        "valid_relationship_types": "[name]",
    },
    "requirement_definition": {
        "capability+": "name",
        "relationship+": "relationship_of_requirement|name",
        **_COMMON,
        "node": "name",
        "node_filter": "any",
        "count_range": "[any]",
    },
    "relationship_of_requirement": {"type+": "name", **_COMMON, **_PROPERTIES, **_ATTRIBUTES, **_INTERFACES},
    # 11.2, 11.4, 11.6, 11.8 and 12.2; an interface type only names its operations (11.1)
    "interface_definition": {
        "type+": "name",
        **_COMMON,
        "inputs": _PARAMETERS,
        "operations": "{operation_definition|text}",
        "notifications": "{operation_definition|text}",
    },
    "operation_of_type": {**_COMMON, "inputs": _PARAMETERS, "outputs": _PARAMETERS},
    "operation_definition": {
        **_COMMON,
        "implementation": "implementation|text",
        "inputs": _PARAMETERS,
        "outputs": _PARAMETERS,
    },
    "implementation": {
        **_COMMON,
        "primary": "artifact_definition|text",
        "dependencies": "[artifact_definition|text]",
        "timeout": "scalar",
    },
    "artifact_definition": {
        "type!": "name",
        "file!": "text",
        **_COMMON,
        "repository": "name",
        "artifact_version": "scalar",
        "checksum": "text",
        "checksum_algorithm": "text",
        "properties": "{any}",
    },
    # 6.9.1 service template
    "service_template": {
        **_COMMON,
        "inputs": "{parameter_definition}",
        "node_templates!": "{node_template}",
        "relationship_templates": "{relationship_template}",
        "groups": "{group_definition}",
        "workflows": "{workflow_definition}",
        "policies": "<policy_definition>",
        "outputs": _PARAMETERS,
        "substitution_mappings": "substitution_mapping",
        "functions": "{function_definition}",
    },
    # 7.2 and 7.4
    "node_template": {
        "type+": "name",
        **_COMMON,
        "directives": "[text]",
        **_ASSIGNED,
        "requirements": "<requirement_assignment|name|[any]>",
        "capabilities": "{capability_assignment}",
        "interfaces": "{interface_assignment}",
        **_ARTIFACTS,
        "count": "int",
        "node_filter": "any",
        "copy": "name",
    },
    "relationship_template": {
        "type+": "name",
        **_COMMON,
        **_ASSIGNED,
        "interfaces": "{interface_assignment}",
        "copy": "name",
    },
    # 8.4 and 8.7 (in the standard 8.5.1)
    "capability_assignment": {**_COMMON, **_ASSIGNED, "directives": "[text]"},
    "requirement_assignment": {
        **_COMMON,
        "node": "name|[any]",
        "capability": "name",
        "relationship": "relationship_assignment|name",
        "allocation": "{any}",
        "count": "int",
        "node_filter": "any",
        "directives": "[text]",
        "optional": "bool",
    },
    "relationship_assignment": {"type": "name", **_COMMON, **_ASSIGNED, "interfaces": "{interface_assignment}"},
    # 11.3, 11.5 and 11.7
    "interface_assignment": {
        **_COMMON,
        "inputs": "{any}",
        "operations": "{operation_assignment|text}",
        "notifications": "{operation_assignment|text}",
    },
    "operation_assignment": {
        **_COMMON,
        "implementation": "implementation|text",
        "inputs": "{any}",
        "outputs": "{any}",
    },
    # 16.2, 16.4 and 16.5
    "group_definition": {"type!": "name", **_COMMON, **_ASSIGNED, "members": "[name]"},
    "policy_definition": {
        "type!": "name",
        **_COMMON,
        "properties": "{any}",
        "targets": "[name]",
        "triggers": "{trigger_definition}",
    },
    "trigger_definition": {**_COMMON, "event!": "text", "condition": "any", "action!": "[{any}]"},
    # 15.1
    "substitution_mapping": {
        "node_type!": "name",
        **_COMMON,
        "substitution_filter": "any",
        "properties": "{any}",
        "attributes": "{any}",
        "capabilities": "{any}",
        "requirements": "<any>|{any}",
        "interfaces": "{any}",
    },
    # 13.2
    "workflow_definition": {
        **_COMMON,
        "inputs": _PARAMETERS,
        "precondition": "any",
        "steps": "{workflow_step}",
        "implementation": "implementation|text",
        "outputs": "{any}",
    },
    "workflow_step": {
        **_COMMON,
        "target!": "name",
        "target_relationship": "name",
        "filter": "any",
        "activities!": "[{any}]",
        "on_success": "[name]",
        "on_failure": "[name]",
    },
}
