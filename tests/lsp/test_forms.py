"""Deployments, manifests, forms and waivers: completion, documentation and definitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.client import Client
from tests.lsp.editing import MARK, edited, offered, put
from tests.small import SERVICE, TEMPLATE, TYPES, Platform, wish

_CHOICE = TEMPLATE.replace(
    "    secret_word:",
    "    colour: {type: string, default: red, constraints: [{valid_values: [red, green]}]}\n"
    "    users: {type: list, default: [], entry_schema: {type: example.User}}\n    secret_word:",
)
_USER = "data_types:\n  example.User:\n    properties:\n      login: {type: string, description: To log in.}\n"


@pytest.fixture
def root(platform: Platform) -> Path:
    """The small platform, whose service has an input with a choice and one of a complex type."""
    platform.write({"catalog/page/template.yaml": _CHOICE, "tosca-types/page.yaml": TYPES + _USER})
    return platform.root


@pytest.mark.parametrize(
    ("path", "text", "there", "absent"),
    [
        ("deployments/school/a.yaml", "¦", ["service", "version", "inputs", "protected"], []),
        ("deployments/school/a.yaml", "service: ¦\nversion: ^1.0\n", ["page"], ["web"]),
        ("deployments/school/a.yaml", "service: page\nversion: ¦\n", ["^1.0", "~1.0"], []),
        ("deployments/school/a.yaml", "service: page\nprovider: ¦\n", ["local", "far"], []),
        ("deployments/school/a.yaml", "service: page\nprotected: ¦\n", ["true", "false"], []),
        ("deployments/school/a.yaml", "service: page\ninputs:\n  title: a\n  ¦", ["cpus", "colour"], ["title"]),
        ("deployments/school/a.yaml", "service: page\ninputs:\n  colour: ¦\n", ["red", "green"], []),
        ("deployments/school/a.yaml", "service: page\ninputs:\n  users:\n    - ¦", ["login"], []),
        ("deployments/school/a.yaml", "service: page\ninputs: {title: {¦}}\n", ["secret"], []),
        ("deployments/school/a.yaml", "service: page\nvers\ninputs:\n  colour: ¦\n", ["red"], []),
        ("catalog/page/service.yaml", SERVICE + "¦", ["status", "metadata"], ["name", "roles"]),
        ("catalog/page/service.yaml", "name: page\nroles:\n  ¦", ["web", "base"], ["page"]),
        ("catalog/page/service.yaml", "name: page\nroles: {web: ¦}\n", ["^1.0"], []),
        ("catalog/page/service.yaml", "name: page\ntosca_types: ¦\n", ["^1.0"], []),
        ("catalog/page/service.yaml", "name: page\nupdatable: [¦]\n", ["title", "colour"], []),
        ("ansible-roles/web/role.yaml", "name: web\n¦", ["version", "roles"], ["name", "display_name"]),
        ("catalog/page/form.yaml", "tabs: {a: A}\ninputs:\n  title: {tab: a}\n  ¦", ["cpus"], ["title"]),
        ("catalog/page/form.yaml", "tabs: {a: A}\n¦", ["inputs"], ["tabs"]),
        ("catalog/page/form.yaml", "inputs:\n  title: {tag_type: text, ¦}", ["label", "tab"], ["values", "tag_type"]),
        ("catalog/page/form.yaml", "inputs:\n  title: {tag_type: select, ¦}", ["values"], ["parent"]),
        ("catalog/page/form.yaml", "inputs:\n  title: {tag_type: ¦}", ["text", "dependent_select"], []),
        ("catalog/page/form.yaml", "tabs: {a: A}\ninputs:\n  title: {tab: ¦}", ["a"], []),
        ("catalog/page/form.yaml", "inputs:\n  title: {updatable: ¦}", ["true", "false"], []),
        ("waivers.yaml", "¦", ["waivers"], []),
        ("waivers.yaml", "waivers:\n  - rule: ¦\n", ["TOSCA2001"], []),
        ("waivers.yaml", "waivers:\n  - rule: TOSCA2001\n    ¦", ["path", "expires"], ["rule"]),
    ],
)  # fmt: skip
def test_what_may_stand_there_is_offered(
    server: Client, root: Path, path: str, text: str, there: list[str], absent: list[str]
) -> None:
    found = offered(server, root / path, text)
    assert [one for one in there if one not in found] == [], sorted(found)
    assert [one for one in absent if one in found] == []


def test_a_chosen_input_is_written_with_its_colon(server: Client, root: Path) -> None:
    text = wish() + f"  {MARK}"
    found = offered(server, root / "deployments/school/a.yaml", text)
    assert edited(text.replace(MARK, ""), [found["cpus"]["textEdit"]]) == wish() + "  cpus: "
    assert "Cores." in found["cpus"]["documentation"]["value"]


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("deployments/school/a.yaml", "service: page\ninputs:\n  cp¦us: 1\n", "Cores."),
        ("deployments/school/a.yaml", "serv¦ice: page\n", "a service of the catalogue"),
        ("catalog/page/service.yaml", "updat¦able: []\n", "inputs that may change"),
        ("catalog/page/service.yaml", "updatable: [cp¦us]\n", "Cores."),
        ("waivers.yaml", "waivers: [{rule: TOSCA2¦001}]\n", "input that is never used"),
    ],
)
def test_hover_tells_what_a_word_means(server: Client, root: Path, path: str, text: str, told: str) -> None:
    uri, line, column = put(server, root / path, text)
    assert told in server.at("hover", uri, line, column)["contents"]["value"]
    server.close(uri)


@pytest.mark.parametrize(
    ("path", "text", "leads", "line"),
    [
        ("deployments/school/a.yaml", "service: pa¦ge\n", "catalog/page/template.yaml", 0),
        ("deployments/school/a.yaml", "service: page\ninputs:\n  cp¦us: 1\n", "catalog/page/template.yaml", 6),
        ("catalog/page/service.yaml", "roles: {we¦b: ^1.0}\n", "ansible-roles/web/role.yaml", 0),
    ],
)
def test_definition_leads_to_the_catalogue(
    server: Client, root: Path, path: str, text: str, leads: str, line: int
) -> None:
    uri, row, column = put(server, root / path, text)
    found = server.at("definition", uri, row, column)
    assert found["uri"] == (root / leads).as_uri()
    assert found["range"]["start"]["line"] == line
    server.close(uri)


@pytest.mark.parametrize("name", ["../../etc", "/etc", "no/such", "[]", "page: x"])
def test_a_hostile_service_is_looked_up_nowhere(server: Client, root: Path, name: str) -> None:
    found = offered(server, root / "deployments/school/a.yaml", f"service: {name}\ninputs:\n  {MARK}")
    assert "cpus" not in found
