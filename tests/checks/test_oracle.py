"""The second opinion: the real tosca-parser, in its own process, about the same files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattone.checks.oracle import Opinion, opinions, render
from mattone.cli import main
from mattone.commands._checking import check, scope
from mattone.pins.store import default_store
from tests.tosca.support import FILES, PATH, TEMPLATE

SOUND = """\
tosca_definitions_version: tosca_simple_yaml_1_3
topology_template:
  node_templates:
    server:
      type: tosca.nodes.Compute
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(folder: Path, files: dict[str, str], import_map: str = "") -> dict[str, Opinion]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    map_file = folder / "map.yaml" if import_map else None
    if map_file is not None:
        map_file.write_text(import_map)
    found = check(scope(list(files), folder, map_file))
    return {one.path: one for one in opinions(folder, found.paths, found.findings, map_file)}


LIBRARY = """\
tosca_definitions_version: tosca_simple_yaml_1_3
node_types:
  example.Big:
    derived_from: tosca.nodes.Compute
"""


def test_both_accept_a_sound_template_and_libraries_are_not_asked_about(folder: Path) -> None:
    found = asked(folder, {"a.yaml": SOUND, "types.yaml": LIBRARY})
    assert list(found) == ["a.yaml"]
    assert found["a.yaml"] == Opinion("a.yaml", "", "accepted", "")
    assert render(tuple(found.values())) == "tosca-parser agrees on 1 of 1 service template."


def test_imports_of_urls_are_taken_from_the_store_by_the_map_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTONE_CACHE", str(folder / "cache"))
    top = default_store().put(b"tosca_definitions_version: tosca_simple_yaml_1_3\nimports: [inner/types.yaml]\n")
    inner = default_store().put(LIBRARY.encode())
    base = "https://example.org/types"
    (folder / "imports.lock.yaml").write_text(f"{base}/top.yaml: {top}\n{base}/inner/types.yaml: {inner}\n")
    text = SOUND.replace("tosca.nodes.Compute", "example.Big")
    line, rest = text.split("\n", 1)
    found = asked(folder, {"a.yaml": f"{line}\nimports: [{base}/top.yaml]\n{rest}"})
    assert found["a.yaml"] == Opinion("a.yaml", "", "accepted", "")


def test_both_refuse_an_unknown_type(folder: Path) -> None:
    found = asked(folder, {"a.yaml": SOUND.replace("nodes.Compute", "nodes.Computer")})["a.yaml"]
    assert found.agrees
    assert found.verdict == "refused"
    assert "tosca.nodes.Computer" in found.theirs
    assert found.ours.startswith("a.yaml:5:13: TOSCA1010")


def test_a_duplicate_key_that_tosca_parser_does_not_see_is_a_disagreement(folder: Path) -> None:
    found = asked(folder, {"a.yaml": f"{SOUND}      type: tosca.nodes.Compute\n"})["a.yaml"]
    assert (found.agrees, found.verdict) == (False, "accepted")
    assert "a.yaml: accepted by tosca-parser, refused by mattone" in render((found,))


def test_an_index_into_a_list_that_tosca_parser_does_not_know_is_a_disagreement(folder: Path) -> None:
    text = TEMPLATE.replace("{get_attribute: [server, public_address]}", "{get_property: [server, users, 0]}")
    found = asked(folder, {**FILES, PATH: text})[PATH]
    assert found.verdict != "accepted"
    assert (found.agrees, found.ours) == (False, "")


def test_an_import_of_a_url_is_read_from_the_map_and_never_from_the_network(folder: Path) -> None:
    url = "https://types.invalid/example.yaml"
    text = SOUND.replace("topology", f"imports: [{{types: {url}}}]\ntopology", 1).replace(
        "tosca.nodes.Compute", "example.Big"
    )
    found = asked(folder, {"in/a.yaml": text, "lib/types.yaml": LIBRARY}, f"{url}: lib/types.yaml\n")["in/a.yaml"]
    assert (found.ours, found.verdict, found.theirs) == ("", "accepted", "")


def test_an_import_that_the_map_does_not_have_is_refused_without_the_network(folder: Path) -> None:
    text = SOUND.replace("topology", "imports: [https://127.0.0.1:9/x.yaml]\ntopology", 1)
    found = asked(folder, {"a.yaml": text})["a.yaml"]
    assert found.agrees
    assert found.verdict in ("refused", "crashed")
    assert "no network for a second opinion" in found.theirs


def test_a_crash_is_told_apart_from_a_refusal(folder: Path) -> None:
    text = SOUND.replace("type: tosca.nodes.Compute", "type: tosca.nodes.Compute\n      requirements: text")
    found = asked(folder, {"a.yaml": text})["a.yaml"]
    assert found.verdict in ("refused", "crashed")
    assert found.agrees


def test_the_json_report_has_the_second_opinion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "good.yaml").write_text(SOUND)
    (folder / "bad.yaml").write_text(SOUND.replace("Compute", "Computer"))
    assert main(["validate", "--oracle", "--output", "json", "good.yaml", "bad.yaml"]) == 3
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["counts"]["error"] == 1
    bad, good = sorted(document["second_opinion"], key=lambda one: str(one["path"]))
    assert (good["agrees"], good["mattone"], good["tosca_parser"]) == (True, "accepted", "accepted")
    assert (bad["agrees"], bad["mattone"], bad["tosca_parser"]) == (True, "refused", "refused")
    assert "TOSCA1010" in bad["mattone_says"]
    assert "tosca.nodes.Computer" in bad["tosca_parser_says"]


def test_without_the_option_the_json_report_has_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "good.yaml").write_text(SOUND)
    assert main(["validate", "--no-cache", "--output", "json", "good.yaml"]) == 0
    assert "second_opinion" not in json.loads(capsys.readouterr().out)
