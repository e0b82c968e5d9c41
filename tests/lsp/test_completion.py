"""Completion in templates: what may stand there, in whole and in half-written text, and what choosing it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.tosca.source import load
from tests.lsp.client import Client
from tests.lsp.editing import MARK, edited, marked, offered
from tests.tosca.support import PATH, TEMPLATE, TYPES

_NODE = "    server:\n      type: example.Server\n"


@pytest.mark.parametrize(
    ("old", "new", "there", "absent"),
    [
        ("type: example.App", "type: exa¦", ["example.App", "example.Server", "tosca.nodes.Compute"], ["example.User"]),
        ("type: example.App", "type: ¦", ["example.App"], ["tosca.capabilities.Node", "string"]),
        ("  properties:\n        title", "  properties:\n        ¦\n        title", ["port"], ["title", "type"]),
        ("        - host: server\n", "        - host: ¦\n", ["server"], ["app"]),
        ("        - host: server\n", "        - ¦\n", ["host", "dependency"], ["server"]),
        ("        - host: server\n", "        - host:\n            node: ¦\n", ["server"], ["app"]),
        ("        - host: server\n", "        - host:\n            ¦\n", ["node", "relationship", "capability"], []),
        ("        - host: server\n", "        - host: {node: server, capability: ¦}\n", ["host", "os"], ["title"]),
        ("      capabilities:\n", "      capabilities:\n        ¦\n", ["os", "endpoint"], ["host"]),
        ("num_cpus: {get_input: cpus}", "¦", ["gpus", "num_cpus", "cpu_frequency"], ["mem_size"]),
        ("get_input: title", "get_input: ¦", ["title", "cpus", "users"], ["server"]),
        ("title: {get_input: title}", "title: {¦", ["get_input", "get_property", "concat"], []),
        ("title: {get_input: title}", "title: {get_input: ¦", ["title", "cpus"], []),
        ("title: {get_input: title}", "title: ¦", ["{get_input: title}", "{get_input: size}"], ["{get_input: users}"]),
        ("num_cpus: {get_input: cpus}", "num_cpus: ¦", ["{get_input: cpus}"], ["{get_input: title}"]),
        ("[server, public_address]", "[¦, public_address]", ["server", "app", "SELF"], ["title"]),
        ("[server, public_address]", "[server, ¦]", ["public_address", "users", "host", "endpoint"], ["title"]),
        ("[server, public_address]", "[server, ¦", ["public_address", "host"], []),
        ("[server, public_address]", "[server, host, ¦]", ["num_cpus", "gpus"], ["users"]),
        ("[server, public_address]", "[app, host, ¦]", ["public_address", "users"], []),
        ("{get_attribute: [server, public_address]}", "{get_nodes_of_type: ¦}", ["example.Server"], ["server"]),
        ("users: {get_input: users}", "users: [{name: a, ¦}]", ["admin", "key"], ["name"]),
        ("users: {get_input: users}", "users:\n          - name: a\n            ¦", ["admin", "key"], ["name"]),
        ("users: {get_input: users}", "users: [{admin: ¦}]", ["true", "false"], []),
        ("  outputs:\n", "  ¦\n  outputs:\n", ["groups", "policies", "workflows"], ["inputs", "outputs"]),
        ("metadata:\n", "¦\nmetadata:\n", ["data_types", "node_types", "repositories"], ["imports"]),
        ("tosca_simple_yaml_1_3", "¦", ["tosca_simple_yaml_1_0", "tosca_simple_yaml_1_3"], []),
        ("{type: string, description: What the page says.,", "{type: ¦,", ["string", "integer", "example.User"], []),
        ("entry_schema: {type: example.User}", "entry_schema: ¦", ["example.User", "string"], []),
        ("constraints: [{min_length: 3}]", "constraints: [{¦}]", ["min_length", "in_range", "valid_values"], []),
        ("../../tosca-types/example.yaml", "¦", ["../../tosca-types/example.yaml"], ["template.yaml"]),
        (_NODE, _NODE + "      ¦\n", ["requirements", "interfaces", "artifacts"], ["type", "capabilities"]),
        (_NODE, _NODE + "      interfaces:\n        ¦\n", ["Standard"], []),
        (_NODE, _NODE + "      interfaces:\n        Standard:\n          ¦\n", ["create", "configure", "inputs"], []),
        ("  node_templates:\n", "  policies:\n    - p:\n        targets: [¦]\n  node_templates:\n", ["app"], []),
    ],
)  # fmt: skip
def test_what_may_stand_there_is_offered(
    server: Client, templates: Path, old: str, new: str, there: list[str], absent: list[str]
) -> None:
    assert old in TEMPLATE
    found = offered(server, templates / PATH, TEMPLATE.replace(old, new, 1))
    assert [one for one in there if one not in found] == [], sorted(found)[:60]
    assert [one for one in absent if one in found] == []


@pytest.mark.parametrize(
    ("old", "new", "there"),
    [
        ("derived_from: tosca.nodes.Compute", "derived_from: ¦", ["tosca.nodes.Compute", "example.App"]),
        ("host: {type: example.Host}", "host: {type: ¦}", ["example.Host", "tosca.capabilities.Compute"]),
        ("host: {type: example.Host}", "host: ¦", ["example.Host"]),
        ("implementation: artifacts/app.yaml", "implementation: ¦", ["artifacts/app.yaml"]),
        ("[SELF, title]", "[SELF, ¦]", ["title", "port", "host"]),
        ("{in_range: [1, 65535]}", "{¦}", ["in_range", "less_than"]),
    ],
)
def test_a_type_library_is_completed_too(server: Client, templates: Path, old: str, new: str, there: list[str]) -> None:
    play = templates / "tosca-types/artifacts/app.yaml"
    play.parent.mkdir()
    play.write_text("- hosts: all\n")
    found = offered(server, templates / "tosca-types/example.yaml", TYPES.replace(old, new, 1))
    assert [one for one in there if one not in found] == [], sorted(found)[:60]


@pytest.mark.parametrize(
    ("old", "new", "label", "written"),
    [
        ("        - host: server\n", "        - ho¦\n", "host", "        - host: \n"),
        ("        - host: server\n", "        ¦\n", "host", "        - host: \n"),
        ("- host: server", "- host:¦", "server", "- host: server"),
        ("- host: server", "- ho¦: server", "host", "- host: server"),
        ("      capabilities:\n", "      cap¦\n", "capabilities", "      capabilities:\n        \n"),
        ('{get_input: title}', '{get_input: "ti¦"}', "title", "{get_input: title}"),
    ],
)  # fmt: skip
def test_choosing_an_offer_writes_what_is_meant(
    server: Client, templates: Path, old: str, new: str, label: str, written: str
) -> None:
    text = TEMPLATE.replace(old, new, 1)
    chosen = offered(server, templates / PATH, text)[label]
    assert edited(text.replace(MARK, ""), [chosen["textEdit"]]) == TEMPLATE.replace(old, written, 1)


def test_values_that_yaml_would_read_otherwise_are_quoted(server: Client, templates: Path) -> None:
    types = TYPES.replace(
        "title: {type: string}", "title: {type: string, constraints: [{valid_values: ['no', '1.10', 'a: b', plain]}]}"
    )
    (templates / "tosca-types/example.yaml").write_text(types)
    text = TEMPLATE.replace("title: {get_input: title}", f"title: {MARK}", 1)
    found = offered(server, templates / PATH, text)
    for label in ("no", "1.10", "a: b", "plain"):
        made = edited(text.replace(MARK, ""), [found[label]["textEdit"]])
        assert load("x", made.encode()).value["topology_template"]["node_templates"]["app"]["properties"] == {
            "title": label
        }


def test_an_offer_brings_its_documentation(server: Client, templates: Path) -> None:
    found = offered(server, templates / PATH, marked(TEMPLATE, "get_input: cpus", 11))
    assert "Cores." in found["cpus"]["documentation"]["value"]
    assert found["cpus"]["detail"] == "integer"


def test_required_members_come_first(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("        title: {get_input: title}\n", f"        {MARK}\n", 1)
    found = sorted(offered(server, templates / PATH, text).values(), key=lambda one: str(one["sortText"]))
    assert found[0]["label"] == "title"


@pytest.mark.parametrize("broken", ["      requ\n", "    x: {a: [\n", "    'open\n", "\t\n", "    - : :\n"])
def test_a_defect_elsewhere_leaves_completion_as_it_was(server: Client, templates: Path, broken: str) -> None:
    text = TEMPLATE.replace("  outputs:\n", broken + "  outputs:\n").replace(
        "get_input: title", f"get_input: {MARK}", 1
    )
    assert {"title", "cpus"} <= set(offered(server, templates / PATH, text))


def test_nothing_is_offered_where_nothing_is_known(server: Client, templates: Path) -> None:
    assert offered(server, templates / "play.yaml", f"- hosts: {MARK}\n") == {}
    assert offered(server, templates / PATH, f"# {MARK}\n" + TEMPLATE) == {}


def test_an_empty_template_begins_with_its_keynames(server: Client, templates: Path) -> None:
    assert {"tosca_definitions_version", "topology_template"} <= set(offered(server, templates / PATH, MARK))
