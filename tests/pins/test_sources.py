"""Git repositories elsewhere: refs, files at a commit, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.errors import InputError, MattoneError
from mattone.pins.sources import GitSource, MissingCommit, Unreachable, checked_url, shown
from tests.forges.site import git
from tests.pins.elsewhere import Elsewhere
from tests.web import git_backend, redirect, serving


@pytest.fixture
def role(tmp_path: Path) -> Elsewhere:
    made = Elsewhere(tmp_path / "role", {"tasks/main.yml": "- a\n", "files/run.sh": "#!/bin/sh\n"}, "v1.0.0")
    (made.folder / "files/run.sh").chmod(0o755)
    made.commit({}, "v1.1.0")
    return made


def source(one: Elsewhere) -> GitSource:
    return GitSource.at(one.url)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_refs_lead_to_commits_through_annotated_tags(role: Elsewhere) -> None:
    refs = source(role).refs()
    assert refs["refs/tags/v1.0.0"] == role.head("v1.0.0")
    assert refs["HEAD"] == refs["refs/heads/main"] == role.head()
    assert not any(name.endswith("^{}") for name in refs)


def test_files_of_a_commit_with_their_executable_bits(role: Elsewhere) -> None:
    files = source(role).files(role.head())
    assert files == {"tasks/main.yml": (False, b"- a\n"), "files/run.sh": (True, b"#!/bin/sh\n")}
    assert source(role).files(role.head("v1.0.0"), "files") == {"run.sh": (False, b"#!/bin/sh\n")}
    assert source(role).file(role.head(), "tasks/main.yml") == b"- a\n"
    assert source(role).file(role.head(), "tasks/other.yml") is None


def test_what_was_fetched_is_there_when_the_source_is_not(role: Elsewhere) -> None:
    commit = role.head()
    expected = source(role).files(commit)
    role.folder.rename(role.folder.with_name("gone"))
    assert source(role).files(commit) == expected
    with pytest.raises(Unreachable, match="cannot read the git repository file://"):
        source(role).refs()


def test_a_run_that_was_killed_while_it_fetched_holds_up_nobody(role: Elsewhere, cache: Path) -> None:
    source(role).refs()
    (folder,) = (cache / "git").glob("*.git")
    (folder / "shallow.lock").touch()
    assert "files/run.sh" in source(role).files(role.head())


def test_the_same_over_http(role: Elsewhere) -> None:
    before = role.head()
    git(role.folder, "config", "http.uploadpack", "true")
    with serving() as web:
        web.below["/git/"] = git_backend(role.folder.parent)
        far = GitSource.at(f"{web.url}/git/role/.git")
        assert far.refs() == source(role).refs()
        assert far.files(role.head("v1.0.0")) == source(role).files(role.head("v1.0.0"))
        after = role.commit({"new": "x"})
        assert far.has_in_history(before, after)
        forced = role.rewrite({"tasks/main.yml": "- b\n"})
        assert not far.has_in_history(after, forced)
        with pytest.raises(MissingCommit):
            far.files(after)
        web.below["/git/"] = lambda handler: handler.say(redirect("http://127.0.0.1:1/elsewhere"))
        with pytest.raises(Unreachable, match="cannot read the git repository"):
            far.refs()


def test_a_server_that_gives_no_single_commits_is_fetched_whole(role: Elsewhere) -> None:
    first = role.head("v1.0.0")
    for name in ("allowAnySHA1InWant", "allowReachableSHA1InWant", "allowTipSHA1InWant"):
        git(role.folder, "config", f"uploadpack.{name}", "false")
    role.commit({"new": "x"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mattone.pins.sources._CALM", ("-c", "protocol.version=0"))
        assert "files/run.sh" in source(role).files(first)


def test_a_commit_that_is_gone(role: Elsewhere) -> None:
    gone = role.head()
    for tag in ("v1.0.0", "v1.1.0"):
        git(role.folder, "tag", "--delete", tag)
    role.rewrite({"tasks/main.yml": "- b\n"})
    with pytest.raises(MissingCommit, match=f"no longer has the commit {gone[:12]}") as caught:
        source(role).files(gone)
    assert "--upgrade" in caught.value.hint


def test_a_branch_that_went_on_and_one_that_was_forced(role: Elsewhere) -> None:
    before = role.head()
    after = role.commit({"new": "x"})
    assert source(role).has_in_history(before, after)
    forced = role.rewrite({"tasks/main.yml": "- b\n"})
    assert not source(role).has_in_history(before, forced)
    assert not source(role).has_in_history("0" * 40, forced)


def test_a_link_to_a_file_is_that_file_and_others_are_refused(role: Elsewhere) -> None:
    (role.folder / "files/go.sh").symlink_to("run.sh")
    assert source(role).files(role.commit({}))["files/go.sh"] == (True, b"#!/bin/sh\n")
    for target in ("/etc/passwd", "../../../etc/passwd", "nowhere", "../files"):
        link = role.folder / "files/bad"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(InputError, match="symbolic link that leads to no file of it: files/bad"):
            source(role).files(role.commit({}))


def test_a_submodule_and_too_much_are_refused(role: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    git(role.folder, "update-index", "--add", "--cacheinfo", f"160000,{role.head()},inner")
    git(role.folder, "commit", "--quiet", "--message=submodule")
    with pytest.raises(InputError, match="has a submodule at inner"):
        source(role).files(role.head())
    first = role.head("v1.0.0")
    monkeypatch.setattr("mattone.pins.sources.MOST_FILES", 1)
    with pytest.raises(InputError, match="has 2 files; at most 1"):
        source(role).files(first)
    monkeypatch.setattr("mattone.pins.sources.MOST_FILES", 2)
    monkeypatch.setattr("mattone.pins.sources.MOST_BYTES", 5)
    with pytest.raises(InputError, match="more than 5 bytes"):
        source(role).files(first)


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x", "ext::sh -c touch%20/tmp/x", "fd::17", "/srv/role.git", "../role",
        "https://user:word@example.org/x.git", "https://token@example.org/x.git", "ssh://git:word@example.org/x",
        "javascript://x", "", "git@host:a b",
    ],
)  # fmt: skip
def test_urls_that_git_must_not_have(url: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_url(url)
    assert "word" not in str(caught.value.message).replace("password", "")
    assert caught.value.hint


@pytest.mark.parametrize("url", ["https://example.org/a/b.git", "ssh://git@example.org/a", "git@example.org:a/b.git"])
def test_urls_that_it_may_have(url: str) -> None:
    assert checked_url(url) == url


def test_urls_are_shown_without_what_is_secret() -> None:
    assert shown("https://me:word@example.org/a@b") == "https://example.org/a@b"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.git", "file:///nowhere/at/all", "ssh://127.0.0.1:1/x"])
def test_sources_that_do_not_answer(url: str) -> None:
    with pytest.raises(Unreachable, match="cannot read the git repository") as caught:
        GitSource.at(url).refs()
    assert caught.value.hint


def test_a_repository_that_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MattoneError, match="cannot read the git repository"):
        GitSource.at(f"file://{tmp_path}/empty").files("0" * 40)
