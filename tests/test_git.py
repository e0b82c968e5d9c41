"""The door to git, on real repositories: reading, writing without a work tree, and a clean environment."""

from __future__ import annotations

import os
import subprocess
import zlib
from pathlib import Path

import pytest

from mattone.errors import InputError, MattoneError
from mattone.git import ZERO, DamagedObject, RefMoved, Repository, Signature, environment
from tests.forges.site import checkout, git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = checkout(tmp_path / "repo", {"a.txt": b"one\n", "dir/b.bin": b"\x00\xff", "dir/\u00fcml aut\n.txt": b"x"})
    (made.root / "run.sh").write_text("#!/bin/sh\n")
    (made.root / "run.sh").chmod(0o755)
    (made.root / "link").symlink_to("/etc/hostname")
    git(made.root, "add", "--all")
    git(made.root, "commit", "--quiet", "--message=second\n\nbody")
    return made


def test_discovers_the_work_tree_from_any_folder_in_it(repository: Repository) -> None:
    assert Repository.discover(repository.root / "dir").root == repository.root


@pytest.mark.parametrize("where", ["outside", "gone", "file"])
def test_a_folder_outside_every_repository_is_said_so(tmp_path: Path, where: str) -> None:
    if where == "outside":
        (tmp_path / where).mkdir()
    if where == "file":
        (tmp_path / where).touch()
    with pytest.raises(InputError, match="is not inside a git repository") as caught:
        Repository.discover(tmp_path / where)
    assert "--repo" in caught.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_somebody_elses_repository_is_not_said_to_be_none(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository.root))  # a person's own safe.directory plays no part
    for path in (repository.root, repository.root / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(InputError, match="belongs to another user") as caught:
        Repository.discover(repository.root)
    assert "safe.directory" in caught.value.hint


def test_reads_names_modes_and_contents(repository: Repository) -> None:
    found = {entry.path: entry for entry in repository.files("HEAD")}
    assert sorted(found) == ["a.txt", "dir/b.bin", "dir/\u00fcml aut\n.txt", "link", "run.sh"]
    assert (found["run.sh"].mode, found["link"].is_symlink) == ("100755", True)
    assert repository.blob(found["dir/b.bin"].blob) == b"\x00\xff"
    assert repository.read("HEAD", "a.txt") == b"one\n"
    assert repository.read("HEAD", "dir") is None
    assert repository.read("HEAD", "*.txt") is None
    assert [entry.path for entry in repository.files("HEAD", "dir")] == ["dir/b.bin", "dir/\u00fcml aut\n.txt"]


def test_an_object_that_is_gone_is_an_error_of_ours(repository: Repository) -> None:
    with pytest.raises(MattoneError, match="has no object"):
        repository.blob("1" * 40)
    assert repository.read("HEAD", "a.txt") == b"one\n"  # and reading goes on


def test_content_forged_under_an_object_id_is_not_given_out(repository: Repository) -> None:
    blob = next(entry.blob for entry in repository.files("HEAD") if entry.path == "a.txt")
    file = repository.root / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(zlib.compress(b"blob 4\0two\n"))
    assert git(repository.root, "cat-file", "blob", blob).stdout == "two\n"  # git itself does not mind
    with pytest.raises(DamagedObject, match="was changed in the repository") as caught:
        repository.blob(blob)
    assert "git fsck" in caught.value.hint


@pytest.mark.parametrize("revision", ["nothing", "--help", "-1", "HEAD:a.txt", "", "a b", "1" * 40])
def test_what_names_no_commit_resolves_to_none(repository: Repository, revision: str) -> None:
    assert repository.resolve(revision) is None
    with pytest.raises(InputError, match="names no commit"):
        repository.commit(revision)


def test_a_commit_says_who_when_and_what(repository: Repository) -> None:
    commit = repository.commit("HEAD")
    assert (commit.author, commit.email, commit.subject) == ("alice", "alice@example.org", "second")
    assert commit.id == repository.resolve("main")
    assert commit.when[4] == "-"


def test_the_last_change_of_one_path_or_of_several(repository: Repository) -> None:
    first, second = repository.resolve("HEAD~1"), repository.resolve("HEAD")
    assert repository.last_change("HEAD", "a.txt") == first
    assert repository.last_change("HEAD", "a.txt", "link") == second
    assert repository.last_change("HEAD", "no/such") is None
    assert repository.last_change("HEAD", "dir") == first


def test_settings_of_a_person_do_not_change_what_is_read(repository: Repository) -> None:
    for setting in ("log.showSignature=true", "color.ui=always", "log.decorate=full", "core.quotePath=true"):
        git(repository.root, "config", *setting.split("="))
    assert repository.last_change("HEAD", "a.txt") == repository.resolve("HEAD~1")
    assert len(repository.files("HEAD")) == 5


def test_refs_follow_annotated_tags_to_their_commit(repository: Repository) -> None:
    git(repository.root, "tag", "light")
    git(repository.root, "tag", "--annotate", "--message=x", "heavy")
    head = repository.resolve("HEAD")
    assert repository.refs("refs/tags/") == {"refs/tags/heavy": head, "refs/tags/light": head}


@pytest.mark.parametrize("what", ["merge", "rebase", "cherry-pick", "revert", "bisect"])
def test_a_repository_in_the_middle_of_something(repository: Repository, what: str) -> None:
    root = repository.root
    assert repository.unfinished() is None
    git(root, "switch", "--quiet", "--create", "side", "HEAD~1")
    (root / "a.txt").write_text("side\n")
    git(root, "commit", "--quiet", "--all", "--message=side")
    git(root, "switch", "--quiet", "main")
    (root / "a.txt").write_text("main\n")
    git(root, "commit", "--quiet", "--all", "--message=third")
    (root / "a.txt").write_text("newer\n")
    git(root, "commit", "--quiet", "--all", "--message=fourth")
    commands = {
        "merge": ["merge", "side"],
        "rebase": ["rebase", "side"],
        "cherry-pick": ["cherry-pick", "side"],
        "revert": ["revert", "--no-edit", "HEAD~1"],
        "bisect": ["bisect", "start"],
    }
    git(root, *commands[what], check=False)
    assert repository.unfinished() == what


def test_objects_are_written_without_a_work_tree(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    assert head is not None
    tree = repository.write_tree({"dir/new.txt": b"new", "a.txt": b"changed"}, onto=head)
    commit = repository.write_commit(tree, [head], "Say: \u00fc\n", Signature("Bob \u00dc", "bob@example.org"))
    assert repository.read(commit, "dir/new.txt") == b"new"
    assert repository.read(commit, "a.txt") == b"changed"
    assert {entry.path: entry.mode for entry in repository.files(commit)}["run.sh"] == "100755"
    assert (repository.commit(commit).author, repository.commit(commit).subject) == ("Bob \u00dc", "Say: \u00fc")
    gone = repository.write_commit(repository.without(commit, ["dir/new.txt", "dir/b.bin"]), [commit], "less")
    assert [entry.path for entry in repository.files(gone, "dir")] == ["dir/\u00fcml aut\n.txt"]
    assert repository.resolve("HEAD") == head
    assert repository.is_clean()


def test_a_ref_moves_only_from_the_value_that_was_expected(repository: Repository) -> None:
    first, second = (str(repository.resolve(name)) for name in ("HEAD~1", "HEAD"))
    repository.move_ref("refs/x", first, ZERO)
    with pytest.raises(RefMoved):
        repository.move_ref("refs/x", second, ZERO)
    with pytest.raises(RefMoved):
        repository.move_ref("refs/x", second, second)
    repository.move_ref("refs/x", second, first)
    assert repository.refs("refs/x") == {"refs/x": second}


def test_merging_trees_tells_conflicts(repository: Repository) -> None:
    head = str(repository.resolve("HEAD"))

    def change(path: str, data: bytes) -> str:
        return repository.write_commit(repository.write_tree({path: data}, onto=head), [head], "x")

    one, two, other = change("a.txt", b"1"), change("a.txt", b"2"), change("c.txt", b"3")
    tree, conflicts = repository.merge_tree(one, other)
    assert conflicts == ()
    assert repository.read(repository.write_commit(tree, [one, other], "m"), "c.txt") == b"3"
    assert repository.merge_tree(one, two)[1] == ("a.txt",)


def test_hooks_of_the_repository_do_not_run(repository: Repository, tmp_path: Path) -> None:
    hook = repository.root / ".git/hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    repository.move_ref("refs/x", str(repository.resolve("HEAD")), ZERO)
    assert not (tmp_path / "ran").exists()


def test_a_foreign_git_environment_leads_nowhere_else(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = checkout(tmp_path / "other", {"other.txt": b"other"})
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.root / ".git/objects"))
    assert Repository.discover(repository.root).root == repository.root
    assert repository.read("HEAD", "a.txt") == b"one\n"
    assert repository.commit("HEAD").subject == "second"
    assert repository.write_tree({"x": b"x"}, onto="HEAD")
    assert environment()["GIT_TERMINAL_PROMPT"] == "0"
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & set(environment())


def test_git_asks_nobody_for_a_password(tmp_path: Path) -> None:
    assert subprocess.run(["git", "--version"], env=environment(), check=False).returncode == 0
    with pytest.raises(MattoneError):
        Repository.clone(f"file://{tmp_path}/nothing", tmp_path / "clone")
