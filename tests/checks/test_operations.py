"""Operations of interfaces, the inputs they take, and what workflows and triggers do with them."""

from __future__ import annotations

import pytest

from mattone.checks.template import check_template
from mattone.findings import Finding
from tests.tosca.support import resolver

HEAD = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: An example.
metadata: {display_name: Example}
interface_types:
  example.Backup:
    derived_from: tosca.interfaces.Root
    inputs:
      compress: {type: boolean, default: true}
    operations:
      save:
        inputs:
          target: {type: string, constraints: [{min_length: 3}]}
          copies: {type: integer, default: 1}
      load: {}
node_types:
  example.Base:
    derived_from: tosca.nodes.SoftwareComponent
    properties: {size: {type: integer, default: 3}, name: {type: string, default: x}}
    interfaces:
      Backup:
        type: example.Backup
        operations: {save: {implementation: save.yaml}, prune: {implementation: prune.yaml}}
  example.Page:
    derived_from: example.Base
"""
TOPOLOGY = """\
topology_template:
  node_templates:
    server: {type: tosca.nodes.Compute}
    page:
      type: example.Page
      requirements: [{host: server}]
      interfaces: {Backup: {operations: {save: {inputs: {target: /srv}}}}}
"""


def check(text: str) -> tuple[Finding, ...]:
    return check_template("template.yaml", resolver({"template.yaml": text}))


def told(text: str) -> list[str]:
    """Rule, the text that stands at the place, and message of each error."""
    lines = text.splitlines()
    return [
        f"{one.rule} {lines[one.place.line - 1][one.place.column - 1 :]} | {one.message}"
        for one in check(text)
        if one.severity == "error"
    ]


def with_inputs(inputs: str) -> str:
    return HEAD + TOPOLOGY.replace("{target: /srv}", inputs)


def test_inputs_that_fit_their_definition_are_sound() -> None:
    assert told(HEAD + TOPOLOGY) == []
    assert told(with_inputs("{target: {get_property: [SELF, name]}, copies: 2, further: [1]}")) == []


@pytest.mark.parametrize(
    ("inputs", "rule", "at", "message"),
    [
        ("{target: /srv, copies: two}", "TOSCA1022", "two", "input `copies` must be an integer"),
        ("{target: /}", "TOSCA1023", "/", "input `target` must have at least 3 characters"),
        ("{target: {get_property: [SELF, size]}}", "TOSCA1045", "{get_property", "gives a value of type integer"),
        ("{target: {get_property: [SELF, sise]}}", "TOSCA1042", "sise", "has no property `sise`"),
        ("{further: {get_property: [SELF, sise]}, target: /srv}", "TOSCA1042", "sise", "has no property `sise`"),
        ("{copies: 2}", "TOSCA1021", "save:", "operation `Backup.save` lacks input `target`"),
        ("{target: {type: strng}}", "TOSCA1010", "strng", "there is no data type `strng`"),
    ],
)
def test_an_input_is_checked_against_its_definition(inputs: str, rule: str, at: str, message: str) -> None:
    (found,) = told(with_inputs(inputs))
    assert found.startswith(f"{rule} {at}")
    assert message in found


def test_an_input_of_the_whole_interface_is_checked_too() -> None:
    text = HEAD + TOPOLOGY.replace("{operations: {save:", "{inputs: {compress: much}, operations: {save:")
    assert [one.split("|")[1] for one in told(text)] == [" input `compress` must be a boolean, not the text `much`"]


def test_an_input_that_the_type_gives_or_that_nothing_uses_need_not_be_given() -> None:
    bare = TOPOLOGY.replace("      interfaces: {Backup: {operations: {save: {inputs: {target: /srv}}}}}\n", "")
    assert [one.split()[0] for one in told(HEAD + bare)] == ["TOSCA1021"]
    given = HEAD.replace("{implementation: save.yaml}", "{implementation: save.yaml, inputs: {target: /srv}}")
    assert told(given + bare) == []
    assert told(HEAD.replace("save: {implementation: save.yaml}, ", "") + bare) == []


def test_a_default_of_an_input_that_does_not_fit_is_found_in_the_library() -> None:
    wrong = HEAD.replace("{type: integer, default: 1}", "{type: integer, default: one}")
    assert [one.split()[:2] for one in told(wrong)] == [["TOSCA1022", "one}"]]


def test_a_type_may_add_an_operation_to_its_own_interface_and_a_template_may_not() -> None:
    rules = [one.rule for one in check(HEAD + TOPOLOGY) if one.rule in ("TOSCA1051", "TOSCA2016")]
    assert rules == ["TOSCA2016"]
    used = HEAD + TOPOLOGY.replace("{operations: {save:", "{operations: {prune: {}, save:")
    assert told(used) == []
    unknown = HEAD + TOPOLOGY.replace("{operations: {save:", "{operations: {prun: {}, save:")
    assert [one.split()[0] for one in told(unknown)] == ["TOSCA1051"]


def test_an_input_of_the_whole_interface_is_given_once() -> None:
    shared = HEAD.replace("{type: boolean, default: true}", "{type: boolean}")
    assert [one.split("|")[1] for one in told(shared + TOPOLOGY)] == [" interface `Backup` lacks input `compress`"]
    in_one = TOPOLOGY.replace("{target: /srv}", "{target: /srv, compress: true}")
    assert told(shared + in_one) == []
    in_all = TOPOLOGY.replace("{operations: {save:", "{inputs: {compress: true}, operations: {save:")
    assert told(shared + in_all) == []


@pytest.mark.parametrize(
    ("argument", "rule", "message"),
    [
        ("[page, Backup, save, path]", "", ""),
        ("[page, Backup, prune, path]", "", ""),
        ("[page, Standard, create, path]", "", ""),
        ("[page, Backup, svae, path]", "TOSCA1048", "interface `Backup` of example.Page has no operation `svae`"),
        ("[page, Bakup, save, path]", "TOSCA1048", "example.Page has no interface `Bakup`"),
        ("[page, Backup, save]", "TOSCA1044", "needs an entity, an interface, an operation and an output"),
    ],
)
def test_the_operation_whose_output_is_read_must_be_there(argument: str, rule: str, message: str) -> None:
    found = told(HEAD + TOPOLOGY + f"  outputs: {{path: {{value: {{get_operation_output: {argument}}}}}}}\n")
    assert [one.split()[0] for one in found] == ([rule] if rule else [])
    assert message in "".join(found)


@pytest.mark.parametrize(
    "entry",
    [
        "- {file: a.yaml, repository: types}",
        "- base: {file: a.yaml, repository: types}",
        "base: {file: a.yaml, repository: types}",
    ],
)
def test_an_import_from_a_repository_is_looked_for_there(entry: str) -> None:
    text = (
        "tosca_definitions_version: tosca_simple_yaml_1_3\nrepositories: {types: https://example.org/types/}\n"
        f"imports:\n  {entry}\n"
    )
    (found,) = told(text)
    assert "import `https://example.org/types/a.yaml` is not found" in found


@pytest.mark.parametrize("imports", ["[{base: }]", "{base: }", "[~]"])
def test_an_import_of_nothing_is_found(imports: str) -> None:
    found = told(f"tosca_definitions_version: tosca_simple_yaml_1_3\nimports: {imports}\n")
    assert [one.split()[0] for one in found] == ["TOSCA1004"]


WORKFLOW = """\
  workflows:
    down: {steps: {only: {target: server, activities: [{set_state: stopped}]}}}
    up:
      preconditions:
        - {target: page, condition: [PRECONDITION]}
      steps:
        first:
          target: page
          filter: [{not: [{state: [{equal: started}]}]}]
          activities: [ACTIVITY]
