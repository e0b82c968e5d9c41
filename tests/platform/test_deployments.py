"""Deployment files: what is read, and every way in which one can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.findings import Finding
from mattone.platform.deployments import find, load_all, load_deployment, split_id
from mattone.platform.tree import RevisionTree, WorkTree
from tests.forges.site import git
from tests.small import MemoryTree, Platform, deployment, wish

PATH = "deployments/school/page.yaml"


def findings(text: str, path: str = PATH) -> tuple[Finding, ...]:
    return load_deployment(MemoryTree({path: text}), path)[1]


def told(found: tuple[Finding, ...]) -> list[str]:
    return [f"{one.place} {one.rule} {one.message}" for one in found]


def test_a_whole_file() -> None:
    text = (
        "service: page\nversion: ~1.2\nprovider: local\ndescription: For the course.\ncontact: a@example.org\n"
        "group: school\nprotected: true\ninputs:\n  title: x\n"
    )
    found = deployment(text)
    assert (found.id, found.path, found.service) == ("school/page", PATH, "page")
    assert (found.provider, found.description, found.protected) == ("local", "For the course.", True)
    assert (found.version.text, found.inputs) == ("~1.2", {"title": "x"})


def test_a_short_file_has_defaults() -> None:
    found = deployment("service: page\nversion: 1.0.0\n")
    assert (found.provider, found.description, found.protected, found.inputs) == ("", "", False, {})


@pytest.mark.parametrize(
    ("text", "told_first"),
    [
        ("service: page\nversion: ^1\nservice: other\n", f"{PATH}:3:1 YAML1003"),
        ("service: [page\n", f"{PATH}:2:1 YAML1001"),
        ("service:\tpage\n\tversion: 1\n", f"{PATH}:2:1 YAML1001"),
        ("a: \udcff\n", f"{PATH}:1:4 YAML1002"),
        ("service: page\nversion: ^1\nverison: 2\n", f"{PATH}:3:1 DEP1002 unknown field 'verison'"),
        ("version: ^1\n", f"{PATH}:1:1 DEP1003 the field 'service' is missing"),
        ("service: page\n", f"{PATH}:1:1 DEP1003 the field 'version' is missing"),
        ("service: page\nversion: 1.0\n", f"{PATH}:2:10 DEP1004 'version' must be a text, not a number"),
        ("service: page\nversion: newest\n", f"{PATH}:2:10 DEP1006 "),
        ("service: page\nversion: ^1\ninputs: []\n", f"{PATH}:3:9 DEP1004 'inputs' must be a mapping"),
        ("service: page\nversion: ^1\ngroup: other\n", f"{PATH}:3:8 DEP1007 the group 'other' is not the folder's"),
        ("- service\n", f"{PATH}:1:1 DEP1001 the document must be a mapping, not a list"),
        ("", f"{PATH} DEP1001 the file is empty"),
        ("# nothing\n", f"{PATH} DEP1001 the file is empty"),
    ],
)
def test_every_bad_file_is_told_with_its_place(text: str, told_first: str) -> None:
    found, said = load_deployment(MemoryTree({PATH: text}), PATH)
    assert found is None
    assert any(line.startswith(told_first) for line in told(said)), told(said)


def test_a_misspelt_field_gets_the_right_name_as_hint() -> None:
    assert findings("service: page\nversion: ^1\nverison: 2\n")[0].hint == "did you mean 'version'?"


@pytest.mark.parametrize(
    ("path", "rule", "hint"),
    [
        ("deployments/page.yaml", "DEP1007", "move it to deployments/<group>/page.yaml"),
        ("deployments/school/deep/page.yaml", "DEP1007", "move it to deployments/<group>/page.yaml"),
        ("deployments/School/page.yaml", "DEP1005", "lower-case"),
        ("deployments/school/my_page.yaml", "DEP1005", "lower-case"),
        ("deployments/school/a.b.yaml", "DEP1005", "lower-case"),
        ("deployments/school/-page.yaml", "DEP1005", "lower-case"),
        (f"deployments/school/{'x' * 64}.yaml", "DEP1005", "63 characters"),
        ("deployments/school/page.yml", "DEP1007", "rename it to page.yaml"),
    ],
)
def test_a_file_where_none_can_stand(path: str, rule: str, hint: str) -> None:
    found, said = find(MemoryTree({path: wish()}))
    assert found == {}
    assert [(one.rule, one.place.path) for one in said] == [(rule, path)]
    assert hint in said[0].hint


def test_two_files_for_one_deployment() -> None:
    found, said = find(MemoryTree({PATH: wish(), "deployments/school/page.yml": wish()}))
    assert found == {"school/page": PATH}
    assert [one.rule for one in said] == ["DEP1008"]
    assert PATH in said[0].message


def test_locks_and_other_files_are_no_deployments() -> None:
    names = (".yaml", "page.lock.yaml", "page.lock.yml", "README.md", "notes.txt")
    assert find(MemoryTree({f"deployments/school/{name}": "x" for name in names})) == ({}, ())


@pytest.mark.parametrize("kind", ["work tree", "commit"])
@pytest.mark.parametrize("link", ["page.yaml", "page.yml", "", "page"])
def test_a_link_is_told_not_followed_and_not_overlooked(tmp_path: Path, link: str, kind: str) -> None:
    """`link` empty: the group's folder itself is a link."""
    platform = Platform(tmp_path / "platform", {"deployments/other/page.yaml": wish(), "elsewhere/page.yaml": wish()})
    place = platform.root / "deployments/school" / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(tmp_path if not link else tmp_path / "platform/elsewhere/page.yaml")
    git(platform.root, "add", "--all")
    git(platform.root, "commit", "--quiet", "--message=link")
    tree = WorkTree(platform.root) if kind == "work tree" else RevisionTree(platform.repository, "HEAD")
    loaded, said = load_all(tree)
    assert sorted(loaded) == ["other/page"]
    (one,) = said
    assert one.place.path == f"deployments/school/{link}".rstrip("/")
    assert "symbolic links are not followed" in one.message or link == "page.yml"


def test_everything_is_told_at_once_and_the_good_are_loaded() -> None:
    tree = MemoryTree(
        {
            PATH: wish(),
            "deployments/school/bad.yaml": "service: [",
            "deployments/school/worse.yaml": "x: 1\n",
            "deployments/lost.yaml": wish(),
        }
    )
    loaded, said = load_all(tree)
    assert sorted(loaded) == ["school/page"]
    assert {one.place.path for one in said} == {
        "deployments/school/bad.yaml", "deployments/school/worse.yaml", "deployments/lost.yaml",
    }  # fmt: skip


def test_only_some_are_loaded_and_an_unknown_one_is_refused() -> None:
    tree = MemoryTree({PATH: wish(), "deployments/school/bad.yaml": "["})
    loaded, said = load_all(tree, ["school/page"])
    assert (sorted(loaded), said) == (["school/page"], ())
    with pytest.raises(InputError, match="there is no deployment 'school/pgae'") as caught:
        load_all(tree, ["school/pgae"])
    assert caught.value.hint.startswith("did you mean 'school/page'")


@pytest.mark.parametrize("name", ["page", "school/", "/page", "a/b/c", "School/page", "school/page.yaml", "../x/y", ""])
def test_what_names_no_deployment(name: str) -> None:
    with pytest.raises(InputError, match="names no deployment"):
        split_id(name)


def test_a_file_that_is_gone_is_said_so() -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_deployment(MemoryTree({}), PATH)
