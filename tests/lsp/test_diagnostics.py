"""Findings while one types: the same as `mattone validate`, at the right characters, and gone when they are mended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mattone
from tests.lsp.client import Client, span
from tests.small import Platform, wish
from tests.tosca.support import PATH, TEMPLATE, TYPES

_SEVERITIES = {1: "error", 2: "warning", 3: "style"}


def validated(folder: Path, path: str) -> list[tuple[str, str, int, int]]:
    """Rule, severity, line and column (from 1) of what `mattone validate` says of one file."""
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    command = [sys.executable, "-P", "-m", "mattone", "validate", "--no-cache", "--output", "json", path]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    found = json.loads(done.stdout)["findings"]
    return sorted((one["rule"], one["severity"], one["line"], one["column"]) for one in found if one["path"] == path)


def shown(found: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    places = [(one["range"]["start"]["line"] + 1, one["range"]["start"]["character"] + 1) for one in found]
    return sorted((one["code"], _SEVERITIES[one["severity"]], *at) for one, at in zip(found, places, strict=True))


def test_the_same_is_found_as_by_validate(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("- host: server", "- host: sever").replace("title: {get_input: title}", "titel: 5")
    text = text.replace("default: small", "default: huge").replace("description: Cores.", "descriptoin: no")
    (templates / PATH).write_text(text)
    expected = validated(templates, PATH)
    assert len(expected) > 4
    assert shown(server.checked(server.open(templates / PATH), 1)) == expected


def test_a_typed_error_shows_and_its_mending_clears_it(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH)
    assert server.checked(uri, 1) == []
    line = TEMPLATE.split("\n").index("        - host: server")
    server.change(uri, 2, {"range": span(line, 16, 22), "text": "sever"})
    (found,) = server.checked(uri, 2)
    assert found["code"] == "TOSCA1032"
    assert found["range"] == span(line, 16, 21)
    assert found["source"] == "mattone"
    assert "Did you mean `server`?" in found["message"]
    server.change(uri, 3, {"range": span(line, 16, 21), "text": "server"})
    assert server.checked(uri, 3) == []


def test_half_a_line_is_a_syntax_error_and_no_flood(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH, TEMPLATE.replace("- host: server", "- host: server\n        prop"))
    assert {one["code"] for one in server.checked(uri, 1)} == {"YAML1001"}


def test_columns_are_the_editors_after_an_emoji_and_with_carriage_returns(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("{get_input: title}", '{concat: ["🧱🧱", {get_input: tittle}]}').replace("\n", "\r\n")
    found = server.checked(server.open(templates / PATH, text), 1)
    line = next(number for number, one in enumerate(text.split("\r\n")) if "tittle" in one)
    begin = len(text.split("\r\n")[line].partition("tittle")[0].encode("utf-16-le")) // 2
    assert [(one["code"], one["range"]) for one in found if one["severity"] == 1] == [
        ("TOSCA1040", span(line, begin, begin + 6))
    ]


def test_columns_are_bytes_for_an_editor_that_prefers_them(templates: Path) -> None:
    client = Client()
    try:
        answer = client.initialize(templates, encodings=["utf-8", "utf-16"])
        assert answer["capabilities"]["positionEncoding"] == "utf-8"
        text = TEMPLATE.replace("{get_input: title}", '{concat: ["🧱", {get_input: tittle}]}')
        found = client.checked(client.open(templates / PATH, text), 1)
        line = next(number for number, one in enumerate(text.split("\n")) if "tittle" in one)
        begin = len(text.split("\n")[line].partition("tittle")[0].encode())
        assert span(line, begin, begin + 6) in [one["range"] for one in found]
        assert client.leave() == 0
    finally:
        client.end()


def test_a_change_in_an_open_library_is_seen_by_the_template_before_it_is_saved(
    server: Client, templates: Path
) -> None:
    template, library = server.open(templates / PATH), server.open(templates / "tosca-types/example.yaml")
    assert server.checked(template, 1) == []
    server.replace(library, 2, TYPES.replace("      title: {type: string}\n", ""))
    server.until(lambda: "TOSCA1020" in server.rules(template))
    server.close(library)
    server.until(lambda: server.rules(template) == [])


def test_defects_of_a_library_that_is_not_open_show_in_the_library(server: Client, templates: Path) -> None:
    library = templates / "tosca-types/example.yaml"
    library.write_text(TYPES.replace("derived_from: tosca.nodes.Compute", "derived_from: tosca.nodes.Compote"))
    template = server.open(templates / PATH)
    server.until(lambda: server.rules(library.as_uri()) == ["TOSCA1010"])
    server.close(template)
    server.until(lambda: server.published[library.as_uri()] == [])


def test_a_library_that_changes_on_disk_is_read_again(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH)
    assert server.checked(uri, 1) == []
    library = templates / "tosca-types/example.yaml"
    library.write_text(TYPES.replace("      title: {type: string}\n", ""))
    server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": library.as_uri(), "type": 2}]})
    server.until(lambda: "TOSCA1020" in server.rules(uri))


def test_a_duplicate_key_points_to_the_first_and_an_unused_input_is_greyed(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("        title: {get_input: title}", '        title: one\n        title: "two"')
    found = {one["code"]: one for one in server.checked(server.open(templates / PATH, text), 1)}
    line = text.split("\n").index("        title: one")
    (related,) = found["YAML1003"]["relatedInformation"]
    assert related["location"] == {"uri": (templates / PATH).as_uri(), "range": span(line, 8, 13)}
    assert found["TOSCA2001"]["tags"] == [1]


def test_a_rule_links_to_its_page_where_the_repository_has_one(server: Client, templates: Path) -> None:
    page = templates / "docs/reference/rules/TOSCA.md"
    page.parent.mkdir(parents=True)
    page.write_text("")
    found = server.checked(server.open(templates / PATH, TEMPLATE.replace("_1_3", "_9_9")), 1)
    assert [one["codeDescription"]["href"] for one in found] == [
        page.as_uri() + "#tosca1001-version-missing-or-not-supported"
    ]


def test_a_waived_finding_is_not_shown_and_comes_back_with_the_waiver_gone(server: Client, templates: Path) -> None:
    text = TEMPLATE.replace("default: small", "default: no")
    uri = server.open(templates / PATH, text)
    rules = {one["code"] for one in server.checked(uri, 1)}
    assert "YAML3001" in rules
    waiver = "waivers:\n- {rule: YAML3001, path: catalog/*/template.yaml, reason: r, owner: o, expires: '%s'}\n"
    waivers = server.open(templates / "waivers.yaml", waiver % "2000-01-01")
    assert [one["code"] for one in server.checked(waivers, 1)] == ["WAIVE1003"]
    import datetime

    soon = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    server.replace(waivers, 2, waiver % soon)
    server.until(lambda: "YAML3001" not in server.rules(uri))
    server.close(waivers)
    server.until(lambda: "YAML3001" in server.rules(uri))


def test_files_of_a_platform_each_have_their_checks(server: Client, platform: Platform) -> None:
    root = platform.root
    deployment = server.open(root / "deployments/school/new.yaml", wish(colour="red"))
    assert {one["code"] for one in server.checked(deployment, 1)} == {"DEP1011", "DEP1101"}
    service = server.open(root / "catalog/page/service.yaml")
    assert server.checked(service, 1) == []
    server.replace(service, 2, "name: pages\n")
    assert "CMP1005" in {one["code"] for one in server.checked(service, 2)}
    group = server.open(root / "federation/groups/school.yaml", "group: school\nslas: 5\n")
    assert server.checked(group, 1) != []
    form = server.open(root / "catalog/page/form.yaml", "tabs: {a: [}\n")
    assert [one["code"] for one in server.checked(form, 1)] == ["YAML1001"]
    play = server.open(root / "tosca-types/artifacts/page.yaml")
    assert server.checked(play, 1) == []


def test_closing_clears(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH, "tosca_definitions_version: tosca_simple_yaml_9\n")
    assert server.checked(uri, 1) != []
    server.close(uri)
    server.until(lambda: server.published[uri] == [])


# What is not trusted


def test_links_and_files_outside_are_refused_as_by_the_loader(server: Client, templates: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(TYPES)
    (templates / "tosca-types/link.yaml").symlink_to(tmp_path / "secret.yaml")
    for reference in ("../../../secret.yaml", "../../tosca-types/link.yaml"):
        text = TEMPLATE.replace("../../tosca-types/example.yaml", reference)
        uri = server.open(templates / PATH, text)
        found = [one for one in server.checked(uri, 1) if one["code"] == "TOSCA1005"]
        assert [("refused" in one["message"]) for one in found] == [True]
        server.close(uri)


def test_a_text_beyond_the_limit_is_one_finding(server: Client, templates: Path) -> None:
    uri = server.open(templates / PATH, TEMPLATE + "# " + "x" * 5_000_000)
    assert [one["code"] for one in server.checked(uri, 1)] == ["YAML1004"]


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "http://example.org/a.yaml", "file:///", "nonsense"])
def test_a_document_that_is_no_file_disturbs_nothing(server: Client, templates: Path, uri: str) -> None:
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": "node_types: 5\n"}
    server.notify("textDocument/didOpen", {"textDocument": document})
    server.close(uri)
    assert server.checked(server.open(templates / PATH), 1) == []
