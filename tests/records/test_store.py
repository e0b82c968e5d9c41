"""The records branch of a real forge: appended to, never rewritten, never doubled."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mattone.errors import InputError, RemoteError
from mattone.records.model import Action, Outcome, Record, digest
from mattone.records.store import BRANCH, TRACKING, RecordStore
from tests.forges.site import Site, git
from tests.records.test_model import RECORD

PAGE = RECORD.deployment
Clone = Callable[[str], RecordStore]


def record(operation: str, action: Action = Action.UPDATE, *, ok: bool = True, left: str = "remote-1") -> Record:
    outcome = Outcome.SUCCEEDED if ok else Outcome.FAILED
    return replace(RECORD, operation=operation, action=action, outcome=outcome, engine={"id": left} if left else {})


def fetched(store: RecordStore) -> RecordStore:
    store.fetch()
    return store


def operations(store: RecordStore, name: str = PAGE) -> list[str]:
    return [one.operation for one in store.history(name).records]


def test_forge_without_records_has_none(clone: Clone) -> None:
    store = fetched(clone("one"))
    assert store.deployments() == ()
    history = store.history(PAGE)
    assert (history.records, history.last_attempted, history.last_applied, history.running) == ((), None, None, None)


def test_records_are_numbered_chained_and_seen_by_every_clone(clone: Clone, site: Site) -> None:
    store = fetched(clone("one"))
    first = store.append(record("a", Action.CREATE))
    second = store.append(record("b"))
    assert (first.sequence, first.previous, second.sequence, second.previous) == (1, "", 2, digest(first))
    assert fetched(clone("two")).history(PAGE).records == (first, second)
    assert len(site.bare.run("rev-list", BRANCH).output.split()) == 2


def test_deployments_and_environments_are_kept_apart(clone: Clone, tmp_path: Path) -> None:
    store = fetched(clone("one"))
    store.append(record("a"))
    store.append(replace(record("b"), deployment="school/page-two"))
    other = RecordStore(store.repository, "testing", store.key)
    other.append(replace(record("c"), environment="testing"))
    assert fetched(store).deployments() == (PAGE, "school/page-two")
    assert operations(store) == ["a"]
    assert other.deployments() == (PAGE,)


def test_record_appended_by_another_clone_meanwhile_comes_first(clone: Clone) -> None:
    one, two = fetched(clone("one")), fetched(clone("two"))
    one.append(record("a"))
    two.append(record("b"))
    one.append(record("c"))
    assert operations(fetched(two)) == ["a", "b", "c"]


def test_fetch_by_another_command_in_the_same_clone_breaks_no_chain(clone: Clone) -> None:
    """`mattone plan` moves the tracking branch while `mattone apply` works with what it read before."""
    store = fetched(clone("one"))
    assert store.deployments() == ()
    first = fetched(clone("two")).append(record("a"))
    git(store.repository.root, "fetch", "--quiet", "origin", f"+refs/heads/{BRANCH}:{TRACKING}")
    second = store.append(record("b"))
    assert (second.sequence, second.previous) == (2, digest(first))


def test_operation_that_was_pushed_already_is_not_doubled(clone: Clone) -> None:
    one, two = fetched(clone("one")), fetched(clone("two"))
    first = one.append(record("a"))
    assert one.append(record("a")) == first
    assert two.append(record("a")) == first
    two.append(record("b"))
    assert fetched(one).append(record("a")) == first
    assert operations(fetched(two)) == ["a", "b"]


def test_two_writers_at_once_lose_and_double_nothing(clone: Clone) -> None:
    stores = [fetched(clone(name)) for name in ("one", "two")]
    ready, go = os.pipe()
    children = [_writer(store, f"{number}-{{}}", ready) for number, store in enumerate(stores)]
    os.write(go, b"!!")
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    found = fetched(clone("three")).history(PAGE).records
    assert sorted(one.operation for one in found) == [f"{n}-{i}" for n in range(2) for i in range(4)]
    assert [one.sequence for one in found] == list(range(1, 9))
    assert [one.previous for one in found[1:]] == [digest(one) for one in found[:-1]]


def _writer(store: RecordStore, name: str, ready: int) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.read(ready, 1)
            for number in range(4):
                store.append(record(name.format(number)))
            code = 0
        finally:
            os._exit(code)
    return child


def test_push_that_the_forge_refuses_is_an_error_and_leaves_no_record(clone: Clone, site: Site) -> None:
    store = fetched(clone("one"))
    store.append(record("a"))
    hook = site.bare.root / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'no room here' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RemoteError, match="no room here"):
        store.append(record("b"))
    hook.unlink()
    assert operations(fetched(store)) == ["a"]
    assert store.append(record("b")).sequence == 2


def test_forge_out_of_reach_is_an_error(clone: Clone, site: Site) -> None:
    store = fetched(clone("one"))
    site.bare.root.rename(site.folder / "away.git")
    with pytest.raises(RemoteError, match="cannot fetch the records"):
        store.fetch()
    with pytest.raises(RemoteError):
        store.append(record("a"))


def test_records_cannot_be_rewritten_or_deleted_by_a_push(clone: Clone, site: Site) -> None:
    store = fetched(clone("one"))
    store.append(record("a"))
    store.append(record("b"))
    root = store.repository.root
    for words in (["--force", "origin", f"{TRACKING}~1:refs/heads/{BRANCH}"], ["origin", "--delete", BRANCH]):
        assert git(root, "push", *words, check=False).returncode != 0
    assert operations(fetched(clone("two"))) == ["a", "b"]


def test_newest_records_reach_back_to_the_last_that_succeeded(clone: Clone) -> None:
    store = fetched(clone("one"))
    for operation, ok in (("a", True), ("b", True), ("c", False), ("d", False)):
        store.append(record(operation, ok=ok))
    recent = store.recent(PAGE)
    assert [one.operation for one in recent.records] == ["b", "c", "d"]
    assert (recent.last_attempted, recent.last_applied) == (recent.records[2], recent.records[0])
    assert operations(store) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("rows", "running"),
    [
        ([("a", Action.CREATE, True, "r")], "a"),
        ([("a", Action.CREATE, True, "r"), ("b", Action.UPDATE, False, "r")], "b"),
        ([("a", Action.CREATE, True, "r"), ("b", Action.UPDATE, False, "")], "a"),
        ([("a", Action.CREATE, False, "")], None),
        ([("a", Action.CREATE, True, "r"), ("b", Action.DELETE, True, "r")], None),
        ([("a", Action.CREATE, True, "r"), ("b", Action.DELETE, False, "r")], "b"),
        ([("a", Action.CREATE, True, "r"), ("b", Action.DELETE, True, ""), ("c", Action.CREATE, False, "")], None),
    ],
)
def test_running_is_the_newest_record_that_names_what_is_left(
    clone: Clone, rows: list[tuple[str, Action, bool, str]], running: str | None
) -> None:
    store = fetched(clone("one"))
    for operation, action, ok, left in rows:
        store.append(record(operation, action, ok=ok, left=left))
    for history in (store.history(PAGE), store.recent(PAGE)):
        assert (history.running.operation if history.running else None) == running


@pytest.mark.parametrize("path", ["records/production/note.txt", "records/production/a/b/c/d.json"])
def test_file_that_is_no_record_is_refused_with_its_place(clone: Clone, site: Site, path: str) -> None:
    fetched(clone("one")).append(record("a"))
    site.push(BRANCH, {path: b"{}"})
    with pytest.raises(InputError) as caught:
        fetched(clone("two")).deployments()
    assert str(caught.value.place) == path


def test_damaged_record_is_refused_with_its_place_and_the_others_stay_readable(clone: Clone, site: Site) -> None:
    store = fetched(clone("one"))
    path = store.append(record("a")).path
    store.append(replace(record("b"), deployment="school/other"))
    site.push(BRANCH, {path: b"{}"})
    store.fetch()
    with pytest.raises(InputError) as caught:
        store.history(PAGE)
    assert str(caught.value.place) == path
    assert operations(store, "school/other") == ["b"]
