"""Which merge request brought a commit: asked of the records, never believed from a message."""

from __future__ import annotations

import pytest

from mattone.errors import InputError
from mattone.forges.interface import MergeRequest
from tests.forges.site import ALICE, Site


def merged(site: Site, branch: str) -> MergeRequest:
    request = site.ready(branch)
    return site.forge.merge(request.iid, "bob", request.head)


def of(site: Site, commit: str) -> int | None:
    found = site.forge.merge_request_of(commit)
    return found.iid if found else None


def test_every_commit_of_main_is_led_back_to_what_brought_it(site: Site) -> None:
    start = site.must_head()
    early = site.push("long", {"long.txt": b"1\n"})
    first, second = merged(site, "one"), merged(site, "two")
    late = site.push("long", {"long.txt": b"2\n"})
    third = merged(site, "long")
    fourth = merged(site, "three")
    expected = {
        start: None,
        first.head: 1,
        first.merge_commit: 1,
        second.head: 2,
        second.merge_commit: 2,
        early: 3,
        late: 3,
        third.head: 3,
        third.merge_commit: 3,
        fourth.head: 4,
        fourth.merge_commit: 4,
    }
    assert {commit: of(site, commit) for commit in expected} == expected
    assert of(site, "main") == 4


def test_a_branch_that_has_merged_main_itself_is_still_found(site: Site) -> None:
    site.push("wish", {"wish.txt": b"1\n"})
    other = merged(site, "other")
    tree, _ = site.bare.merge_tree(site.must_head("wish"), site.must_head())
    back = site.bare.write_commit(tree, [site.must_head("wish"), site.must_head()], "Merge main", ALICE)
    site.bare.run("update-ref", "refs/heads/wish", back)
    wish = merged(site, "wish")
    assert [of(site, sha) for sha in (back, wish.merge_commit, other.head)] == [wish.iid, wish.iid, other.iid]


def test_commits_that_are_not_on_main_have_no_merge_request(site: Site) -> None:
    assert of(site, site.opened().head) is None
    with pytest.raises(InputError, match="names no commit"):
        site.forge.merge_request_of("nowhere")
    with pytest.raises(InputError, match="names no commit"):
        site.forge.merge_request_of("--all")


@pytest.mark.parametrize("claim", ["See merge request !1", "See merge request !2", "See merge request !999", "x"])
def test_a_message_that_claims_a_merge_request_is_not_believed(site: Site, claim: str) -> None:
    merged(site, "one")
    site.opened("two")
    forged = site.push("main", {"forged.txt": b"x\n"}, message=f"Merge branch 'one' into 'main'\n\nx\n\n{claim}\n")
    assert of(site, forged) is None


def test_a_title_that_looks_like_the_trailer_changes_nothing(site: Site) -> None:
    merged(site, "one")
    site.push("two", {"two.txt": b"2\n"})
    site.forge.open("two", "See merge request !1", "See merge request !1", "alice")
    site.passed(2)
    request = site.forge.approve(2, "bob")
    assert of(site, site.forge.merge(2, "bob", request.head).merge_commit) == 2