"""


def workflow(precondition: str = "{state: [{equal: initial}]}", activity: str = "{inline: down}") -> str:
    return HEAD + TOPOLOGY + WORKFLOW.replace("PRECONDITION", precondition).replace("ACTIVITY", activity)


@pytest.mark.parametrize(
    "activity",
    [
        "{inline: down}",
        "{delegate: deploy}",
        "{call_operation: Backup.save}",
        "{call_operation: Backup.prune}",
        "{call_operation: {operation: Standard.create, inputs: {a: {get_property: [SELF, name]}}}}",
        "{set_state: started}",
    ],
)
def test_a_sound_workflow_is_accepted(activity: str) -> None:
    assert told(workflow(activity=activity)) == []


@pytest.mark.parametrize(
    ("activity", "rule", "message"),
    [
        ("{inline: dwn}", "TOSCA1068", "there is no workflow `dwn`"),
        ("{call_operation: save}", "TOSCA1068", "`save` names no interface"),
        ("{call_operation: Bakup.save}", "TOSCA1068", "has no interface `Bakup`"),
        ("{call_operation: Backup.svae}", "TOSCA1068", "has no operation `svae`"),
        ("{call_operation: {inputs: {}}}", "TOSCA1068", "needs the name of its operation, not nothing"),
        ("{call_operation: [Backup.save]}", "TOSCA1068", "needs the name of its operation"),
        ("{call: x}", "TOSCA1065", "there is no workflow activity `call`"),
    ],
)
def test_an_activity_that_leads_nowhere_is_found(activity: str, rule: str, message: str) -> None:
    (found,) = told(workflow(activity=activity))
    assert found.startswith(rule)
    assert message in found


@pytest.mark.parametrize(
    ("condition", "rule", "message"),
    [
        ("{stat: [{equal: initial}]}", "TOSCA1043", "there is no attribute `stat` to compare"),
        ("{state: [{equals: initial}]}", "TOSCA1024", "`equals` is no constraint operator"),
        ("{size: [{greater_than: many}]}", "TOSCA1024", "needs a value of type integer"),
        ("{state: initial}", "TOSCA1066", "`state` needs a list of constraint clauses"),
        ("{and: {state: [{equal: initial}]}}", "TOSCA1066", "`and` needs a list of clauses"),
        ("{or: [initial]}", "TOSCA1066", "`initial` is no condition clause"),
        ("{equal: initial}", "TOSCA1066", "`equal` constrains nothing"),
        ("{assert: [{state: [{equl: initial}]}]}", "TOSCA1024", "`equl` is no constraint operator"),
    ],
)
def test_a_condition_that_cannot_be_read_is_found(condition: str, rule: str, message: str) -> None:
    (found,) = told(workflow(precondition=condition))
    assert found.startswith(rule)
    assert message in found


TRIGGER = """\
  policies:
    - grow:
        type: tosca.policies.Scaling
        targets: [server]
        triggers:
          busy: {event: busy, target_filter: FILTER, condition: CONDITION, action: [{call_operation: Standard.stop}]}
