"""TOSCA 2.0: a sound template, and one defect at a time in it or in what it imports."""

from __future__ import annotations

import pytest

from mattone.checks.template import check_template
from mattone.findings import Finding, Severity
from tests.checks.samples_2_0 import FILES, PATH, PROFILE_PATH, TYPES_PATH, find

NAMES = {"template": PATH, "types": TYPES_PATH, "profile": PROFILE_PATH}


def check(files: dict[str, str] | None = None, path: str = PATH) -> tuple[Finding, ...]:
    return check_template(path, find(files or FILES))


def edited(where: str, old: str, new: str) -> tuple[dict[str, str], int]:
    """The files with one text replaced, which must be there exactly once, and its line."""
    text = FILES[NAMES[where]]
    assert text.count(old) == 1, (old, text.count(old))
    changed = text.replace(old, new)
    return {**FILES, NAMES[where]: changed}, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("path", FILES)
def test_a_sound_template_and_what_it_imports_have_no_findings(path: str) -> None:
    assert check(path=path) == ()


DEFECTS = [
    # keynames of 1.x, and what 2.0 asks for
    ("template", "service_template:", "topology_template:", "TOSCA1002"),
    ("template", "  - url: types.yaml", "  - file: types.yaml", "TOSCA1002"),
    ("template", "namespace: shop", "namespace_prefix: shop", "TOSCA1002"),
    (
        "types",
        "number: {type: integer, required: false, validation",
        "number: {type: integer, constraints",
        "TOSCA1002",
    ),
    ("types", "count_range: [1, 2]", "occurrences: [1, 2]", "TOSCA1002"),
    ("types", "arguments: [string]", "parameters: [string]", "TOSCA1002"),
    ("types", "    signatures:\n", "    signature:\n", "TOSCA1002"),
    (
        "types",
        "- jobs:\n          capability: queue\n          relationship: Sends",
        "- jobs:\n          capability: queue",
        "TOSCA1004",
    ),
    ("profile", "create: {description: Put it there.}", "create: {implementation: create.sh}", "TOSCA1002"),
    ("template", "    memory: {type: Size", "    memory: {type: scalar-unit.size", "TOSCA1010"),
    # imports, namespaces and profiles
    ("template", "profile: org.example.machines:1.0", "profile: org.example.machines:2.0", "TOSCA1005"),
    ("template", "  - profile: org.example.machines:1.0", "  - namespace: other", "TOSCA1004"),
    ("template", "type: shop:Broker", "type: Broker", "TOSCA1010"),
    ("types", "type: m:Lifecycle", "type: m:Lifecycel", "TOSCA1010"),
    ("types", "relationship: m:HostedOn", "relationship: HostedOn", "TOSCA1010"),
    ("types", "valid_source_node_types: [Worker]", "valid_source_node_types: [Workre]", "TOSCA1010"),
    # functions
    ("template", "mem-size: {$get_input: memory}", "mem-size: {$get_input: memroy}", "TOSCA1040"),
    ("template", "mem-size: {$get_input: memory}", "mem-size: {get_input: memory}", "TOSCA1022"),
    ("template", "mem-size: {$get_input: memory}", "mem-size: {$get_input: workers}", "TOSCA1045"),
    ("template", "jobs, TARGET, CAPABILITY, queue, depth]", "jobs, TARGET, CAPABILITY, queue, dept]", "TOSCA1042"),
    ("template", "jobs, TARGET, CAPABILITY, queue, depth]", "jobs, TARGET, CAPABILITY, host, depth]", "TOSCA1049"),
    ("template", "SELF, RELATIONSHIP, host, 0, TARGET", "SELF, RELATIONSHIP, hots, 0, TARGET", "TOSCA1049"),
    ("template", "SELF, RELATIONSHIP, host, 0, TARGET", "SELF, TARGET", "TOSCA1049"),
    ("template", "SELF, RELATIONSHIP, host, 0, TARGET, address]", "SELF, RELATIONSHIP, host, 0]", "TOSCA1044"),
    (
        "template",
        "value: {$get_attribute: [machine, address]}}\n    url",
        "value: {$get_attribute: [machin, address]}}\n    url",
        "TOSCA1041",
    ),
    (
        "template",
        "value: {$get_attribute: [machine, address]}}\n    url",
        "value: {$get_attribute: [machine, adress]}}\n    url",
        "TOSCA1043",
    ),
    ("template", "[broker, at, street]}", "[broker, at, stret]}", "TOSCA1047"),
    ("template", "{$quotient: [{$get_input: workers}, 2]}", "{$quotient: [{$get_input: workers}]}", "TOSCA1044"),
    ("template", "{$quotient: [{$get_input: workers}, 2]}", "{$quotient: [{$get_input: zones}, 2]}", "TOSCA1046"),
    ("template", "{$shop:shout: [{$get_input: [zones, 0]}]}", "{$shop:shout: [{$get_input: workers}]}", "TOSCA1045"),
    ("template", "{$shop:shout: [{$get_input: [zones, 0]}]}", "{$shop:shout: [a, b]}", "TOSCA1046"),
    # values
    ("template", "mem-size: {$get_input: memory}", "mem-size: 4 GiB", "TOSCA1022"),
    ("template", "mem-size: {$get_input: memory}", "mem-size: 4", "TOSCA1022"),
    ("template", "mem-size: {$get_input: memory}", "mem-size: 4.5 GB", "TOSCA1022"),
    ("template", "mem-size: {$get_input: memory}", "mem-size: -4 GB", "TOSCA1023"),
    ("template", "default: 4 GB", "default: 65 GB", "TOSCA1023"),
    ("template", "{name: machine-one}", "{name: Machine}", "TOSCA1023"),
    ("template", "load: 70", "load: 170", "TOSCA1023"),
    ("template", "title: Broker of the shop", "title: A broker", "TOSCA1023"),
    ("template", "number: 3", "number: 0", "TOSCA1023"),
    ("template", "street: Via Roma, ", "", "TOSCA1021"),
    ("template", "log: 1 GB", "log: much", "TOSCA1022"),
    ("template", "title: {$shop:shout", "protocol: http\n        title: {$shop:shout", "TOSCA1028"),
    # validation clauses
    ("types", "validation: {$greater_than: [$value, 0]}", "validation: {$greater_than: [$value, none]}", "TOSCA1024"),
    ("types", "validation: {$has_prefix: [$value, B]}", "validation: {$length: [$value]}", "TOSCA1024"),
    ("types", "validation: {$has_prefix: [$value, B]}", "validation: [$value]", "TOSCA1024"),
    ("types", "validation: {$has_prefix: [$value, B]}", "validation: {$has_key: [$value, B]}", "TOSCA1046"),
    ("template", "{$less_or_equal: [$value, 64 GB]}", "{$less_or_equal: [$value, 64 GiB]}", "TOSCA1024"),
    # types
    ("profile", "{B: 1}", "{B: 8}", "TOSCA1012"),
    ("profile", 'prefixes: {"": 1,', 'prefixes: {"": one,', "TOSCA1012"),
    ("profile", "data_type: integer", "data_type: string", "TOSCA1012"),
    ("types", "entry_schema: m:Size, required", "required", "TOSCA1013"),
    ("types", "load: {type: Percent, default: 80}", "load: {type: Percent, entry_schema: string}", "TOSCA1013"),
    ("types", "title: {default: Broker,", "title: {type: integer,", "TOSCA1014"),
    ("types", "      protocol: {type: string, value: amqp}", "      protocol: amqp", "TOSCA1004"),
    # templates
    ("template", "directives: [create]", "directives: [crate]", "TOSCA1029"),
    ("template", "allocation: {num-cpus: 1}", "allocation: {cpus: 1}", "TOSCA1020"),
    ("template", "- host: machine\n", "- host: broker\n", "TOSCA1033"),
    ("template", "node: broker, capability: queue", "node: brokre, capability: queue", "TOSCA1032"),
    ("template", "- jobs: {node: broker,", "- jobs: {count: 3, node: broker,", "TOSCA1036"),
    ("template", "call_operation: lifecycle.create", "call_operation: lifecycle.crate", "TOSCA1068"),
    ("template", "call_operation: lifecycle.create", "call_operation: lifecycl.create", "TOSCA1068"),
    ("template", "{inline: other}", "{inline: othre}", "TOSCA1068"),
    ("template", "attributes: {address: address}", "attributes: {address: adress}", "TOSCA1071"),
    ("template", "attributes: {address: address}", "attributes: {adress: address}", "TOSCA1070"),
    ("template", "configure:\n              implementation", "configur:\n              implementation", "TOSCA1051"),
]


