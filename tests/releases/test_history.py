"""The history of a component, of this platform and of somebody else's library; real git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattone import cli
from mattone.errors import InputError
from mattone.git import Repository
from mattone.releases.history import Row, Verdict, history, subject_of
from mattone.releases.show_history import as_text
from tests.forges.site import git
from tests.releases.workshop import LIBRARY, WEB, Workshop
from tests.small import FILES, Platform, closing

TYPES = f"{LIBRARY}/page.yaml"
WORD = '      word: {type: string, default: ""}\n'
PAGE_TYPE = "node_types: {example.Page: {derived_from: example.Base}}\n"
SIZE = "      size: {type: integer, default: 1}\n"


def rows(repository: Repository, name: str, path: str = "", tags: str = "", url: str = "") -> dict[str, Row]:
    found = history(subject_of(repository, name, path, tags, url), lambda _: None)
    return {str(row.tagged.version): row for row in found}


def labelled(workshop: Workshop, tag: str, message: str, text: str) -> None:
    workshop.change(message, files={TYPES: text})
    workshop.tag(tag)


@pytest.fixture
def labels(workshop: Workshop) -> Workshop:
    """Releases of the type library, labelled by hand."""
    with_size = FILES[TYPES].replace(WORD, WORD + SIZE)
    labelled(workshop, f"{LIBRARY}/v1.0.1", "feat: a size", with_size)
    labelled(workshop, f"{LIBRARY}/v1.1.0", "fix: no word", with_size.replace(WORD, ""))
    labelled(workshop, f"{LIBRARY}/v2.0.0-rc.1", "feat!: only a page", FILES[TYPES].replace(WORD, ""))
    labelled(workshop, f"{LIBRARY}/v2.0.0", "fix: words", FILES[TYPES].replace(WORD, "") + "# words\n")
    labelled(workshop, f"{LIBRARY}/v3.0.0", "docs: words", FILES[TYPES].replace(WORD, "") + "# more words\n")
    labelled(workshop, f"{LIBRARY}/v3.1.0", "feat: a size", FILES[TYPES].replace(WORD, SIZE))
    return workshop


def test_versions_that_are_labelled_wrong_are_found(labels: Workshop) -> None:
    found = rows(labels.repository, LIBRARY)
    assert {version: row.verdict for version, row in found.items()} == {
        "1.0.0": Verdict.FIRST,
        "1.0.1": Verdict.TOO_LOW,
        "1.1.0": Verdict.TOO_LOW,
        "2.0.0-rc.1": Verdict.PRE_RELEASE,
        "2.0.0": Verdict.RIGHT,
        "3.0.0": Verdict.HIGH,
        "3.1.0": Verdict.RIGHT,
    }
    one = found["1.1.0"]
    assert (str(one.claimed), str(one.commits), str(one.demand.bump)) == ("minor", "patch", "major")


def test_the_reasons_are_told(labels: Workshop) -> None:
    shown = as_text(tuple(rows(labels.repository, LIBRARY).values()))
    assert "1.1.0 claims minor over 1.0.1, and demands major:" in shown
    assert "property word" in shown
    assert shown.endswith("7 versions, 3 of them labelled wrong")


def test_on_0_x_a_minor_step_may_break(workshop: Workshop) -> None:
    for version, text in (("0.1.0", FILES[TYPES]), ("0.2.0", FILES[TYPES].replace(WORD, ""))):
        labelled(workshop, f"{LIBRARY}/v{version}", "change", text)
    found = rows(workshop.repository, LIBRARY)
    assert found["0.2.0"].verdict is Verdict.RIGHT


def test_a_version_of_an_old_branch_is_compared_with_the_one_below_it(workshop: Workshop) -> None:
    workshop.change("feat!: other", f"{WEB}/tasks/main.yml")
    workshop.tag(f"{WEB}/v2.0.0")
    workshop.git("switch", "--quiet", "--create", "old", "HEAD~1")
    workshop.change("fix: small", f"{WEB}/tasks/main.yml")
    workshop.tag(f"{WEB}/v1.0.1")
    found = rows(workshop.repository, WEB)
    before = {version: str(row.before.version) if row.before else "" for version, row in found.items()}
    assert before == {"1.0.0": "", "1.0.1": "1.0.0", "2.0.0": "1.0.1"}


@pytest.fixture
def foreign(tmp_path: Path) -> Repository:
    """A library in another layout, which names its own files by URL with the tag in it, as the field does."""
    folder = tmp_path / "foreign"
    (folder / "tosca_types/web").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    url = "https://git.example.org/group/types/raw/{tag}/tosca_types/base.yaml"
    head = "tosca_definitions_version: tosca_simple_yaml_1_0\n"
    for tag, word in (("v1.0.0", WORD), ("v1.0.1", ""), ("v1.0.2", "")):
        base = f"{head}node_types:\n  example.Base:\n    properties:\n      name: {{type: string}}\n{word}"
        page = f"{head}imports:\n  - base: {url.format(tag=tag)}\n{PAGE_TYPE}"
        (folder / "tosca_types/base.yaml").write_text(base)
        (folder / "tosca_types/web/page.yaml").write_text(page)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"prepare {tag}")
        git(folder, "tag", tag)
    return Repository(folder)


def test_somebody_else_s_library_is_judged_too(foreign: Repository) -> None:
    found = rows(foreign, "types", "tosca_types", url="https://git.example.org/group/types.git")
    assert [row.verdict for row in found.values()] == [Verdict.FIRST, Verdict.TOO_LOW, Verdict.RIGHT]
    assert "word" in found["1.0.1"].demand.reasons[0].message


def test_what_cannot_be_read_is_never_called_right(foreign: Repository) -> None:
    found = rows(foreign, "types", "tosca_types")  # without the URL, its imports lead nowhere
    assert found["1.0.2"].verdict is Verdict.UNKNOWN


def test_the_command_speaks_json(
    foreign: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["history", "types", "--repo", str(foreign.root), "--path", ".", "--output", "json"]) == 0
    versions = json.loads(capsys.readouterr().out)["versions"]
    assert [one["tag"] for one in versions] == ["v1.0.0", "v1.0.1", "v1.0.2"]
    assert versions[1]["verdict"] == "TOO LOW"


@pytest.mark.parametrize("tags", ["v", "*/*", "no/*"])
def test_patterns_that_find_nothing_are_told(foreign: Repository, tags: str) -> None:
    with pytest.raises(InputError, match="tags"):
        rows(foreign, "types", ".", tags)


def test_an_unknown_component_is_told(workshop: Workshop) -> None:
    with pytest.raises(InputError, match="there is no component"):
        rows(workshop.repository, "catalog/nothing")


def test_a_component_without_a_release_says_how_to_get_one(tmp_path: Path) -> None:
    with closing(Platform(tmp_path / "platform")) as platform, pytest.raises(InputError) as told:
        rows(platform.repository, "tosca-types")
    assert "mattone release" in str(told.value.hint)


def test_a_folder_that_no_version_has_is_told(foreign: Repository) -> None:
    with pytest.raises(InputError, match="commit with 'typo'"):
        rows(foreign, "types", "typo")