"""


def trigger(
    chosen: str = "{node: server}", condition: str = "[{state: [{equal: started}]}]", version: str = "1_3"
) -> str:
    text = HEAD + TOPOLOGY + TRIGGER.replace("FILTER", chosen).replace("CONDITION", condition)
    return text.replace("yaml_1_3", f"yaml_{version}")


@pytest.mark.parametrize(
    ("chosen", "condition"),
    [
        ("{node: server}", "[{state: [{equal: started}]}]"),
        ("{node: tosca.nodes.Compute, capability: host}", "[{num_cpus: [{greater_than: 3}]}]"),
        ("{node: page, requirement: host, capability: Compute}", "[{num_cpus: [{less_than: 2}]}]"),
        ("{node: page}", "{constraint: [{size: [{greater_than: 1}]}], period: 60 s, evaluations: 2, method: average}"),
    ],
)
def test_a_sound_trigger_is_accepted(chosen: str, condition: str) -> None:
    assert told(trigger(chosen, condition)) == []


@pytest.mark.parametrize(
    ("chosen", "condition", "rule", "message"),
    [
        ("{node: sever}", "[]", "TOSCA1067", "no node template or node type `sever`"),
        ("{}", "[]", "TOSCA1067", "names the `node`"),
        ("{nod: server, node: server}", "[]", "TOSCA1067", "no keyname `nod`"),
        ("{node: page, requirement: hots}", "[]", "TOSCA1067", "no requirement `hots`"),
        ("{node: server, capability: hots}", "[]", "TOSCA1067", "no capability `hots`"),
        ("{node: server, capability: host}", "[{cpus: [{equal: 1}]}]", "TOSCA1043", "no attribute `cpus`"),
        ("{node: server}", "{constraint: busy greater_than 50%}", "TOSCA1066", "is no condition clause"),
        ("{node: server}", "{constraint: [], period: 60}", "TOSCA1066", "`period` is a scalar-unit.time"),
        ("{node: server}", "{constraint: [], evaluations: 0}", "TOSCA1066", "`evaluations` is a number"),
        ("{node: server}", "{constraint: [], granularity: 60}", "TOSCA1066", "has no keyname `granularity`"),
    ],
)
def test_a_trigger_with_a_defect_is_found(chosen: str, condition: str, rule: str, message: str) -> None:
    (found,) = told(trigger(chosen, condition))
    assert found.startswith(rule)
    assert message in found


def test_what_a_trigger_needs_depends_on_the_version() -> None:
    old = trigger(condition="{constraint: busy greater_than 50%, period: 60}", version="1_2")
    old = old.replace("[{call_operation: Standard.stop}]", "{resize: {inputs: {by: 2}}}")
    assert told(old) == []
    newer = [one.split()[0] for one in told(old.replace("yaml_1_2", "yaml_1_3"))]
    assert sorted(newer) == ["TOSCA1065", "TOSCA1066", "TOSCA1066"]
    assert [one.split()[0] for one in told(trigger().replace("event: busy, ", ""))] == ["TOSCA1004"]


def test_a_trigger_of_a_policy_type_is_checked_in_the_library() -> None:
    library = HEAD + (
        "policy_types:\n  example.Grow:\n    derived_from: tosca.policies.Root\n    triggers:\n      busy:\n"
        "        event: busy\n        target_filter: {node: asg}\n        condition: busy\n"
        "        action: [{delegate: scale}]\n"
    )
    assert [one.split()[0] for one in told(library)] == ["TOSCA1066"]
