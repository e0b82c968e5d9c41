"""What an engine cannot do is said in the plan, and nothing that would silently not happen is promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mattone.engines.indigo_orchestrator.adapter import CAPABILITIES
from mattone.engines.interface import Capabilities
from mattone.pins.bundle import tree_resolver
from mattone.reconcile import show
from mattone.reconcile.abilities import EVERYTHING, Firm, firm_inputs, impossible
from mattone.reconcile.plan import Change, Known, Step, Wish, make_plan
from mattone.records.store import History
from mattone.tosca.template import load_template
from tests.reconcile.wishes import PAGE, record, wish
from tests.small import MemoryTree

TEMPLATE = """\
tosca_definitions_version: tosca_simple_yaml_1_3
node_types:
  example.Disk: {derived_from: tosca.nodes.BlockStorage}
topology_template:
  inputs:
    title: {type: string}
    note: {type: string, required: false}
    cpus: {type: integer, default: 1}
    memory: {type: scalar-unit.size, default: 1 GB}
    image: {type: string, default: debian-12}
    disk: {type: scalar-unit.size, default: 1 GB}
    port: {type: integer, default: 80}
  node_templates:
    server:
      type: tosca.nodes.Compute
      capabilities:
        host: {properties: {num_cpus: {get_input: cpus}, mem_size: {concat: [{get_input: [memory]}, ""]}}}
        os: {properties: {image: {get_input: image}}}
        endpoint: {properties: {port: {get_input: port}, note: {get_input: note}}}
        scalable: 7
    data: {type: example.Disk, properties: {size: {get_input: disk}, snapshot_id: {get_input: title}}}
    odd: {type: unknown.Type, capabilities: {host: {properties: {num_cpus: {get_input: [undeclared]}}}}}
"""


def firm(text: str = TEMPLATE) -> Firm:
    template, _ = load_template("t.yaml", tree_resolver(MemoryTree({"t.yaml": text})))
    assert template is not None
    return firm_inputs(template)


def test_inputs_that_make_machines_and_those_without_a_way_back_are_found() -> None:
    found = firm()
    assert found.bare == {"title", "note"}
    assert found.sizes == {"cpus": 1, "memory": "1 GB", "image": "debian-12", "disk": "1 GB"}


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("note", "x", None, "cannot take back note, which has no default: give it a value, or delete it and ask again"),
        ("cpus", 1, 4, "changes no machine or disk that exists (cpus): restore the old value, or delete it"),
        ("cpus", None, 4, "changes no machine or disk that exists (cpus)"),
        ("cpus", 4, None, "changes no machine or disk that exists (cpus)"),
        ("cpus", None, 1, ""),  # the default, written down
        ("disk", "1 GB", "2 GB", "changes no machine or disk that exists (disk)"),
        ("note", None, "x", ""),
        ("port", 80, None, ""),  # goes back to its default, which is sent
        ("gone", "x", None, ""),  # the template has no such input any more
    ],
)
def test_what_the_orchestrator_cannot_do_is_said(name: str, old: Any, new: Any, said: str) -> None:
    why = impossible([(name, old, new)], firm(), CAPABILITIES)
    assert said in why if said else why == ""
    assert impossible([(name, old, new)], firm(), EVERYTHING) == ""


def test_all_that_is_impossible_is_said_at_once() -> None:
    why = impossible([("note", "x", None), ("cpus", 1, 2), ("memory", "1 GB", "2 GB")], firm(), Capabilities())
    assert "take back note" in why
    assert "(cpus, memory)" in why


def planned(before: dict[str, Any], after: dict[str, Any], can: Capabilities = CAPABILITIES, ok: bool = True) -> Step:
    made = Known(History((record(free(before), ok=ok),)), can=can)
    (step,) = make_plan("production", "a" * 40, "b" * 40, {PAGE: free(after)}, {PAGE: made}).steps
    return step


def free(inputs: dict[str, Any]) -> Wish:
    """A wish whose service lets every input change."""
    return replace(wish(inputs), updatable=(), firm=firm())


def test_plan_is_blocked_with_the_reason_and_the_fields() -> None:
    step = planned({"title": "x", "note": "y"}, {"title": "x"})
    assert step.change is Change.BLOCKED
    assert "cannot take back note" in step.why
    assert [field.name for field in step.fields] == ["note"]
    plan = make_plan(
        "production", "a", "b", {PAGE: free({"title": "x", "cpus": 2})},
        {PAGE: Known(History((record(free({"title": "x"})),)), can=CAPABILITIES)},
    )  # fmt: skip
    assert "changes no machine or disk that exists (cpus)" in show.as_text(plan)
    assert "1 blocked" in show.as_markdown(plan)


def test_an_engine_that_can_is_planned_to() -> None:
    assert planned({"title": "x", "cpus": 1}, {"title": "x", "cpus": 2}, EVERYTHING).change is Change.UPDATE


def test_what_never_was_ready_is_made_anew_and_takes_everything() -> None:
    assert planned({"title": "x", "cpus": 1}, {"title": "x", "cpus": 2}, ok=False).change is Change.UPDATE


def test_what_the_engine_can_change_is_not_in_the_way() -> None:
    assert planned({"title": "x", "note": "a"}, {"title": "y", "note": "b"}).change is Change.UPDATE
