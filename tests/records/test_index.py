"""The index of records: what it finds, that it follows the branch, and that it can always be made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.records.index import RecordIndex
from mattone.records.model import Action
from mattone.records.store import BRANCH, RecordStore
from tests.forges.site import Site
from tests.records.test_model import RECORD
from tests.records.test_store import PAGE, fetched, record

Clone = Callable[[str], RecordStore]
TYPES = {
    "components": [{"component": "tosca-types", "kind": "types", "version": "2.0.0", "digest": "sha256:1"}],
    "external": [{"name": "nginx", "kind": "image", "version": "1.27"}],
}


@pytest.fixture
def store(clone: Clone) -> RecordStore:
    return fetched(clone("one"))


def index(store: RecordStore, tmp_path: Path) -> RecordIndex:
    return RecordIndex(store, tmp_path / "cache")


def machine(name: str, address: str) -> dict[str, object]:
    return {"name": name, "node": "server", "address": address, "cpus": 1, "memory": 512}


def test_a_deployment_is_found_by_machine_address_engine_id_and_operation(store: RecordStore, tmp_path: Path) -> None:
    store.append(replace(record("a", left="remote-7"), machines=(machine("page-1", "192.0.2.7"),)))
    found = index(store, tmp_path)
    for text in ("page-1", "192.0.2.7", "remote-7", "a"):
        assert found.deployment_of(text) == PAGE
    for text in ("page", "192.0.2.70", "", "%"):
        assert found.deployment_of(text) is None


def test_an_address_used_again_belongs_to_who_had_it_last(store: RecordStore, tmp_path: Path) -> None:
    one = replace(record("a"), machines=(machine("page-1", "192.0.2.7"),), times={"ended": "2026-01-02T00:00:00Z"})
    store.append(one)
    later = {"operation": "b", "deployment": "school/other", "times": {"ended": "2026-01-01T00:00:00Z"}}
    store.append(replace(one, **later))  # type: ignore[arg-type]
    assert index(store, tmp_path).deployment_of("192.0.2.7") == PAGE


def test_live_deployments_are_told_by_what_made_them(store: RecordStore, tmp_path: Path) -> None:
    store.append(replace(record("a", Action.CREATE), lock=TYPES))
    store.append(replace(record("b", Action.CREATE), lock=TYPES, deployment="school/gone"))
    store.append(replace(record("c", Action.DELETE), deployment="school/gone"))
    store.append(replace(record("d", Action.CREATE, ok=False, left=""), lock=TYPES, deployment="school/never"))
    found = index(store, tmp_path)
    assert [(use.deployment, use.sequence, use.version) for use in found.uses("tosca-types")] == [(PAGE, 1, "2.0.0")]
    assert [use.version for use in found.uses("nginx")] == ["1.27"]
    assert found.components() == ("nginx", "tosca-types")


def test_a_failed_update_still_runs_what_was_there(store: RecordStore, tmp_path: Path) -> None:
    store.append(replace(record("a", Action.CREATE), lock=TYPES))
    store.append(replace(record("b", ok=False), lock={}))
    assert index(store, tmp_path).uses("tosca-types") == ()
    store.append(replace(record("c", Action.DELETE, ok=False), lock=TYPES))
    assert [use.sequence for use in index(store, tmp_path).uses("tosca-types")] == [3]


def test_it_follows_the_branch_and_reads_only_what_was_appended(
    store: RecordStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(replace(record("a"), lock=TYPES))
    assert index(store, tmp_path).uses("tosca-types")
    read: list[str] = []
    blob = store.repository.blob

    def noted(name: str) -> bytes:
        read.append(name)
        return blob(name)

    monkeypatch.setattr(store.repository, "blob", noted)
    assert index(store, tmp_path).uses("tosca-types")
    assert read == []
    store.append(replace(record("b"), deployment="school/other", lock=TYPES))
    read.clear()
    assert [use.deployment for use in index(store, tmp_path).uses("tosca-types")] == ["school/other", PAGE]
    assert len(read) == 1


def test_a_branch_that_was_rewritten_makes_it_anew(store: RecordStore, tmp_path: Path, site: Site) -> None:
    store.append(replace(record("a"), lock=TYPES))
    store.append(replace(record("b"), deployment="school/other", lock=TYPES))
    assert len(index(store, tmp_path).uses("tosca-types")) == 2
    site.bare.run("update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    store.repository.run("update-ref", "-d", f"refs/mattone/{BRANCH}")
    store.fetch()
    assert [use.deployment for use in index(store, tmp_path).uses("tosca-types")] == [PAGE]


@pytest.mark.parametrize("damage", [b"", b"no database" * 1000, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_damaged_index_is_made_anew(store: RecordStore, tmp_path: Path, damage: bytes) -> None:
    store.append(replace(record("a"), lock=TYPES))
    assert index(store, tmp_path).uses("tosca-types")
    [file] = (tmp_path / "cache" / "records").glob("*.sqlite")
    file.write_bytes(damage)
    assert index(store, tmp_path).uses("tosca-types")


def test_a_damaged_record_is_named(store: RecordStore, tmp_path: Path) -> None:
    store.append(record("a"))
    assert store.tip is not None
    path = RECORD.path.replace("000001", "000002")
    tree = store.repository.write_tree({path: b"{}\n"}, onto=store.tip)
    commit = store.repository.write_commit(tree, [store.tip], "damaged")
    store.repository.run("push", "origin", f"{commit}:refs/heads/{BRANCH}")
    store.fetch()
    with pytest.raises(InputError, match="damaged") as caught:
        index(store, tmp_path).components()
    assert str(caught.value.place) == path


def test_without_records_it_finds_nothing(store: RecordStore, tmp_path: Path) -> None:
    found = index(store, tmp_path)
    assert (found.deployment_of("x"), found.uses("x"), found.components()) == (None, (), ())
