"""Many real processes on one forge: nothing is lost, nothing happens twice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

from mattone.errors import MattoneError
from mattone.forges.interface import MergeState, Pipeline, PipelineState
from mattone.forges.local import LocalForge
from tests.forges.site import Site

_SPAWN = multiprocessing.get_context("spawn")
_MANY = 8

Act = Callable[[LocalForge, int, str], object]


def _child(act: Act, path: str, number: int, detail: str, start: object, answers: object) -> None:
    forge = LocalForge(Path(path))
    start.wait(120)  # type: ignore[attr-defined]
    try:
        act(forge, number, detail)
        answers.put((number, "done"))  # type: ignore[attr-defined]
    except MattoneError as error:
        answers.put((number, f"{type(error).__name__}: {error.message}"))  # type: ignore[attr-defined]


def at_once(site: Site, act: Act, details: list[str]) -> dict[int, str]:
    """Do `act(forge, number, detail)` in a process each, all starting together; what each said, from 1."""
    start, answers = _SPAWN.Barrier(len(details)), _SPAWN.Queue()
    children = [
        _SPAWN.Process(target=_child, args=(act, site.forge.url, number, detail, start, answers))
        for number, detail in enumerate(details, 1)
    ]
    for child in children:
        child.start()
    said = dict(answers.get(timeout=200) for _ in children)
    for child in children:
        child.join(60)
    return said


def merge(forge: LocalForge, number: int, head: str) -> object:
    return forge.merge(number, "bob", head)


def merge_first(forge: LocalForge, _number: int, head: str) -> object:
    return forge.merge(1, "bob", head)


def open_branch(forge: LocalForge, _number: int, branch: str) -> object:
    return forge.open(branch, f"Add {branch}", "", "alice")


def comment(forge: LocalForge, _number: int, marker: str) -> object:
    return forge.comment(1, f"by {marker or 'anybody'}", "bob", marker)


def approve(forge: LocalForge, number: int, _detail: str) -> object:
    return forge.approve(1, f"user{number}")


def merge_or_fail(forge: LocalForge, number: int, head: str) -> object:
    if number % 2:
        return forge.merge(1, "bob", head)
    other = Pipeline(head, PipelineState.FAILED)
    return forge.set_pipeline(1, other)


def test_eight_merges_at_once_all_land_in_one_line(site: Site) -> None:
    requests = [site.ready(f"wish{number}") for number in range(1, _MANY + 1)]
    start = site.must_head()
    said = at_once(site, merge, [request.head for request in requests])
    assert said == dict.fromkeys(range(1, _MANY + 1), "done")
    line = site.trunk()
    merged = site.forge.merge_requests(MergeState.MERGED)
    assert {request.merge_commit for request in merged} == set(line[:-1])
    assert (len(line), line[-1]) == (_MANY + 1, start)
    for request in requests:
        assert site.bare.read("main", f"deployments/school/{request.source_branch}.yaml") is not None
    assert site.bare.run("rev-list", "--count", "--merges", "main").output.strip() == str(_MANY)
    assert list(site.bare.refs("refs/heads")) == ["refs/heads/main"]


def test_of_merges_that_conflict_one_lands_and_the_others_name_the_file(site: Site) -> None:
    requests = [site.ready(f"wish{number}", {"README.md": b"%d\n" % number}) for number in range(1, 5)]
    said = at_once(site, merge, [request.head for request in requests])
    assert sorted(said.values())[-1] == "done"
    refused = [answer for answer in said.values() if answer != "done"]
    assert len(refused) == 3
    assert all("conflicts with 'main' in README.md" in answer for answer in refused)
    assert len(site.trunk()) == 2


def test_one_merge_request_merged_by_many_lands_once(site: Site) -> None:
    request = site.ready()
    said = at_once(site, merge_first, [request.head] * 6)
    assert sorted(said.values())[-1] == "done"
    assert sum("was merged already by bob" in answer for answer in said.values()) == 5
    assert len(site.trunk()) == 2


def test_opening_at_once_gives_each_its_own_number(site: Site) -> None:
    branches = [f"wish{number}" for number in range(_MANY)]
    for branch in branches:
        site.push(branch, {branch: b"x"})
    assert set(at_once(site, open_branch, branches).values()) == {"done"}
    found = site.forge.merge_requests()
    assert [request.iid for request in found] == list(range(_MANY, 0, -1))
    assert {request.source_branch for request in found} == set(branches)


def test_opening_one_branch_at_once_gives_one_merge_request(site: Site) -> None:
    site.push("wish", {"a": b"b"})
    said = at_once(site, open_branch, ["wish"] * 5)
    assert sorted(said.values())[-1] == "done"
    assert sum("has the open merge request !1 already" in answer for answer in said.values()) == 4


def test_comments_written_at_once_are_all_kept_and_a_sticky_one_stays_one(site: Site) -> None:
    site.opened()
    said = at_once(site, comment, ["plan", "plan", "plan", "", "", "", ""])
    assert set(said.values()) == {"done"}
    found = site.forge.comments(1)
    assert [one.id for one in found] == [1, 2, 3, 4, 5]
    assert [one.marker for one in found].count("plan") == 1


def test_approvals_given_at_once_all_count(site: Site) -> None:
    site.opened()
    assert set(at_once(site, approve, [""] * 6).values()) == {"done"}
    assert set(site.forge.merge_request(1).approved_by) == {f"user{number}" for number in range(1, 7)}


def test_a_pipeline_that_fails_while_merging_is_seen_or_comes_after(site: Site) -> None:
    request = site.ready()
    said = at_once(site, merge_or_fail, [request.head] * 2)
    assert said[2] == "done"
    now = site.forge.merge_request(1)
    history = site.bare.run("log", "--first-parent", "--format=%s", "refs/mattone/merge-requests/1").output
    if said[1] == "done":
        assert now.state is MergeState.MERGED
        events = history.splitlines()
        assert events.index("merged by bob") >= 0
        assert not any(line.endswith("failed") for line in events[events.index("merged by bob") :])
    else:
        assert "pipeline of its head is failed" in said[1]
        assert len(site.trunk()) == 1
