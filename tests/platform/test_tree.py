"""The files of a platform, from the work tree or from a commit: the same, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.platform.tree import ComposedTree, RevisionTree, Tree, WorkTree, join
from tests.forges.site import git
from tests.small import MemoryTree, Platform


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    made = Platform(tmp_path / "platform", {"a/one.yaml": "1", "a/deep/two.yaml": "2", "b.yaml": "3", "a.yaml": "4"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("theirs")
    (made.root / "a/out.yaml").symlink_to(outside / "secret.yaml")
    (made.root / "a/in.yaml").symlink_to("one.yaml")
    (made.root / "a/gone.yaml").symlink_to("nowhere")
    (made.root / "a/folder").symlink_to(outside)
    git(made.root, "add", "--all")
    git(made.root, "commit", "--quiet", "--message=links")
    return made


@pytest.fixture(params=["work tree", "commit"])
def tree(request: pytest.FixtureRequest, platform: Platform) -> Tree:
    return WorkTree(platform.root) if request.param == "work tree" else RevisionTree(platform.repository, "HEAD")


LINKS = ("a/folder", "a/gone.yaml", "a/in.yaml", "a/out.yaml")


def test_files_are_listed_alike_links_as_what_they_are(tree: Tree) -> None:
    assert tree.files() == tuple(sorted(("a.yaml", "a/deep/two.yaml", "a/one.yaml", "b.yaml", *LINKS)))
    assert tree.files("a/deep") == ("a/deep/two.yaml",)
    assert tree.files("b.yaml") == ("b.yaml",)
    assert tree.files("nothing") == ()


def test_files_are_read_and_what_is_none_is_none(tree: Tree) -> None:
    assert tree.read("a/deep/two.yaml") == b"2"
    for path in ("a", "a/nothing", "a.yaml/x", "nothing/at/all", "a\0b", ""):
        assert tree.read(path) is None, path


@pytest.mark.parametrize("path", LINKS)
def test_no_link_is_followed_not_even_one_inside(tree: Tree, path: str) -> None:
    with pytest.raises(InputError, match="symbolic links are not followed") as caught:
        tree.read(path)
    assert caught.value.place is not None
    assert caught.value.place.path == path


def test_nothing_is_read_through_a_linked_folder(platform: Platform) -> None:
    with pytest.raises(InputError, match="symbolic links"):
        WorkTree(platform.root).read("a/folder/secret.yaml")
    assert RevisionTree(platform.repository, "HEAD").read("a/folder/secret.yaml") is None


def test_a_submodule_is_not_read_as_a_file(platform: Platform) -> None:
    commit = platform.head()
    git(platform.root, "update-index", "--add", "--cacheinfo", f"160000,{commit},a/sub.yaml")
    git(platform.root, "commit", "--quiet", "--message=submodule")
    with pytest.raises(InputError, match="submodule"):
        RevisionTree(platform.repository, "HEAD").read("a/sub.yaml")


def test_what_is_no_file_is_not_waited_for(platform: Platform) -> None:
    os.mkfifo(platform.root / "a/pipe.yaml")
    assert WorkTree(platform.root).read("a/pipe.yaml") is None


def test_the_workspace_and_git_are_not_part_of_the_work_tree(platform: Platform) -> None:
    platform.write({".mattone/x.yaml": "", "a/__pycache__/x.pyc": "", "a/new.yaml": ""})
    found = WorkTree(platform.root).files()
    assert "a/new.yaml" in found
    assert not [path for path in found if path.startswith((".mattone", ".git/")) or "pycache" in path]


def test_the_work_tree_plays_no_part_in_a_commit(platform: Platform) -> None:
    tree = RevisionTree(platform.repository, platform.head())
    platform.commit({"b.yaml": "changed"})
    platform.write({"a/one.yaml": "changed"})
    assert (tree.read("b.yaml"), tree.read("a/one.yaml")) == (b"3", b"1")


def test_a_composed_tree_takes_each_folder_from_its_own_tree() -> None:
    one = MemoryTree({"catalog/x/a": "old", "roles/y/b": "old"})
    two = MemoryTree({"catalog/x/a": "new", "roles/y/b": "new", "roles/yy/c": "new"})
    tree = ComposedTree((("catalog/x", one), ("roles/y", two)))
    assert tree.files() == ("catalog/x/a", "roles/y/b")
    assert tree.files("roles") == ("roles/y/b",)
    assert (tree.read("catalog/x/a"), tree.read("roles/y/b")) == (b"old", b"new")
    assert tree.read("roles/yy/c") is None
    assert tree.read("catalog/xx") is None


@pytest.mark.parametrize(
    ("base", "reference", "path"),
    [
        ("catalog/x/template.yaml", "../../tosca-types/a.yaml", "tosca-types/a.yaml"),
        ("catalog/x/template.yaml", "./b.yaml", "catalog/x/b.yaml"),
        ("a.yaml", "b.yaml", "b.yaml"),
        ("a.yaml", "../b.yaml", None),
        ("catalog/x/template.yaml", "../../../b.yaml", None),
        ("catalog/x/template.yaml", "../../../repository/catalog/x/template.yaml", None),
        ("catalog/x/template.yaml", "/etc/passwd", None),
    ],
)
def test_references_stay_in_the_repository(base: str, reference: str, path: str | None) -> None:
    assert join(base, reference) == path


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "/", "...", ""]), max_size=8))
def test_no_reference_leaves_the_repository(words: list[str]) -> None:
    path = join("one/two/file", "/".join(words))
    assert path is None or (not path.startswith("/") and ".." not in path.split("/"))
