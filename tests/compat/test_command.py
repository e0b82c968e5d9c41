"""`mattone compat` over real repositories: versions, revisions, folders, files; exit codes, formats, waivers."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path

import pytest

from mattone.cli import main
from tests.tosca.support import FILES, TEMPLATE, TYPES

MANIFEST = "name: tosca-types\nversion: {}\ndescription: Types.\n"
SERVICE = "name: page\nversion: {}\ndescription: A page.\ndisplay_name: Page\ntosca_types: ^1.0\n"


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def write(folder: Path, **files: str) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform with a service and the type library, both released as 1.0.0."""
    files = {**FILES, "tosca-types/library.yaml": MANIFEST.format("1.0.0")}
    write(tmp_path, **files, **{"catalog/page/service.yaml": SERVICE.format("1.0.0"), "mattone.toml": ""})
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "feat: all of it")
    for component in ("tosca-types", "catalog/page"):
        git(tmp_path, "tag", f"{component}/v1.0.0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def released(platform: Path, version: str, types: str) -> None:
    """Another version of the type library."""
    write(platform, **{"tosca-types/example.yaml": types, "tosca-types/library.yaml": MANIFEST.format(version)})
    git(platform, "commit", "-q", "-a", "-m", "feat: more")
    git(platform, "tag", f"tosca-types/v{version}")


NARROWED = TYPES.replace("[1, 65535]", "[1024, 65535]")
ADDED = TYPES.replace("title: {type: string}", "title: {type: string}\n      note: {type: string, required: false}")
assert TYPES not in (NARROWED, ADDED)


def test_a_branch_without_changes_is_0(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compat", "main"]) == 0
    assert capsys.readouterr().out == "No change.\n"


def test_a_breaking_change_of_the_types_is_said_of_them_and_of_the_services_that_it_reaches(
    platform: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(platform, **{"tosca-types/example.yaml": NARROWED})
    write(
        platform,
        **{"catalog/page/template.yaml": TEMPLATE.replace("inputs:\n", "inputs:\n    port: {type: example.Port}\n", 1)},
    )
    git(platform, "commit", "-q", "-a", "-m", "feat: ports")
    write(platform, **{"tosca-types/example.yaml": TYPES})
    assert main(["compat", "HEAD", "--claimed", "minor"]) == 0  # loosened again: for both additive
    out = capsys.readouterr().out
    assert "COMPAT2114 data type example.Port: allowed too now" in out
    assert "COMPAT2114 input port: allowed too now" in out
    assert main(["compat", "HEAD", "--claimed", "patch"]) == 3


def test_two_releases_are_held_to_what_their_numbers_promise(
    platform: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released(platform, "1.0.1", ADDED)
    released(platform, "1.1.0", ADDED.replace("note: {type: string, required: false}", "note: {type: string}"))
    released(platform, "2.0.0", NARROWED)
    assert main(["compat", "tosca-types@1.0.0", "tosca-types@1.0.1"]) == 3
    assert "COMPAT2101 node type example.App, property note" in capsys.readouterr().out
    assert main(["compat", "tosca-types@1.0.1", "tosca-types@1.1.0"]) == 3
    assert main(["compat", "tosca-types/v1.1.0", "tosca-types/v2.0.0"]) == 0
    assert main(["compat", "tosca-types@1.0.0", "tosca-types@1.0.1", "--claimed", "minor"]) == 0


def test_below_version_1_a_minor_version_may_break(platform: Path) -> None:
    released(platform, "0.3.0", TYPES)
    released(platform, "0.4.0", NARROWED)
    released(platform, "0.4.1", TYPES)
    assert main(["compat", "tosca-types@0.3.0", "tosca-types@0.4.0"]) == 0
    assert main(["compat", "tosca-types@0.4.0", "tosca-types@0.4.1"]) == 0
    assert main(["compat", "tosca-types@0.4.1", "tosca-types@0.4.0", "--claimed", "minor"]) == 3


def test_one_component_at_two_revisions(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released(platform, "2.0.0", NARROWED)
    assert main(["compat", "HEAD~1", "HEAD", "--component", "page"]) == 0
    assert main(["compat", "HEAD~1", "HEAD", "--component", "tosca-types", "--claimed", "minor"]) == 3
    assert "tosca-types/example.yaml" in capsys.readouterr().out


def test_json_has_everything(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released(platform, "2.0.0", NARROWED)
    assert main(["compat", "HEAD~1", "HEAD", "--output", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    (types,) = [one for one in shown["comparisons"] if one["component"] == "tosca-types"]
    (change,) = types["changes"]
    assert (types["verdict"], types["bump"], types["unknown"]) == ("breaking", "major", [])
    assert (change["id"], change["severity"], change["bump"]) == ("COMPAT1114", "breaking", "major")
    assert change["old"]["path"] == change["new"]["path"] == "tosca-types/example.yaml"
    assert change["consequences"] == ["node type example.App, property port"]


@pytest.mark.parametrize("name", ["sarif", "junit", "gitlab", "github"])
def test_pipelines_get_their_formats(platform: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(platform, **{"tosca-types/example.yaml": NARROWED})
    assert main(["compat", "main", "--format", name]) == 3
    out = capsys.readouterr().out
    assert "COMPAT1114" in out
    assert "tosca-types/example.yaml" in out
    if name in ("sarif", "gitlab"):
        json.loads(out)


def test_a_waiver_accepts_a_change_and_validate_does_not_miss_it(
    platform: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    waiver = f"rule: COMPAT1114, path: tosca-types/*, reason: Nobody used them., owner: ada, expires: '{day}'"
    write(platform, **{"tosca-types/example.yaml": NARROWED, "waivers.yaml": f"waivers:\n  - {{{waiver}}}\n"})
    assert main(["compat", "main"]) == 0
    assert capsys.readouterr().out == "No change.\n"
    main(["validate"])
    assert "WAIVE" not in capsys.readouterr().out


def test_files_and_folders_of_any_layout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("one", TYPES), ("two", ADDED)):
        write(tmp_path / name, **{"lib/types.yaml": text, "lib/notes.yaml": "not: tosca\n"})
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["compat", str(one / "lib/types.yaml"), str(two / "lib/types.yaml")]) == 0
    assert main(["compat", str(one), str(two), "--claimed", "patch"]) == 3
    assert capsys.readouterr().out.count("COMPAT2101") == 2
    assert main(["compat", str(two), str(one)]) == 3


def test_revisions_of_a_foreign_repository_whose_files_name_each_other_by_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://git.example.org/group/types"
    user = """\
tosca_definitions_version: tosca_simple_yaml_1_3
imports: [{url}/-/raw/{tag}/types/base.yaml]
node_types:
  e.B:
    derived_from: example.App
    properties: {{x: {{type: string, default: "{url}/raw/{tag}/a.txt"}}}}
"""
    git(tmp_path, "init", "-q")
    for tag, base in (("v1.0.0", TYPES), ("v1.0.1", NARROWED)):
        write(tmp_path, **{"types/base.yaml": base, "types/user.yaml": user.format(url=url, tag=tag)})
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", tag)
        git(tmp_path, "tag", tag)
    monkeypatch.chdir(tmp_path)
    assert main(["compat", "v1.0.0:types", "v1.0.1:types", "--url", f"{url}.git", "--output", "json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert [one["id"] for one in found["changes"]] == ["COMPAT1114"]  # what differs in its tag alone is no change
    assert found["unknown"] == []
    assert main(["compat", "v1.0.0:types", "v1.0.1:types", "--output", "json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert {one["rule"] for one in found["unknown"]} == {"TOSCA1005"}


def test_what_is_unknown_is_3_unless_it_is_allowed(tmp_path: Path) -> None:
    write(tmp_path, **{"types.yaml": TYPES + "imports: [missing.yaml]\n"})
    file = str(tmp_path / "types.yaml")
    assert main(["compat", file, file]) == 3
    assert main(["compat", file, file, "--allow-unknown"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "'nowhere' is no file, and no revision"),
        (["tosca-types@9.0.0"], "tosca-types has no version 9.0.0"),
        (["nothing@1.0.0"], "there is no component 'nothing'"),
        (["main", "--component", "pgae"], "there is no component 'pgae'"),
        (["tosca-types@1.0.0", "page@1.0.0"], "tosca-types is compared with catalog/page"),
        (["tosca-types"], "'tosca-types' is compared with what?"),
        (["tosca-types", "tosca-types/example.yaml"], "a file is compared with a folder"),
        (["main:catalog/page", "main:deployments"], "main:deployments has no TOSCA documents"),
    ],
)
def test_what_cannot_be_compared_is_said(
    platform: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compat", *words]) == 1
    assert message in capsys.readouterr().err
