"""`mattone validate` and `mattone explain` as processes: output, exit codes, and what they must refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mattone
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, "-m", "mattone", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_a_sound_file_gives_0_outside_of_any_platform(folder: Path) -> None:
    done = run(folder, "validate", PATH)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No findings.\n", "")


def test_defects_give_3_and_show_place_excerpt_and_hint(folder: Path) -> None:
    (folder / PATH).write_text(TEMPLATE.replace("- host: server", "- host: sever"))
    done = run(folder, "validate", PATH)
    assert done.returncode == 3
    assert f"{PATH}:25:17: error TOSCA1032" in done.stdout
    assert "25 |         - host: sever\n   |                 ^^^^^\n" in done.stdout
    assert "Did you mean `server`?" in done.stdout
    assert done.stdout.endswith("Found 1 error.\n")


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab"])
def test_json_formats_are_json(folder: Path, name: str) -> None:
    (folder / PATH).write_text(TEMPLATE.replace("- host: server", "- host: sever"))
    done = run(folder, "validate", PATH, "--format", name)
    assert done.returncode == 3
    assert "TOSCA1032" in json.dumps(json.loads(done.stdout))


def test_imports_of_urls_come_from_the_import_map_alone(folder: Path) -> None:
    url = "https://example.org/raw/v1.0.0/types.yaml"
    (folder / PATH).write_text(TEMPLATE.replace("../../tosca-types/example.yaml", url))
    assert "TOSCA1005" in run(folder, "validate", PATH).stdout
    (folder / "map.yaml").write_text(f'"{url}": tosca-types/example.yaml\n')
    done = run(folder, "validate", PATH, "--import-map", "map.yaml")
    assert (done.returncode, done.stdout) == (0, "No findings.\n")


def test_an_import_that_leads_out_of_the_folder_is_not_read(folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (folder / "secret.yaml").write_text("top: [secret\n")
    (inside / "a.yaml").write_text(TYPES.replace("data_types:", "imports: [../secret.yaml]\ndata_types:", 1))
    (inside / "b.yaml").symlink_to(folder / "secret.yaml")
    done = run(inside, "validate", "a.yaml", "b.yaml")
    assert done.returncode == 3
    assert "secret\n" not in done.stdout.replace("secret.yaml", "")
    assert "TOSCA1005" in done.stdout
    assert "b.yaml: error TOSCA1007 symbolic links are not followed" in done.stdout


def test_an_import_with_a_name_longer_than_any_files_is_a_finding(folder: Path) -> None:
    (folder / PATH).write_text(TEMPLATE.replace("../../tosca-types/example.yaml", "x" * 300 + ".yaml"))
    done = run(folder, "validate", PATH)
    assert (done.returncode, done.stderr) == (3, "")
    assert "TOSCA1005" in done.stdout


def test_a_waiver_accepts_a_finding_until_it_expires(folder: Path) -> None:
    (folder / PATH).write_text(TEMPLATE.replace("- host: server", "- host: sever"))
    waiver = "waivers:\n  - {{rule: TOSCA1032, path: 'catalog/**', reason: Soon., owner: ada, expires: '{}'}}\n"
    import datetime

    tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    (folder / "waivers.yaml").write_text(waiver.format(tomorrow))
    assert run(folder, "validate", PATH).returncode == 0
    (folder / "waivers.yaml").write_text(waiver.format("2020-01-01"))
    expired = run(folder, "validate", PATH)
    assert expired.returncode == 3
    assert "WAIVE1003" in expired.stdout
    assert "TOSCA1032" in expired.stdout


def test_an_import_of_a_name_that_no_file_system_has_is_a_finding(folder: Path) -> None:
    (folder / PATH).write_text('tosca_definitions_version: tosca_simple_yaml_1_3\nimports:\n- "a\\0b.yaml"\n')
    done = run(folder, "validate", PATH)
    assert "TOSCA1005" in done.stdout
    assert done.returncode == 3


def test_fix_mends_the_named_file_and_not_its_imports(folder: Path) -> None:
    (folder / PATH).write_text(TEMPLATE.replace("required: false", "required: no"))
    library = folder / "tosca-types" / "example.yaml"
    library.write_text(TYPES.replace("required: false", "required: no"))
    done = run(folder, "validate", "--fix", PATH)
    assert done.returncode == 0
    assert done.stderr == f"fixed {PATH}: 1\n"
    assert (folder / PATH).read_text() == TEMPLATE
    assert "required: no" in library.read_text()
    assert "Found 4 style remarks." in done.stdout


def test_explain_shows_one_rule_and_lists_all(folder: Path) -> None:
    page = run(folder, "explain", "tosca1032")
    assert page.returncode == 0
    assert page.stdout.startswith("# TOSCA1032: requirement of a node that is not there\n")
    assert "TOSCA1045   error" in run(folder, "explain").stdout
    unknown = run(folder, "explain", "TOSCA9")
    assert unknown.returncode == 1
    assert "there is no rule" in unknown.stderr
