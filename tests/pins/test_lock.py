"""The lock's file: stable bytes, read back as it was, damage told."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import FindingsError, InputError, MattoneError
from mattone.pins.lock import Lock, Pin, as_value, dump, parse
from mattone.platform.components import TYPES, ComponentId, Kind
from mattone.versions import Version

PATH = "deployments/school/page.lock.yaml"


def made(roles: list[str], seed: int) -> Lock:
    """A lock of a service, the types and these roles; everything else in it follows from the seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    def pin(which: ComponentId) -> Pin:
        return Pin(
            which,
            chance.choice(["^1.0", "*", ">=1 <3", "1.x || 2.x", "~1.2, ^1"]),
            Version(chance.randrange(30), chance.randrange(30), chance.randrange(30)),
            f"{chance.getrandbits(160):040x}",
            f"sha256:{chance.getrandbits(256):064x}",
            tuple(chance.sample(["school/page", "catalog/x", "ansible-roles/a_b"], chance.randrange(4))),
        )

    parts = [ComponentId(Kind.SERVICE, "page"), TYPES, *(ComponentId(Kind.ROLE, f"r{name}") for name in roles)]
    return Lock("school/page", {which: pin(which) for which in parts})


ROLES = st.lists(st.text("abcxyz019_-", max_size=6), max_size=5, unique=True)


@given(ROLES, st.integers())
def test_a_lock_is_read_back_as_it_was_written(roles: list[str], seed: int) -> None:
    assert parse(PATH, dump(made(roles, seed))) == made(roles, seed)


@given(ROLES, st.integers())
def test_any_order_of_pins_makes_the_same_file(roles: list[str], seed: int) -> None:
    lock = made(roles, seed)
    rows = list(lock.pins.items())
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    other = replace(lock, pins=dict(rows))
    assert dump(other) == dump(lock)
    assert other.digest == lock.digest


def small() -> Lock:
    def pin(which: ComponentId) -> Pin:
        return Pin(which, "^1.0", Version(1, 0, 0), "a" * 40, "sha256:" + "b" * 64, ("school/page",))

    return Lock("school/page", {which: pin(which) for which in (ComponentId(Kind.SERVICE, "page"), TYPES)})


def test_the_file_is_for_people_too() -> None:
    text = dump(small()).decode()
    assert text.startswith("# Written by `mattone lock`")
    assert text.index("catalog/page") < text.index("tosca-types")
    assert text.endswith("\n")
    assert as_value(small())["lock"] == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lock: 1\n", "lock: 2\n", "this lock has format 2, this mattone reads 1"),
        ("lock: 1\n", "", "the field 'lock' is missing"),
        ("kind: service", "kind: role", "'catalog/page' is no role"),
        ("kind: service", "kind: thing", "is not a valid Kind"),
        ("component: catalog/page", "component: catalog/../page", "is no service"),
        ("component: catalog/page", "component: 'catalog/a: b'", "is no service"),
        ("component: catalog/page", "component: elsewhere/page", "is no service"),
        ("version: 1.0.0", "version: newest", "is not a semantic version"),
        ("a" * 40, "HEAD", "'HEAD' is not a commit id"),
        ("a" * 40, "A" * 40, "is not a commit id"),
        ("required_by:", "requiredby:", "unknown field 'requiredby'"),
        ("components:\n", "components:\n- catalog\n", "must be a mapping, not a text"),
        ("components:\n", "other:\n", "unknown field 'other'"),
        ("lock: 1\n", "lock: 1\nlock: 1\n", "YAML1003"),
        ("lock: 1\n", "lock: [\n", "YAML1001"),
        ("catalog/page", "tosca-types", "no service|twice"),
    ],
)
def test_damage_is_told_with_its_place(old: str, new: str, message: str) -> None:
    text = dump(small()).decode()
    assert old in text
    with pytest.raises(MattoneError, match=message) as caught:
        parse(PATH, text.replace(old, new, 1).encode())
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, FindingsError) or caught.value.place is not None


def test_a_component_pinned_twice_is_damage() -> None:
    text = dump(small()).decode()
    rows = text[text.index("- component: tosca-types") :]
    with pytest.raises(InputError, match="pins a component twice") as caught:
        parse(PATH, (text + rows).encode())
    assert "mattone lock" in caught.value.hint


def test_a_lock_of_two_services_or_none_is_damage() -> None:
    text = dump(small()).decode()
    start, end = text.index("- component: catalog/page"), text.index("- component: tosca-types")
    service = text[start:end]
    for damaged in (text.replace(service, ""), text + service.replace("catalog/page", "catalog/other")):
        with pytest.raises(InputError, match="it must pin one service"):
            parse(PATH, damaged.encode())


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise_anything_else(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(PATH, data)
