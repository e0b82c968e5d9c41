"""What is sent: inputs apart from the template, marks that outlive the server's writing, one placement."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mattone.engines.indigo_orchestrator import document
from mattone.engines.indigo_orchestrator.document import Marks
from mattone.engines.interface import Placement
from mattone.errors import InputError
from tests.doubles.indigo_orchestrator.templates import rewritten
from tests.engines.indigo_orchestrator.site import submission, template


def body(made: dict[str, Any], operation: str = "op-1", placement: Placement | None = None) -> dict[str, Any]:
    from dataclasses import replace

    return document.body(replace(submission(operation, made), placement=placement), {"userGroup": "school"})


def sent(made: dict[str, Any], placement: Placement | None = None) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(body(made, placement=placement)["template"])
    return found


def test_inputs_go_apart_and_those_without_a_value_go_with_what_they_set() -> None:
    made = template(word="secret word")
    request = body(made)
    parsed = yaml.safe_load(request["template"])
    assert request["parameters"] == {"title": "Hello", "word": "secret word"}
    assert parsed["topology_template"]["inputs"] == {"title": {"type": "string"}, "word": {"type": "string"}}
    assert parsed["topology_template"]["node_templates"]["page"]["properties"] == {"title": {"get_input": "title"}}
    assert made == template(word="secret word")  # what was handed over is untouched


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_values_that_count_as_nothing_in_python_are_values(value: Any) -> None:
    assert body(template(word=value))["parameters"]["word"] == value


def test_input_without_a_value_inside_a_function_is_left_for_the_server_to_refuse() -> None:
    made = template()
    made["topology_template"]["node_templates"]["page"]["properties"]["title"] = {
        "concat": ["x", {"get_input": "note"}]
    }
    with pytest.raises(InputError, match="input `note` has no value, and a function needs it"):
        body(made)


def test_output_of_an_input_without_a_value_is_left_out() -> None:
    made = template()
    made["topology_template"]["outputs"]["note"] = {"value": {"get_input": "note"}}
    assert list(sent(made)["topology_template"]["outputs"]) == ["address", "title"]


@pytest.mark.parametrize("minor", range(4))
def test_every_1_x_template_is_sent_in_the_version_that_the_server_knows(minor: int) -> None:
    made = {**template(), "tosca_definitions_version": f"tosca_simple_yaml_1_{minor}"}
    assert sent(made)["tosca_definitions_version"] == "tosca_simple_yaml_1_0"


@pytest.mark.parametrize("version", ["tosca_2_0", "", None, ["x"]])
def test_template_of_another_language_is_refused(version: Any) -> None:
    with pytest.raises(InputError, match="does not know templates of"):
        body({**template(), "tosca_definitions_version": version})


def test_operations_under_a_key_of_their_own_are_written_as_1_0_has_them() -> None:
    made = template()
    interface = {"inputs": {"a": 1}, "operations": {"configure": {"implementation": "x"}, "start": "y"}}
    made["node_types"] = {"example.Page": {"interfaces": {"Standard": interface}}}
    made["topology_template"]["node_templates"]["page"]["interfaces"] = {"Standard": {"operations": {"stop": "z"}}}
    found = sent(made)
    assert found["node_types"]["example.Page"]["interfaces"]["Standard"] == {
        "inputs": {"a": 1},
        "configure": {"implementation": "x"},
        "start": "y",
    }
    page = found["topology_template"]["node_templates"]["page"]
    assert page["interfaces"] == {"Standard": {"stop": "z"}}


def test_template_without_inputs_has_no_parameters() -> None:
    made = template()
    del made["topology_template"]["inputs"]
    made["topology_template"]["node_templates"]["page"]["properties"] = {}
    assert body(made)["parameters"] == {}


def test_placement_is_one_policy_with_its_type() -> None:
    found = sent(template(), Placement("local", "sla-1", "north"))
    (entry,) = found["topology_template"]["policies"]
    assert entry["mattone_placement"] == {
        "type": "tosca.policies.indigo.SlaPlacement",
        "properties": {"sla_id": "sla-1", "region": "north"},
    }
    assert found["policy_types"]["tosca.policies.indigo.SlaPlacement"]["derived_from"] == "tosca.policies.Placement"
    (without,) = sent(template(), Placement("local", "sla-1"))["topology_template"]["policies"]
    assert without["mattone_placement"]["properties"] == {"sla_id": "sla-1"}


@pytest.mark.parametrize("as_map", [True, False])
def test_a_placement_of_the_template_stays_the_only_one(as_map: bool) -> None:
    own = {"mine": {"type": "tosca.policies.indigo.SlaPlacement", "properties": {"sla_id": "x"}}}
    made = template()
    made["topology_template"]["policies"] = own if as_map else [own]
    assert sent(made, Placement("local", "sla-1"))["topology_template"]["policies"] == (own if as_map else [own])


def test_other_policies_stay_beside_the_placement() -> None:
    made = template()
    made["topology_template"]["policies"] = {"scaling": {"type": "tosca.policies.Scaling"}}
    found = sent(made, Placement("local", "sla-1"))["topology_template"]["policies"]
    assert [name for entry in found for name in entry] == ["scaling", "mattone_placement"]


def test_no_placement_adds_nothing() -> None:
    for placement in (None, Placement("local", "")):
        assert "policies" not in sent(template(), placement)["topology_template"]


def test_file_of_this_host_is_refused_with_the_way_out() -> None:
    made = template()
    made["topology_template"]["node_templates"]["page"]["interfaces"] = {"Standard": {"configure": "file:///b/x.yaml"}}
    with pytest.raises(InputError, match=r"cannot read `x\.yaml`, a file of this host") as caught:
        body(made)
    assert "engine.files_url" in caught.value.hint


@given(
    st.text(max_size=200),
    st.from_regex(r"[a-z0-9]{1,63}/[a-z0-9]{1,63}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)
def test_marks_are_read_back_from_what_was_sent_and_from_what_the_server_makes_of_it(
    description: str, deployment: str, operation: str
) -> None:
    text = _sent_by(description, deployment, operation)
    assert document.marks(text) == Marks(deployment, operation)
    assert document.marks(rewritten(text)) == Marks(deployment, operation)
    again = _sent_by(yaml.safe_load(rewritten(text))["description"], deployment, "op-2")
    assert document.marks(rewritten(again)) == Marks(deployment, "op-2")
    assert again.count("[mattone") == 1


def _sent_by(description: str, deployment: str, operation: str) -> str:
    from dataclasses import replace

    made = {**template(), "description": description}
    return str(document.body(replace(submission(operation, made), deployment=deployment), {})["template"])


def test_mark_that_an_author_wrote_is_not_believed() -> None:
    made = {**template(), "description": "[mattone deployment=other/page operation=x] A page."}
    text = body(made)["template"]
    assert document.marks(rewritten(text)) == Marks("school/page", "op-1")
    assert "other/page" not in text


@pytest.mark.parametrize(
    "text", ["description: about mattone\n", "mattone: 1\n", "metadata: {mattone_deployment: 7}\n"]
)
def test_template_that_only_speaks_of_mattone_has_no_marks(text: str) -> None:
    assert document.marks(text) is None
