"""Questions to the records: whose machine, which versions, what changed, can it be made again, back to before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mattone.platform.deployments import lock_path
from tests import small
from tests.commands.conftest import Say
from tests.doubles.world import PAGE, World
from tests.forges.site import git


@pytest.fixture
def changed(running: World) -> World:
    """A platform whose school/page was created, and then updated with another title."""
    running.wish(small.wish("Other"))
    assert running.apply() == 0
    return running


def data(say: Say, world: World, *words: str) -> Any:
    code, text = say(world, *words, "--output", "json")
    assert code == 0, text
    return json.loads(text)


def test_trace_finds_a_deployment_by_machine_and_ids(running: World, say: Say) -> None:
    [record] = running.records()
    address, name = record.machines[0]["address"], record.machines[0]["name"]
    for subject in (address, name, record.remote_id, record.operation):
        code, text = say(running, "trace", subject)
        assert (code, text.splitlines()[0]) == (0, f"{PAGE} in production"), subject
    code, text = say(running, "trace", "192.0.2.250")
    assert (code, "no record speaks of '192.0.2.250'" in text) == (1, True)


def test_trace_tells_how_it_was_at_a_time(changed: World, say: Say) -> None:
    first, second = changed.records()
    assert [row["sequence"] for row in data(say, changed, "trace", PAGE, "--at", "2999-01-01")["records"]] == [2, 1]
    at = first.times["ended"]
    expected = [2, 1] if second.times["ended"] == at else [1]
    assert [row["sequence"] for row in data(say, changed, "trace", PAGE, "--at", at)["records"]] == expected
    code, text = say(changed, "trace", PAGE, "--at", "2000-01-01")
    assert (code, "has no record up to 2000-01-01" in text) == (1, True)
    assert "is no date" in say(changed, "trace", PAGE, "--at", "yesterday")[1]


def test_diff_tells_what_changed_between_two_operations(changed: World, say: Say) -> None:
    found = data(say, changed, "diff", PAGE)["differences"]
    assert {"kind": "input", "name": "title", "old": "Hello", "new": "Other"} in found
    assert {(one["kind"], one["name"]) for one in found} == {
        ("input", "title"), ("field", "commit"), ("field", "template"),
    }  # fmt: skip
    assert say(changed, "diff", f"{PAGE}#1", f"{PAGE}#1")[1].endswith("no difference\n")
    assert data(say, changed, "diff", f"{PAGE}#1")["new"]["sequence"] == 2
    assert "it has 1 to 2" in say(changed, "diff", f"{PAGE}#3", PAGE)[1]
    assert "it has 1 to 2" in say(changed, "diff", f"{PAGE}#2")[1]


def test_affected_lists_what_runs_by_component_and_range(changed: World, say: Say) -> None:
    def names(subject: str) -> list[str]:
        return [row["deployment"] for row in data(say, changed, "affected", subject)["deployments"]]

    assert names("tosca-types") == names("tosca-types@1.0.0") == names("tosca-types<2") == [PAGE]
    assert names("tosca-types>=2") == names("tosca-types@0.9.0") == []
    assert names("service/page") == names("catalog/page@^1") == [PAGE]
    code, text = say(changed, "affected", "tosca-type")
    assert (code, "tosca-types" in text) == (1, True)
    assert say(changed, "affected", "a b")[0] == 1
    assert say(changed, "affected", "tosca-types<two")[0] == 1
    changed.unwish()
    assert changed.apply(confirm=[PAGE]) == 0
    assert names("tosca-types") == []


def test_what_runs_is_made_again_from_its_record(changed: World, say: Say) -> None:
    found = data(say, changed, "replay", PAGE, "--dry-run")["replayed"]
    newest = changed.records()[-1]
    assert [(one["bundle"], one["template"], one["faults"]) for one in found] == [(newest.bundle, newest.template, [])]
    first = data(say, changed, "replay", PAGE, "--seq", "1", "--dry-run")["replayed"][0]
    assert (first["template"], first["faults"]) == (changed.records()[0].template, [])
    everything = data(say, changed, "replay", "--all")
    assert [one["deployment"] for one in everything["replayed"]] == [PAGE]
    assert everything["summary"] == "no changes"


def test_a_record_whose_pins_hold_other_content_cannot_be_made_again(changed: World, say: Say) -> None:
    """What a rewritten history would do: the commit that the record names is no longer there."""
    git(changed.root, "checkout", "--quiet", "--orphan", "fresh")
    git(changed.root, "commit", "--quiet", "--message=rewritten")
    git(changed.root, "branch", "--quiet", "-D", "main")
    git(changed.root, "branch", "--quiet", "-m", "main")
    git(changed.root, "update-ref", "-d", "refs/remotes/origin/main")
    git(changed.root, "reflog", "expire", "--expire=all", "--all")
    git(changed.root, "gc", "--quiet", "--prune=now")
    code, text = say(changed, "replay", PAGE, "--dry-run")
    assert code == 3
    assert "is not in this repository" in text


def test_replay_needs_to_know_which(changed: World, say: Say) -> None:
    for words in ((), ("--all", PAGE), ("--seq", "1"), ("--all", "--seq", "1")):
        assert say(changed, "replay", *words)[0] == 1, words


def test_rollback_asks_for_the_earlier_file_and_lock(changed: World, say: Say) -> None:
    code, text = say(changed, "rollback", PAGE, "--author", "operator")
    assert (code, text) == (0, f"opened !1: Roll {PAGE} back to record 1: page 1.0.0\n")
    git(changed.root, "fetch", "--quiet")
    for path in (f"deployments/{PAGE}.yaml", lock_path(PAGE)):
        brought = git(changed.root, "show", f"origin/rollback/school-page-1:{path}").stdout
        assert brought == git(changed.root, "show", f"{changed.records()[0].commit}:{path}").stdout
    plan = data(say, changed, "plan", "--revision", "origin/rollback/school-page-1")
    [step] = plan["steps"]
    assert [(one["name"], one["old"], one["new"]) for one in step["fields"]] == [("title", "Other", "Hello")]


def test_a_rollback_to_what_is_or_never_was_is_refused(running: World, say: Say) -> None:
    assert "has no earlier state" in say(running, "rollback", PAGE, "--author", "a")[1]
    assert "already is as record 1 says" in say(running, "rollback", PAGE, "--seq", "1", "--author", "a")[1]
    assert "has no record '7'" in say(running, "rollback", PAGE, "--seq", "7", "--author", "a")[1]
    running.unwish()
    assert running.apply(confirm=[PAGE]) == 0
    assert "removed it" in say(running, "rollback", PAGE, "--seq", "2", "--author", "a")[1]
    assert say(running, "rollback", PAGE, "--author", "a")[0] == 0
