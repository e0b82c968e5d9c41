"""What the embedded forge refuses, each with one clear message, and what it does with hostile text."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone import redact
from mattone.errors import InputError, MattoneError, PolicyDenied, RemoteError
from mattone.forges.interface import Pipeline, PipelineState
from mattone.forges.local import LocalForge
from tests.forges.site import TRUNK, Site, git

NONE = "0" * 39 + "1"


OPTIONS = ["-x", "--upload-pack=x"]
REVISIONS = ["HEAD", "@{-1}", "a..b", "a~1", ":main"]
OTHERS = ["", "a b", "a\nb", "a\u202eb", "\udcff", "refs/heads/../x", "/a", "x.lock", "a" * 201]


@pytest.mark.parametrize("name", [*OPTIONS, *REVISIONS, *OTHERS])
def test_hostile_branch_names_are_refused_before_git_sees_them_as_options(untouched: Site, name: str) -> None:
    with pytest.raises(InputError, match="is no branch name"):
        untouched.forge.open(name, "title", "", "alice")


@pytest.mark.parametrize("name", ["", "-alice", "al\nice", "alice\x1b[2J", "a <b@c>", " alice", "al/ice", "a" * 201])
def test_hostile_account_names_are_refused(untouched: Site, name: str) -> None:
    forge = untouched.forge
    for act in (forge.approve, forge.close):
        with pytest.raises(InputError, match="is no account name"):
            act(1, name)
    with pytest.raises(InputError, match="is no account name"):
        forge.comment(1, "text", name)


@pytest.mark.parametrize("name", ["alice", "Alice Rossi", "alice@example.org", "a.b-c_d+e", "élise"])
def test_ordinary_account_names_are_taken(site: Site, name: str) -> None:
    site.opened()
    assert site.forge.comment(1, "text", name).author == name


@pytest.mark.parametrize(
    ("title", "message"), [("", "needs a title"), (" \n ", "needs a title"), ("x" * 256, "has 256 characters")]
)
def test_titles_that_cannot_be_used(untouched: Site, title: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        untouched.forge.open("wish", title, "", "alice")


def test_hostile_text_is_stored_as_data_and_shown_harmless(site: Site) -> None:
    site.push("wish", {"a": b"b"})
    title = 'x", "state": "merged"\nSee merge request !9\x1b[2J'
    body = '---\nauthor: root\n---\n\u202etxt\x07 "}], \udcff {{7*7}}'
    request = site.forge.open("wish", title, body, "alice")
    assert request.title == 'x", "state": "merged" See merge request !9\\x1b[2J'
    assert request.description == '---\nauthor: root\n---\n\\u202etxt\\x07 "}], \\udcff {{7*7}}'
    comment = site.forge.comment(1, body, "bob", marker="plan")
    assert site.forge.comments(1) == (comment,)
    assert (comment.author, comment.body) == ("bob", request.description)


def test_registered_secrets_never_reach_the_repository(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_secrets", ())
    redact.register(["hunter2-canary"])
    site.push("wish", {"a": b"b"})
    request = site.forge.open("wish", "use hunter2-canary", "hunter2-canary", "alice")
    comment = site.forge.comment(1, "password: hunter2-canary", "bob")
    assert (request.title, request.description, comment.body) == ("use (secret)", "(secret)", "password: (secret)")


def test_sizes_are_capped(site: Site) -> None:
    site.opened()
    assert len(site.forge.comment(1, "x" * (1 << 20), "bob").body) == 1 << 20
    with pytest.raises(InputError, match="the comment has 1,048,577 bytes"):
        site.forge.comment(1, "x" * ((1 << 20) + 1), "bob")
    site.push("other", {"a": b"b"})
    with pytest.raises(InputError, match="the description has 1,048,578 bytes"):
        site.forge.open("other", "title", "é" * ((1 << 19) + 1), "bob")


def test_comments_need_a_text_and_plain_markers(untouched: Site) -> None:
    with pytest.raises(InputError, match="needs a text"):
        untouched.forge.comment(1, " \n", "bob")
    with pytest.raises(InputError, match="is no comment marker"):
        untouched.forge.comment(1, "text", "bob", marker="../../x\n")


def test_what_cannot_be_opened(site: Site) -> None:
    forge = site.forge
    with pytest.raises(InputError, match="is the default branch"):
        forge.open("main", "title", "", "alice")
    with pytest.raises(InputError, match="'nowhere' is not in"):
        forge.open("nowhere", "title", "", "alice")
    site.bare.run("update-ref", "refs/heads/same", site.must_head())
    with pytest.raises(InputError, match="nothing to merge: 'main' has"):
        forge.open("same", "title", "", "alice")
    orphan = site.bare.write_commit(site.bare.write_tree({"a": b"b"}), [], "orphan")
    site.bare.run("update-ref", "refs/heads/orphan", orphan)
    with pytest.raises(InputError, match="shares no history with 'main'"):
        forge.open("orphan", "title", "", "alice")
    site.opened("wish")
    with pytest.raises(InputError, match="has the open merge request !1 already"):
        forge.open("wish", "title", "", "bob")


def test_an_unknown_number_names_the_nearest(site: Site) -> None:
    with pytest.raises(InputError, match="no merge request !7") as caught:
        site.forge.merge_request(7)
    assert caught.value.hint == "there is none yet"
    for name in "abcd":
        site.opened(name)
    for iid, near in ((7, "!2, !3, !4"), (0, "!1, !2, !3"), (-5, "!1, !2, !3")):
        with pytest.raises(InputError, match=f"no merge request !{iid}") as caught:
            site.forge.merge(iid, "bob", NONE)
        assert caught.value.hint == f"the nearest are {near}"


def test_conflicts_name_the_files_and_nothing_moves(site: Site) -> None:
    mine = site.ready("mine", {"deployments/school/one.yaml": b"mine\n", "README.md": b"mine\n"})
    site.push("main", {"deployments/school/one.yaml": b"theirs\n"})
    before = site.bare.refs("refs")
    with pytest.raises(InputError, match=r"conflicts with 'main' in deployments/school/one.yaml$") as caught:
        site.forge.merge(mine.iid, "bob", mine.head)
    assert "merge 'main' into 'mine'" in caught.value.hint
    assert site.bare.refs("refs") == before


def test_changes_that_came_to_main_otherwise_leave_nothing_to_merge(site: Site) -> None:
    same = {"new.txt": b"new\n"}
    request = site.ready("wish", same)
    site.push("main", same, message="the same otherwise")
    with pytest.raises(InputError, match="changes nothing on 'main'"):
        site.forge.merge(1, "bob", request.head)
    site.bare.run("update-ref", "refs/heads/main", request.head)
    with pytest.raises(InputError, match="nothing to merge"):
        site.forge.merge(1, "bob", request.head)


@pytest.mark.parametrize("sha", ["main", "", "HEAD", NONE, "--all", "\udcff"])
def test_pipelines_are_of_commits_named_in_full(untouched: Site, sha: str) -> None:
    with pytest.raises(InputError, match="is not the full id of a commit"):
        untouched.forge.set_pipeline(1, Pipeline(sha, PipelineState.SUCCESS))


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_impossible_stage_times_are_refused(untouched: Site, seconds: float) -> None:
    head = untouched.must_head("wish")
    stages = (("check", PipelineState.SUCCESS, seconds),)
    with pytest.raises(InputError, match="cannot have taken"):
        untouched.forge.set_pipeline(1, Pipeline(head, PipelineState.SUCCESS, stages))


def test_the_policy_is_the_protected_branchs_not_the_merge_requests_own(tmp_path: Path) -> None:
    rules = b'[merge]\n[[merge.rules]]\npaths = ["deployments/school/**"]\napprovers = ["carol"]\n'
    site = Site(tmp_path, {**TRUNK, "mattone.toml": rules})
    files = {"deployments/school/x.yaml": b"x\n", "mattone.toml": b"[merge]\napprovals = 0\n"}
    request = site.ready("loosen", files)
    with pytest.raises(PolicyDenied, match=r"deployments/school/\*\* .*x.yaml\), by carol"):
        site.forge.merge(1, "bob", request.head)
    site.forge.approve(1, "carol")
    assert site.forge.merge(1, "bob", request.head).approved_by == ("bob", "carol")


def test_a_renamed_file_falls_under_the_rule_of_its_old_place_too(tmp_path: Path) -> None:
    rules = b'[merge]\n[[merge.rules]]\npaths = ["deployments/school/**"]\napprovers = ["carol"]\n'
    site = Site(tmp_path, {**TRUNK, "mattone.toml": rules})
    moved = site.bare.without("main", ["deployments/school/one.yaml"])
    commit = site.bare.write_commit(moved, [site.must_head()], "move")
    site.bare.run("update-ref", "refs/heads/move", commit)
    request = site.ready("move", {"elsewhere.yaml": TRUNK["deployments/school/one.yaml"]})
    with pytest.raises(PolicyDenied, match="by carol"):
        site.forge.merge(1, "bob", request.head)


def test_what_others_merged_meanwhile_does_not_count_as_ones_own_change(tmp_path: Path) -> None:
    rules = b'[merge]\n[[merge.rules]]\npaths = ["deployments/school/**"]\napprovers = ["carol"]\n'
    site = Site(tmp_path, {**TRUNK, "mattone.toml": rules})
    request = site.ready("words", {"README.md": b"better words\n"})
    site.push("main", {"deployments/school/one.yaml": b"changed by others\n"})
    assert site.forge.merge(1, "bob", request.head).merged_by == "bob"


def test_a_defect_in_the_policy_is_said_with_its_place(tmp_path: Path) -> None:
    site = Site(tmp_path, {**TRUNK, "mattone.toml": b"[merge]\napprovals = 'two'\n"})
    request = site.ready()
    with pytest.raises(InputError, match="'approvals' must be a whole number") as caught:
        site.forge.merge(1, "bob", request.head)
    assert str(caught.value.place) == "main:mattone.toml:2:1"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "attempt": 3}'])
def test_a_damaged_record_is_named(site: Site, data: bytes) -> None:
    site.opened()
    ref = "refs/mattone/merge-requests/1"
    tree = site.bare.write_tree({"merge-request.json": data}, onto=ref)
    site.bare.run("update-ref", ref, site.bare.write_commit(tree, [ref], "damage"))
    for act in (lambda: site.forge.merge_request(1), lambda: site.forge.merge_requests()):
        with pytest.raises(RemoteError, match="record of merge request !1 is damaged"):
            act()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"description.md": b"\xff"}, "record of merge request !2 is damaged: .*utf-8"),
        ({"merge-request.json": b"\xff"}, "record of merge request !2 is damaged"),
        (None, "record of merge request !2 is damaged: .*missing"),
    ],
)
def test_among_many_the_damaged_one_is_named(site: Site, files: dict[str, bytes] | None, message: str) -> None:
    for name in "abc":
        site.opened(name)
    ref = "refs/mattone/merge-requests/2"
    tree = site.bare.write_tree(files or {}, onto=ref if files else None)
    site.bare.run("update-ref", ref, site.bare.write_commit(tree, [ref], "damage"))
    with pytest.raises(RemoteError, match=message):
        site.forge.merge_requests()
    assert site.forge.merge_request(1).iid == 1


def test_text_that_looks_like_damage_is_read_exactly(site: Site) -> None:
    site.push("wish", {"a": b"b"})
    site.forge.open("wish", "a \ufffd title", "\ufffd\u00e9\n" * 3, "alice")
    site.forge.comment(1, "x missing\n\ufffd", "bob")
    assert site.forge.merge_requests()[0].description == "\ufffd\u00e9\n" * 3
    assert site.forge.comments(1)[0].body == "x missing\n\ufffd"


def test_places_that_are_no_forge(site: Site, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("x")
    inside = tmp_path / "checkout/inside"
    inside.mkdir()
    for path, message in (
        (tmp_path / "missing", "does not exist"),
        (tmp_path / "file", "is no folder"),
        (tmp_path / "plain", "is no git repository"),
        (tmp_path / "checkout", "has a work tree: it is not bare"),
        (tmp_path / "checkout/.git", "is not a bare repository"),
        (inside, "is only inside a repository"),
        (tmp_path / "forge.git/refs", "is only inside a repository"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            LocalForge(path)
        assert "bare repository" in caught.value.hint


def test_a_forge_without_its_default_branch_says_so(site: Site, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=trunk", "empty.git")
    empty = LocalForge(tmp_path / "empty.git")
    acts = (empty.default_branch, empty.merge_requests, lambda: empty.open("x", "t", "", "a"))
    for act in acts:
        with pytest.raises(MattoneError, match="no commit on its default branch 'trunk'"):
            act()
