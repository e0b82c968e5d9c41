"""Making a forge, and what plain `git push` can and cannot do to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mattone.errors import HostError, InputError
from mattone.forges.local import LocalForge
from mattone.git import Repository
from tests.forges.site import Site, checkout, git


@pytest.fixture
def work(site: Site) -> Path:
    """A clone of the forge with one commit more than main."""
    git(site.folder, "clone", "--quiet", site.forge.url, "work")
    folder = site.folder / "work"
    git(folder, "commit", "--quiet", "--allow-empty", "--message=more")
    return folder


def push(work: Path, *refspecs: str) -> str:
    """What a push says on failure, empty when it is accepted."""
    result = git(work, "push", "origin", *refspecs, check=False)
    return result.stderr if result.returncode else ""


def test_the_default_branch_does_not_take_pushes(site: Site, work: Path) -> None:
    before = site.head()
    assert "main is protected: push another branch and open a merge request" in push(work, "HEAD:main")
    assert "main is protected" in push(work, "--force", "HEAD:main")
    assert push(work, ":main") != ""
    assert site.head() == before


def test_the_state_of_merge_requests_does_not_take_pushes(site: Site, work: Path) -> None:
    site.opened()
    before = site.bare.refs("refs")
    for refspec in (
        "HEAD:refs/mattone/merge-requests/1",
        "HEAD:refs/mattone/merge-requests/2",
        ":refs/mattone/merge-requests/1",
        "HEAD:refs/replace/" + site.must_head(),
        "HEAD:refs/notes/x",
    ):
        assert "is not a branch or a tag" in push(work, "--force", refspec)
    assert site.bare.refs("refs") == before


def test_other_branches_are_pushed_and_deleted_but_not_rewritten(site: Site, work: Path) -> None:
    assert push(work, "HEAD:wish") == ""
    assert "denying non-fast-forward" in push(work, "--force", "HEAD~1:wish")
    assert push(work, ":wish") == ""
    assert site.head("wish") is None


def test_tags_are_pushed_once_and_do_not_move(site: Site, work: Path) -> None:
    assert push(work, "HEAD:refs/tags/v1") == ""
    assert "tags do not move" in push(work, "--force", "HEAD~1:refs/tags/v1")
    assert "tags do not move" in push(work, ":refs/tags/v1")


def test_the_branch_of_records_is_appended_to_and_not_deleted(site: Site, work: Path) -> None:
    assert push(work, "HEAD~1:refs/heads/records") == ""
    assert push(work, "HEAD:records") == ""
    assert "records of what was done are not deleted" in push(work, ":records")
    assert "denying non-fast-forward" in push(work, "--force", "HEAD~1:records")


def test_a_persons_own_hooks_path_does_not_switch_the_protection_off(
    site: Site, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.folder / "gitconfig").write_text("[core]\n\thooksPath = /nowhere\n")
    monkeypatch.setenv("HOME", str(site.folder))
    (site.folder / "gitconfig").rename(site.folder / ".gitconfig")
    assert "main is protected" in push(work, "HEAD:main")


def test_the_product_s_own_pushes_meet_the_hook_too(site: Site, work: Path) -> None:
    result = Repository(work).run("push", "origin", "HEAD:main", accept=(1,))
    assert "main is protected" in result.errors


def test_a_protected_branch_of_another_name(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    forge = LocalForge.create(tmp_path / "forge.git", source, "trunk")
    assert forge.default_branch() == "trunk"
    git(source.root, "commit", "--quiet", "--allow-empty", "--message=more")
    assert "trunk is protected" in git(source.root, "push", forge.url, "HEAD:trunk", check=False).stderr


def test_only_what_is_committed_is_served_with_the_tags_on_it(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    git(source.root, "tag", "role-1.0.0")
    git(source.root, "switch", "--quiet", "--detach")
    (source.root / "README.md").write_text("not committed")
    forge = LocalForge.create(tmp_path / "deep/er/forge.git", source)
    assert forge.repository.read("main", "README.md") == b"a platform\n"
    assert list(forge.repository.refs("refs")) == ["refs/heads/main", "refs/tags/role-1.0.0"]


def test_a_shallow_checkout_as_ci_makes_it_is_served(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    git(source.root, "commit", "--quiet", "--allow-empty", "--message=second")
    git(tmp_path, "clone", "--quiet", "--depth=1", source.root.as_uri(), "shallow")
    forge = LocalForge.create(tmp_path / "forge.git", Repository(tmp_path / "shallow"))
    assert forge.repository.resolve("main") == source.resolve("HEAD")
    git(tmp_path, "clone", "--quiet", forge.url, "clone")


def test_places_that_are_taken_and_sources_without_a_commit(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    for path in (tmp_path / "full", tmp_path / "full/file", tmp_path / "dangling"):
        with pytest.raises(InputError, match="is there already"):
            LocalForge.create(path, source)
    git(tmp_path, "init", "--quiet", "unborn")
    with pytest.raises(InputError, match="nothing is committed"):
        LocalForge.create(tmp_path / "forge.git", Repository(tmp_path / "unborn"))
    with pytest.raises(InputError, match="is no branch name"):
        LocalForge.create(tmp_path / "forge.git", source, "--evil")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "full", "source", "unborn"]
    assert (tmp_path / "full/file").read_text() == "mine"


def test_an_empty_folder_becomes_the_forge(tmp_path: Path) -> None:
    (tmp_path / "forge.git").mkdir()
    assert LocalForge.create(tmp_path / "forge.git", checkout(tmp_path / "source")).default_branch() == "main"


def test_a_place_below_a_file_is_one_clear_error(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    (tmp_path / "file").write_text("x")
    with pytest.raises(HostError, match="cannot make a forge at"):
        LocalForge.create(tmp_path / "file/forge.git", source)


def test_the_hook_can_be_run_and_nobody_else_can_write_it(site: Site) -> None:
    hook = site.bare.root / "hooks/update"
    assert os.access(hook, os.X_OK)
    assert hook.stat().st_mode & 0o022 == 0
