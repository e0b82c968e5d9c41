"""The life of a merge request on the embedded forge, each step on real git."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mattone.errors import InputError, PolicyDenied
from mattone.forges.interface import Forge, MergeState, Pipeline, PipelineState
from mattone.forges.local import LocalForge
from tests.forges.site import Site, git


def test_the_embedded_forge_satisfies_the_port(site: Site) -> None:
    port: Forge = site.forge
    assert port.default_branch() == "main"
    assert Path(port.url) == site.folder / "forge.git"


def test_from_pushed_branch_to_merged_main(site: Site) -> None:
    forge = site.forge
    before = site.must_head()
    git(site.folder, "clone", "--quiet", forge.url, "alice")
    work = site.folder / "alice"
    git(work, "switch", "--quiet", "--create", "add-two")
    (work / "deployments/school/two.yaml").write_text("service: two\n")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=feat: two")
    git(work, "push", "--quiet", "origin", "add-two")
    head = git(work, "rev-parse", "HEAD").stdout.strip()

    request = forge.open("add-two", "Add two", "We need *two*.", "alice")
    assert (request.iid, request.state, request.head, request.base) == (1, MergeState.OPENED, head, before)
    with pytest.raises(PolicyDenied, match="no pipeline has run on its head; 1 approval missing"):
        forge.merge(1, "bob", head)

    running = Pipeline(head, PipelineState.RUNNING, (("check", PipelineState.SUCCESS, 0.25),))
    assert forge.set_pipeline(1, running).pipeline == running
    with pytest.raises(PolicyDenied, match="pipeline of its head is running"):
        forge.merge(1, "bob", head)
    site.passed(1)
    forge.comment(1, "# Plan\n\none to create", "mattone", marker="plan")
    assert forge.approve(1, "bob").approved_by == ("bob",)

    merged = forge.merge(1, "bob", head)
    assert (merged.state, merged.merged_by, merged.merge_commit) == (MergeState.MERGED, "bob", site.head())
    assert forge.merge_request(1) == merged
    assert site.head("add-two") is None
    assert site.bare.read("main", "deployments/school/two.yaml") == b"service: two\n"
    assert site.bare.run("log", "-1", "--format=%an%n%P%n%B", "main").output.rstrip() == (
        f"bob\n{before} {head}\nMerge branch 'add-two' into 'main'\n\nAdd two\n\nSee merge request !1"
    )


def test_a_new_head_needs_its_own_pipeline_and_approvals(site: Site) -> None:
    request = site.ready()
    head = site.push("wish", {"deployments/school/wish.yaml": b"service: other\n"})
    now = site.forge.merge_request(request.iid)
    assert (now.head, now.pipeline, now.approved_by) == (head, None, ())
    with pytest.raises(InputError, match="is not the head of merge request"):
        site.forge.merge(request.iid, "bob", request.head)
    with pytest.raises(PolicyDenied, match=r"no pipeline has run.*1 approval missing"):
        site.forge.merge(request.iid, "bob", head)


def test_a_late_pipeline_of_an_old_head_does_not_hide_that_of_the_new(site: Site) -> None:
    old = site.opened()
    new = site.push("wish", {"more.txt": b"more\n"})
    site.forge.set_pipeline(1, Pipeline(new, PipelineState.FAILED))
    now = site.forge.set_pipeline(1, Pipeline(old.head, PipelineState.SUCCESS))
    assert now.pipeline == Pipeline(new, PipelineState.FAILED)


def test_a_retried_pipeline_takes_the_success_back(site: Site) -> None:
    request = site.ready()
    site.passed(request.iid, PipelineState.PENDING)
    with pytest.raises(PolicyDenied, match="pipeline of its head is pending"):
        site.forge.merge(request.iid, "bob", request.head)


def test_an_approval_of_a_head_that_was_seen_earlier_is_refused(site: Site) -> None:
    request = site.opened()
    site.push("wish", {"hidden.txt": b"unseen\n"})
    with pytest.raises(InputError, match="is not the head"):
        site.forge.approve(request.iid, "bob", request.head)
    assert site.forge.merge_request(1).approved_by == ()


@pytest.mark.parametrize("name", ["alice", "Alice", "ALICE", "\uff41lice"])
def test_authors_cannot_approve_their_own_under_any_spelling(site: Site, name: str) -> None:
    site.opened()
    with pytest.raises(PolicyDenied, match="cannot approve it"):
        site.forge.approve(1, name)


def test_approving_twice_is_one_approval_and_one_event(site: Site) -> None:
    site.opened()
    site.forge.approve(1, "bob")
    before = site.bare.refs("refs/mattone")
    assert site.forge.approve(1, "Bob").approved_by == ("bob",)
    assert site.bare.refs("refs/mattone") == before


def test_a_sticky_comment_is_replaced_in_place_and_others_are_added(site: Site) -> None:
    site.opened()
    forge = site.forge
    first = forge.comment(1, "plan: 1 to create", "mattone", marker="plan")
    forge.comment(1, "looks good\r\nto me", "bob")
    again = forge.comment(1, "plan: nothing to do", "mattone", marker="plan")
    assert [(c.id, c.author, c.body, c.marker) for c in forge.comments(1)] == [
        (1, "mattone", "plan: nothing to do", "plan"),
        (2, "bob", "looks good\nto me", ""),
    ]
    assert (again.id, again.created_at) == (first.id, first.created_at)


def test_a_merged_merge_request_takes_comments_and_nothing_else(site: Site) -> None:
    request = site.ready()
    site.forge.merge(1, "bob", request.head)
    assert site.forge.comment(1, "deployed", "mattone").id == 1
    refused: tuple[Callable[[], object], ...] = (
        lambda: site.forge.merge(1, "bob", request.head),
        lambda: site.forge.close(1, "bob"),
        lambda: site.forge.approve(1, "carol"),
    )
    for act in refused:
        with pytest.raises(InputError, match="was merged already by bob"):
            act()


def test_a_closed_merge_request_keeps_its_branch_and_cannot_be_merged(site: Site) -> None:
    request = site.ready()
    assert site.forge.close(1, "bob").state is MergeState.CLOSED
    with pytest.raises(InputError, match="was closed by bob"):
        site.forge.merge(1, "bob", request.head)
    assert site.head("wish") == request.head
    assert site.forge.open("wish", "again", "", "alice").iid == 2


def test_lists_by_state_newest_first(site: Site) -> None:
    first = site.ready("first")
    site.opened("second")
    site.opened("third")
    site.forge.merge(1, "bob", first.head)
    site.forge.close(2, "alice")
    assert [request.iid for request in site.forge.merge_requests()] == [3, 2, 1]
    by_state = {state: [r.iid for r in site.forge.merge_requests(state)] for state in MergeState}
    assert by_state == {MergeState.OPENED: [3], MergeState.CLOSED: [2], MergeState.MERGED: [1]}
    for request in site.forge.merge_requests():
        assert request == site.forge.merge_request(request.iid)


def test_the_reviewed_head_outlives_its_branch(site: Site) -> None:
    request = site.opened()
    site.bare.run("update-ref", "-d", "refs/heads/wish")
    site.bare.run("gc", "--quiet", "--prune=now")
    now = site.forge.merge_request(1)
    assert (now.state, now.head) == (MergeState.OPENED, request.head)
    assert site.bare.read(now.head, "deployments/school/wish.yaml") is not None
    with pytest.raises(InputError, match="branch 'wish' of merge request !1 is gone"):
        site.forge.merge(1, "bob", request.head)


def test_a_mirror_shows_everything_to_plain_git_and_opens_as_a_forge(site: Site) -> None:
    site.opened()
    site.forge.comment(1, "fine", "bob")
    git(site.folder, "clone", "--quiet", "--mirror", site.forge.url, "mirror.git")
    mirror = site.folder / "mirror.git"
    ref = "refs/mattone/merge-requests/1"
    assert git(mirror, "show", f"{ref}:comments/0001.md").stdout == "fine"
    assert '"title": "Add wish"' in git(mirror, "show", f"{ref}:merge-request.json").stdout
    history = git(mirror, "log", "--first-parent", "--format=%an: %s", ref).stdout.splitlines()
    assert history == ["bob: comment 1 written by bob", "alice: opened by alice", "mattone: merge request !1"]
    git(mirror, "fsck", "--strict")
    assert LocalForge(mirror).merge_requests() == site.forge.merge_requests()


def test_a_foreign_git_environment_does_not_lead_to_another_repository(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = site.opened()
    monkeypatch.setenv("GIT_DIR", str(site.folder / "checkout/.git"))
    assert LocalForge(site.folder / "forge.git").merge_request(1) == request
