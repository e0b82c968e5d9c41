"""Anchors on a real forge: an end that was cut off, a file that was changed later, an anchor that is forged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mattone.records import anchors
from mattone.records.signing import SigningKey
from mattone.records.store import BRANCH, RecordsRewritten, RecordStore
from tests.forges.site import Site
from tests.records.chain import trusted
from tests.records.test_model import RECORD
from tests.records.test_store import PAGE, fetched, record

Clone = Callable[[str], RecordStore]
DAYS = {"since": "2020-01-01T00:00:00Z"}


def anchored(clone: Clone) -> tuple[RecordStore, SigningKey]:
    """Two records, the second of them anchored."""
    store = fetched(clone("one"))
    store.append(record("a"))
    store.append(record("b"))
    key = store.key()
    assert anchors.make(store, key)
    return store, key


def test_nothing_is_lost_where_nothing_was_done(clone: Clone) -> None:
    store = fetched(clone("one"))
    assert anchors.make(store, store.key()) == ""
    assert anchors.lost(store, trusted(store.key())) == ()


def test_records_after_an_anchor_are_no_loss(clone: Clone) -> None:
    store, key = anchored(clone)
    store.append(record("c"))
    assert anchors.lost(fetched(clone("two")), trusted(key, **DAYS)) == ()


def test_the_same_records_are_anchored_once(clone: Clone) -> None:
    store, key = anchored(clone)
    name = anchors.make(store, key)
    assert anchors.make(fetched(clone("two")), key) == name
    store.append(record("c"))
    assert anchors.make(store, key) != name


def test_an_end_that_was_cut_off_is_missed_by_a_new_clone(clone: Clone, site: Site) -> None:
    _, key = anchored(clone)
    site.bare.run("update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    [said] = anchors.lost(fetched(clone("two")), trusted(key, **DAYS))
    assert "its end was cut off" in said


def test_an_end_that_was_cut_off_is_missed_at_once_by_who_has_seen_it(clone: Clone, site: Site) -> None:
    store, _ = anchored(clone)
    site.bare.run("update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    with pytest.raises(RecordsRewritten, match="was rewritten"):
        store.fetch()
    site.bare.run("update-ref", "-d", f"refs/heads/{BRANCH}")
    with pytest.raises(RecordsRewritten):
        store.fetch()
    assert len(store.history(PAGE).records) == 2, "what was seen stays"


def test_a_file_that_a_later_commit_changed_or_removed_is_named(clone: Clone, site: Site) -> None:
    store, key = anchored(clone)
    tip = store.tip
    assert tip is not None
    [(first, _), (second, _)] = store.files(PAGE)
    tree = store.repository.write_tree({first: b"other"}, onto=store.repository.without(tip, [second]))
    commit = store.repository.write_commit(tree, [tip], "tampered")
    store.repository.run("push", "origin", f"{commit}:refs/heads/{BRANCH}")
    said = anchors.lost(fetched(clone("two")), trusted(key, **DAYS))
    assert said == tuple(f"{path}: it was changed or removed after it was written" for path in sorted((first, second)))


def test_a_forged_anchor_does_not_count(clone: Clone) -> None:
    store, key = anchored(clone)
    store.append(record("c"))
    anchors.make(store, SigningKey.generate())
    [said] = anchors.lost(store, trusted(key, **DAYS))
    assert "does not count: signed by a key that is not trusted" in said


def test_an_anchor_moved_to_another_commit_does_not_count(clone: Clone) -> None:
    store, key = anchored(clone)
    first = store.tip
    store.append(record("c"))
    assert first is not None
    assert store.tip is not None
    message = key.seal(anchors._statement("production", first, "2026-05-01T00:00:00Z")).decode()
    tag = store.repository.write_tag("anchors/production/2026-05-01-moved", store.tip, message)
    store.repository.run("push", "origin", f"{tag}:refs/tags/anchors/production/2026-05-01-moved")
    [said] = anchors.lost(store, trusted(key, **DAYS))
    assert "its statement is about something else" in said


def test_another_environments_anchors_are_its_own(clone: Clone) -> None:
    store, key = anchored(clone)
    other = RecordStore(store.repository, "testing", store.key)
    other.fetch()
    assert anchors.lost(other, trusted(key, environments=frozenset({"testing"}), **DAYS)) == ()
    assert RECORD.environment == "production"
