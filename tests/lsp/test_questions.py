"""Hover, definitions and the outline, asked of a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client
from tests.lsp.editing import MARK, marked, put
from tests.tosca.support import PATH, TEMPLATE, TYPES


def hover(server: Client, file: Path, text: str) -> str:
    uri, line, column = put(server, file, text)
    found = server.at("hover", uri, line, column)
    server.close(uri)
    return str(found["contents"]["value"]) if found else ""


@pytest.mark.parametrize(
    ("word", "inside", "told"),
    [
        ("type: example.App", 8, ["`example.App`", "node type", "`tosca.nodes.SoftwareComponent`", "`port`", "= `80`"]),
        ("title: {get_input", 1, ["`title`", "property of type `string`", "required"]),
        ("get_input: title", 1, ["The value of an input", "4.4.1"]),
        ("get_input: title", 12, ["`title`", "input of type", "What the page says.", "min_length"]),
        ("- host: server", 3, ["needs `tosca.capabilities.Container`", "`tosca.nodes.SoftwareComponent`"]),
        ("- host: server", 10, ["node template of type `example.Server`"]),
        ("        host:\n          properties", 9, ["capability of type `example.Host`", "`num_cpus`"]),
        ("num_cpus: {", 1, ["`num_cpus`", "integer"]),
        ("[server, public", 2, ["node template"]),
        ("public_address]", 2, ["`public_address`", "string"]),
        ("type: scalar-unit.size", 8, ["primitive type"]),
        ("node_templates:", 2, ["keyname of a topology template"]),
        ("entry_schema: {type: example.User}", 24, ["`example.User`", "data type", "`admin`"]),
        ("cpus: {type", 1, ["input of type `integer`", "Default: `2`", "in_range"]),
    ],
)
def test_hover_tells_what_a_word_means(
    server: Client, templates: Path, word: str, inside: int, told: list[str]
) -> None:
    shown = hover(server, templates / PATH, marked(TEMPLATE, word, inside))
    assert [one for one in told if one not in shown] == [], shown


def test_hover_works_while_another_line_is_half_written(server: Client, templates: Path) -> None:
    broken = TEMPLATE.replace("      requirements:\n", "      requ\n")
    uri = server.open(templates / PATH)
    server.checked(uri, 1)
    server.replace(uri, 2, broken)
    at = broken[: broken.index("type: example.App")].count("\n")
    assert "node type" in server.at("hover", uri, at, 14)["contents"]["value"]


def test_hover_has_nothing_to_say_about_nothing(server: Client, templates: Path) -> None:
    assert hover(server, templates / PATH, marked(TEMPLATE, "A page on", 2)) == ""
    assert hover(server, templates / PATH, "# com" + MARK + "ment\n" + TEMPLATE) == ""
    assert hover(server, templates / "play.yaml", "- hosts: al" + MARK + "l\n") == ""


def test_hostile_names_are_shown_and_nothing_more(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("What the page says.", '"\\e[31m\\u202e `x` <img>"')
    shown = hover(server, templates / PATH, marked(text, "get_input: title", 12))
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def go(server: Client, file: Path, text: str) -> tuple[str, str] | None:
    """The file (its name) and the line that a definition leads to."""
    uri, line, column = put(server, file, text)
    found = server.at("definition", uri, line, column)
    server.close(uri)
    if found is None:
        return None
    target = Path(found["uri"].removeprefix("file://"))
    shown = (text.replace(MARK, "") if target == file else target.read_text()).split("\n")
    return target.name, shown[found["range"]["start"]["line"]].strip()


@pytest.mark.parametrize(
    ("word", "inside", "leads"),
    [
        ("type: example.App", 8, ("example.yaml", "example.App:")),
        ("title: {get_input", 1, ("example.yaml", "title: {type: string}")),
        ("get_input: cpus", 12, ("template.yaml", "cpus: {type: integer")),
        ("- host: server", 10, ("template.yaml", "server:")),
        ("[server, public", 2, ("template.yaml", "server:")),
        ("public_address]", 2, ("TOSCA_definition.yaml", "public_address:")),
        ("../../tosca-types", 5, ("example.yaml", "tosca_definitions_version")),
        ("mem_size: {", 1, ("TOSCA_definition.yaml", "mem_size:")),
    ],
)
def test_definition_leads_to_where_it_is_declared(
    server: Client, templates: Path, word: str, inside: int, leads: tuple[str, str]
) -> None:
    found = go(server, templates / PATH, marked(TEMPLATE, word, inside))
    assert found is not None
    assert found[0] == leads[0]
    assert found[1].startswith(leads[1])


def test_definition_of_files_and_roles(server: Client, templates: Path) -> None:
    library = templates / "tosca-types/example.yaml"
    play = templates / "tosca-types/artifacts/app.yaml"
    play.parent.mkdir()
    play.write_text("- hosts: all\n")
    role = templates / "ansible-roles/docker/tasks/main.yml"
    role.parent.mkdir(parents=True)
    role.write_text("# tasks\n")
    assert go(server, library, marked(TYPES, "artifacts/app.yaml", 3)) == ("app.yaml", "- hosts: all")
    assert go(server, library, marked(TYPES, "community.docker", 3)) == ("main.yml", "# tasks")


def test_definition_never_leads_out_of_the_repository(server: Client, templates: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("x: 1\n")
    (templates / "tosca-types/link.yaml").symlink_to(tmp_path / "secret.yaml")
    for reference in ("../../../secret.yaml", "/etc/passwd", "../../tosca-types/link.yaml", "https://x.org/a.yaml"):
        text = TEMPLATE.replace("../../tosca-types/example.yaml", reference)
        assert go(server, templates / PATH, marked(text, reference, 4)) is None


def test_the_outline_names_inputs_nodes_outputs_and_types(server: Client, templates: Path) -> None:
    def names(found: list[dict[str, Any]]) -> dict[str, Any]:
        return {one["name"]: names(one.get("children") or []) for one in found}

    uri = server.open(templates / PATH)
    outline = server.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    shown = names(outline)
    assert list(shown) == ["imports", "topology_template"]
    assert list(shown["imports"]) == ["../../tosca-types/example.yaml"]
    assert {name: list(inner) for name, inner in shown["topology_template"].items()} == {
        "inputs": ["title", "cpus", "memory", "size", "users"],
        "node_templates": ["app", "server"],
        "outputs": ["address", "size"],
    }
    app = next(one for one in outline[1]["children"] if one["name"] == "node_templates")["children"][0]
    assert app["detail"] == "example.App"
    library = server.open(templates / "tosca-types/example.yaml")
    types = names(server.request("textDocument/documentSymbol", {"textDocument": {"uri": library}}))
    assert "example.Server" in types["node_types"]


@pytest.mark.parametrize(
    ("word", "inside", "lines"),
    [
        ("get_input: cpus", 12, ["cpus: {type: integer", "num_cpus: {get_input: cpus}"]),
        ("- host: server", 10, ["- host: server", "server:", "value: {get_attribute: [server"]),
        ("size: {type", 1, ["size: {type: string", "value: {get_input: size}"]),
    ],
)
def test_references_are_all_the_words_that_mean_the_same(
    server: Client, templates: Path, word: str, inside: int, lines: list[str]
) -> None:
    uri, line, column = put(server, templates / PATH, marked(TEMPLATE, word, inside))
    found = server.at("references", uri, line, column, context={"includeDeclaration": True})
    shown = [TEMPLATE.split("\n")[one["range"]["start"]["line"]].strip() for one in found]
    assert len(shown) == len(lines)
    assert [one for one, begin in zip(shown, lines, strict=True) if not one.startswith(begin)] == []
    without = server.at("references", uri, line, column, context={"includeDeclaration": False})
    assert len(without) == len(found) - 1
    server.close(uri)