@pytest.mark.parametrize(("where", "old", "new", "rule"), DEFECTS)
def test_a_defect_is_found_where_it_is(where: str, old: str, new: str, rule: str) -> None:
    files, line = edited(where, old, new)
    lines = range(line, line + max(old.count("\n"), new.count("\n")) + 1)
    found = [one for one in check(files) if one.severity is Severity.ERROR]
    places = {(one.rule, one.place.path) for one in found if one.place.line in lines}
    if rule == "TOSCA1036":  # of the node, not of one of its requirements
        places = {(one.rule, one.place.path) for one in found}
    assert (rule, NAMES[where]) in places, found


def test_a_profile_that_is_not_there_hides_nothing_else_and_floods_nothing() -> None:
    files, line = edited("template", "profile: org.example.machines:1.0", "profile: org.example.unknown:1.0")
    found = check(files)
    assert [(one.rule, one.place.line) for one in found] == [("TOSCA1005", line)]
    assert '`"profile:org.example.unknown:1.0": path/to/it.yaml`' in found[0].hint


def test_types_keep_the_namespace_of_what_they_were_imported_through() -> None:
    files, _ = edited("template", "  - profile: org.example.machines:1.0\n", "")
    files[PATH] = files[PATH].replace("type: Machine\n", "type: shop:m:Machine\n").replace("Size", "shop:m:Size")
    files[PATH] = files[PATH].replace("type: Script", "type: shop:m:Script")
    files[PATH] = files[PATH].replace("node_type: Machine", "node_type: shop:m:Machine")
    assert check(files) == ()


