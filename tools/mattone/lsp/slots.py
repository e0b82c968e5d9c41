"""Which keynames name what: the kinds of types, node templates and files that a value refers to."""

from __future__ import annotations

# The element and keyname of a value, and the kinds of types that it may name.
TYPES: dict[tuple[str, str], tuple[str, ...]] = {
    ("node_template", "type"): ("node",),
    ("relationship_template", "type"): ("relationship",),
    ("relationship_assignment", "type"): ("relationship",),
    ("relationship_of_requirement", "type"): ("relationship",),
    ("requirement_assignment", "relationship"): ("relationship",),
    ("requirement_assignment", "capability"): ("capability",),
    ("requirement_assignment", "node"): ("node",),
    ("group_definition", "type"): ("group",),
    ("policy_definition", "type"): ("policy",),
    ("artifact_definition", "type"): ("artifact",),
    ("interface_definition", "type"): ("interface",),
    ("capability_definition", "type"): ("capability",),
    ("capability_definition", "valid_source_types"): ("node",),
    ("relationship_type", "valid_target_types"): ("capability", "node"),
    ("capability_type", "valid_source_types"): ("node",),
    ("group_type", "members"): ("node",),
    ("policy_type", "targets"): ("node", "group"),
    ("requirement_definition", "capability"): ("capability",),
    ("requirement_definition", "node"): ("node",),
    ("requirement_definition", "relationship"): ("relationship",),
    ("substitution_mapping", "node_type"): ("node",),
    **{
        (f"{element}_definition", "type"): ("data",)
        for element in ("property", "attribute", "parameter", "output", "schema")
    },
    **{
        (f"{kind}_type", "derived_from"): (kind,)
        for kind in ("node", "relationship", "capability", "interface", "artifact", "data", "group", "policy")
    },
    # Short forms: the value of a name of the section itself.
    ("node_type", "capabilities"): ("capability",),
    ("group_type", "capabilities"): ("capability",),
    ("node_type", "requirements"): ("capability",),
    ("group_type", "requirements"): ("capability",),
    **{(element, key): ("data",) for element in ("property_definition", "attribute_definition", "parameter_definition",
       "schema_definition", "data_type") for key in ("entry_schema", "key_schema")},
}  # fmt: skip

# Values that name node templates of the same topology.
NODES = frozenset(
    {
        ("node_template", "requirements"),
        ("requirement_assignment", "node"),
        ("node_template", "copy"),
        ("group_definition", "members"),
        ("policy_definition", "targets"),
        ("workflow_step", "target"),
        ("workflow_precondition", "target"),
    }
)

# Values that name files.
FILES = frozenset(
    {
        ("service_template", "imports"),
        ("import_definition", "file"),
        ("artifact_definition", "file"),
        ("operation_definition", "implementation"),
        ("implementation", "primary"),
        ("implementation", "dependencies"),
        ("interface_definition", "*"),
        ("interface_definition", "operations"),
        ("node_template", "artifacts"),
        ("node_type", "artifacts"),
    }
)

STATUS = ("supported", "unsupported", "experimental", "deprecated")

# What an intrinsic function does, and how it is written (TOSCA Simple Profile 1.3, chapter 4).
FUNCTIONS = {
    "get_input": ("the value of an input of the template", "get_input: NAME"),
    "get_property": ("the value of a property", "get_property: [ENTITY, PROPERTY]"),
    "get_attribute": ("the value of an attribute, once it is known", "get_attribute: [ENTITY, ATTRIBUTE]"),
    "get_operation_output": (
        "a value that an operation exports",
        "get_operation_output: [ENTITY, INTERFACE, OPERATION, NAME]",
    ),
    "get_artifact": ("where an artifact lies", "get_artifact: [ENTITY, ARTIFACT]"),
    "get_nodes_of_type": ("the nodes of a type", "get_nodes_of_type: TYPE"),
    "concat": ("texts one after the other", "concat: [TEXT, TEXT]"),
    "join": ("texts with a delimiter between them", 'join: [[TEXT, TEXT], ","]'),
    "token": ("one part of a text that is split", 'token: [TEXT, ":", 0]'),
}
CLAUSES = {
    "get_input": "4.4.1", "get_property": "4.4.2", "get_attribute": "4.5.1", "get_operation_output": "4.6.1",
    "get_artifact": "4.8.1", "get_nodes_of_type": "4.7.1", "concat": "4.3.1", "join": "4.3.2", "token": "4.3.3",
}  # fmt: skip
ENTITIES = {
    "SELF": "the node or relationship that this stands in",
    "HOST": "the node that hosts this one",
    "SOURCE": "the source of the relationship that this stands in",
    "TARGET": "the target of the relationship that this stands in",
}
