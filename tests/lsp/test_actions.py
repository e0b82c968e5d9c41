"""Quick fixes: the same as `mattone validate --fix`, one at a time or all, and the name that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mattone.checks.fixes import fixed
from mattone.tosca.source import load
from tests.lsp.client import Client
from tests.lsp.editing import edited
from tests.tosca.support import PATH, TEMPLATE

_DEFECTS = TEMPLATE.replace("default: small", "default: yes").replace(
    "  display_name: Page", "  display_name: Page\n  template_version: 1.10\n  since: 2024-01-02\n  🧱: {a: off}"
)


def actions(server: Client, uri: str, text: str, word: str = "", only: list[str] | None = None) -> list[dict[str, Any]]:
    """The actions for the line of a word, or for the whole text."""
    line = text[: text.index(word)].count("\n") if word else 0
    last = line if word else text.count("\n")
    span = {"start": {"line": line, "character": 0}, "end": {"line": last, "character": 999}}
    context: dict[str, Any] = {"diagnostics": [], **({"only": only} if only else {})}
    found = server.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": span, "context": context})
    return list(found or [])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_fixing_all_writes_what_validate_writes(server: Client, templates: Path, end: str) -> None:
    text = _DEFECTS.replace("\n", end)
    expected, count = fixed(_DEFECTS, load(PATH, _DEFECTS.encode()).findings)
    assert count == 4
    uri = server.open(templates / PATH, text)
    server.checked(uri, 1)
    (action,) = actions(server, uri, text, only=["source.fixAll"])
    assert action["kind"] == "source.fixAll.mattone"
    made = edited(text.replace("\r\n", "\n"), action["edit"]["changes"][uri])
    assert made == expected


def test_one_finding_is_fixed_where_the_cursor_is(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH, _DEFECTS)
    server.checked(uri, 1)
    (action,) = actions(server, uri, _DEFECTS, "{a: off}", only=["quickfix"])
    assert action["title"] == "Fix YAML3001: write false"
    assert [one["code"] for one in action["diagnostics"]] == ["YAML3001"]
    assert edited(_DEFECTS, action["edit"]["changes"][uri]) == _DEFECTS.replace("off", "false")


def test_a_name_that_was_meant_replaces_the_one_written(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("- host: server", "- host: sever").replace("        title: {get", "        titel: {get")
    uri = server.open(templates / PATH, text)
    server.checked(uri, 1)
    for word in ("- host: sever", "titel"):
        found = [one for one in actions(server, uri, text, word) if one["title"].startswith("Replace")]
        assert len(found) == 1
        text = edited(text, found[0]["edit"]["changes"][uri])
        server.replace(uri, 2 + (word == "titel"), text)
        server.checked(uri, 2 + (word == "titel"))
    assert text == TEMPLATE


def test_there_is_nothing_to_do_in_a_sound_template(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH)
    assert server.checked(uri, 1) == []
    assert actions(server, uri, TEMPLATE) == []


def test_hover_explains_the_rule_of_a_finding(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("- host: server", "- host: sever")
    uri = server.open(templates / PATH, text)
    server.checked(uri, 1)
    line = text[: text.index("sever\n")].count("\n")
    shown = server.at("hover", uri, line, 17)["contents"]["value"]
    assert "`TOSCA1032`" in shown
    assert "Decided by" in shown