def test_a_file_of_1_3_keeps_its_own_rules() -> None:
    text = (
        "tosca_definitions_version: tosca_simple_yaml_1_3\ndescription: Old.\nmetadata: {display_name: Old}\n"
        "topology_template:\n  node_templates:\n    server:\n      type: tosca.nodes.Compute\n"
        "      metadata: {$get_input: no function here}\n"
    )
    assert check({PATH: text}) == ()


def test_two_dollars_are_a_plain_text() -> None:
    files, _ = edited("template", "title: Broker of the shop", "title: $$Broker")
    assert [one.rule for one in check(files)] == ["TOSCA1023"]  # it begins with a dollar


def test_a_mapping_with_a_function_and_more_is_malformed() -> None:
    files, line = edited("template", "{street: Via Roma, number: 3}", "{street: Via Roma, $sum: [1, 2]}")
    assert ("TOSCA1044", line) in [(one.rule, one.place.line) for one in check(files)]


def test_a_condition_that_depends_on_the_running_service_says_nothing_of_the_template() -> None:
    files, _ = edited(
        "profile",
        'validation: {$matches: [$value, "^[a-z][a-z0-9-]*$"]}',
        "validation: {$or: [{$equal: [$value, nothing]}, {$equal: [{$get_attribute: [SELF, address]}, a]}]}",
    )
    assert [one for one in check(files, PATH) if one.rule == "TOSCA1023"] == []
