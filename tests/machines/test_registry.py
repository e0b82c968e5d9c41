"""The memory of a workspace: addresses, half-made machines, damaged files."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest

from mattone.errors import HostError
from mattone.machines.interface import MachineSpec, Volume
from mattone.machines.layout import Layout
from mattone.machines.registry import Record, Registry

SUBNET = ipaddress.IPv4Network("10.213.1.0/24")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.fixture
def registry(layout: Layout) -> Registry:
    return Registry(layout)


def test_addresses_go_upwards_and_are_given_again_after_a_delete(registry: Registry) -> None:
    assert [registry.enlist(MachineSpec(name), SUBNET).address for name in "abc"] == [
        "10.213.1.10",
        "10.213.1.11",
        "10.213.1.12",
    ]
    registry.forget("b")
    assert registry.names() == ("a", "c")
    assert registry.enlist(MachineSpec("d"), SUBNET).address == "10.213.1.11"


def test_a_full_network_says_so(registry: Registry) -> None:
    tiny = ipaddress.IPv4Network("10.213.1.0/28")
    for number in range(5):
        registry.enlist(MachineSpec(f"m{number}"), tiny)
    with pytest.raises(HostError, match="no free address"):
        registry.enlist(MachineSpec("one-more"), tiny)


def test_a_machine_is_ready_only_after_it_came_up(registry: Registry) -> None:
    record = registry.enlist(MachineSpec("a", volumes=(Volume("data", 1 << 26, "/data"),)), SUBNET)
    assert registry.load("a") == record
    assert not record.ready
    registry.mark_ready(record)
    ready = registry.load("a")
    assert ready is not None
    assert ready.ready
    registry.mark_deleting(ready)
    assert registry.load("a") == replace(ready, deleting=True)


def test_what_was_never_made_is_no_error_to_load_or_forget(registry: Registry) -> None:
    assert registry.load("nobody") is None
    registry.forget("nobody")
    assert registry.names() == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', "\x00", '{"format": 1, "spec": {}, "address": "x"}'])
def test_a_damaged_record_is_named_with_its_place(registry: Registry, layout: Layout, text: str) -> None:
    registry.save(Record(MachineSpec("a"), "10.213.1.10"))
    (layout.machine("a") / "machine.json").write_text(text)
    with pytest.raises(HostError) as caught:
        registry.load("a")
    assert caught.value.place is not None
    assert caught.value.place.path.endswith("a/machine.json")


def test_a_record_on_a_full_disk_leaves_the_old_one(
    registry: Registry, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.save(Record(MachineSpec("a"), "10.213.1.10"))
    monkeypatch.setattr("os.fsync", _no_space)
    with pytest.raises(HostError, match="No space left"):
        registry.save(Record(MachineSpec("a"), "10.213.1.99"))
    monkeypatch.undo()
    kept = registry.load("a")
    assert kept is not None
    assert kept.address == "10.213.1.10"
    assert [path.name for path in layout.machine("a").iterdir()] == ["machine.json"]


def _no_space(_handle: int) -> None:
    raise OSError(28, "No space left on device")
