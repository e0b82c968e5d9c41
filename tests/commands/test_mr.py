"""`mattone mr` from the command line, on a clone of a real forge."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattone.cli import main
from tests.forges.site import Site, git


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path)
    git(tmp_path, "clone", "--quiet", made.forge.url, "clone")
    git(tmp_path / "clone", "config", "user.name", "bob")
    monkeypatch.chdir(tmp_path / "clone")
    yield made
    made.forge.close_reader()


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints, on stdout or, when it fails, on stderr."""
    assert main(["mr", *words]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    value = json.loads(asked(capsys, *words, "--output", "json"))
    assert isinstance(value, dict)
    return value


def test_from_opening_to_merged(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    head = site.push("wish", {"wish.txt": b"x\n"})
    assert asked(capsys, "open", "wish", "--title", "A wish", "--user", "alice").startswith("opened !1: A wish\n")
    assert asked(capsys, "comment", "1", "Is it enough?") == "comment 1 on !1\n"
    denied = asked(capsys, "merge", "1", code=4)
    assert "no pipeline has run on its head; 1 approval missing, by anyone but alice" in denied
    site.passed(1)
    assert asked(capsys, "approve", "!1", "--head", head[:8]) == f"!1 approved at {head} by bob\n"
    shown = asked(capsys, "show", "1")
    for part in ("!1 A wish", "approved by  bob", "check  1.5 s  success", "comment 1 by bob", "  Is it enough?"):
        assert part in shown
    merged = asked(capsys, "merge", "1", "--user", "carol")
    assert merged == f"!1 merged as {site.head()}\nnext: `mattone pipeline main` applies what is merged\n"
    assert as_json(capsys, "show", "1")["merge_request"]["merged_by"] == "carol"


def test_the_list_is_a_table_of_the_open_ones(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "list") == "no open merge requests\n"
    site.opened("one")
    site.ready("two")
    assert asked(capsys, "close", "1") == "!1 closed; the branch one stays\n"
    heading, row = asked(capsys, "list").splitlines()
    assert heading.split() == ["NUMBER", "STATE", "TITLE", "AUTHOR", "BRANCH", "PIPELINE", "APPROVED", "BY"]
    assert row.split() == ["!2", "opened", "Add", "two", "alice", "two", "success", "bob"]
    found = as_json(capsys, "list", "--state", "all")["merge_requests"]
    assert [(request["iid"], request["state"]) for request in found] == [(2, "opened"), (1, "closed")]


def test_a_comment_from_standard_input_replaces_the_one_with_its_marker(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.opened()
    asked(capsys, "comment", "1", "first", "--marker", "plan")
    monkeypatch.setattr("sys.stdin", io.StringIO("second\n"))
    asked(capsys, "comment", "1", "-", "--marker", "plan")
    assert [comment["body"] for comment in as_json(capsys, "show", "1")["comments"]] == ["second\n"]


@pytest.mark.parametrize("action", ["approve", "merge"])
@pytest.mark.parametrize("head", ["abc", "0000000", "main"])
def test_a_head_that_is_not_the_current_one_is_refused(
    site: Site, capsys: pytest.CaptureFixture[str], action: str, head: str
) -> None:
    site.ready()
    assert "is not the head of merge request !1" in asked(capsys, action, "1", "--head", head, code=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "x"], "'x' is no number of a merge request"),
        (["show", "٣"], "is no number of a merge request"),
        (["show", "7"], "there is no merge request !7"),
        (["list", "7"], "unrecognized arguments: 7"),
        (["frobnicate"], "invalid choice"),
        ([], "required: ACTION"),
        (["comment", "1", " "], "a comment needs a text"),
        (["approve", "1", "--user", "a\nb"], "is no account name"),
        (["open", "--title=x", "--", "-x"], "is no branch name"),
    ],
)
def test_bad_arguments_are_one_clear_error(
    site: Site, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    site.opened()
    said = asked(capsys, *words, code=1)
    assert message in said
    assert said.startswith("error: ")
    assert len(said.splitlines()) <= 2


def test_without_an_identity_it_asks_for_one(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.opened()
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    git(Path.cwd(), "config", "--unset", "user.name")
    assert "nobody knows who you are" in asked(capsys, "approve", "1", code=1)


def test_a_clone_of_something_that_is_no_forge(site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    git(Path.cwd(), "remote", "set-url", "origin", str(tmp_path / "checkout"))
    assert "has a work tree: it is not bare" in asked(capsys, "list", code=1)


def test_the_help_has_examples_and_every_action_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["list", "--help"], ["merge", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(["mr", *words])
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "mattone mr merge 3 --user carol" in said
    assert "refuse unless this is still the head" in said
