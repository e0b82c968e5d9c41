"""The lock's file: stable bytes, read back as it was, damage told."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import FindingsError, InputError, MattoneError
from mattone.pins.external import External, ExternalKind, ordered
from mattone.pins.lock import Lock, Pin, Platform, as_value, dump, parse
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

    def other(name: str) -> External:
        git, pinned = chance.random() < 0.5, chance.random() < 0.8
        return External(
            name=f"space.r{name}",
            kind=chance.choice(list(ExternalKind)),
            constraint=chance.choice(["", "^1.0", "v1.0, ^1", "latest"]),
            version=chance.choice(["", "v1.2.0", "1.10", "latest", "no"]),
            source=chance.choice(["https://example.org/x.git", "file:///srv/a b", "docker.io"]),
            commit=f"{chance.getrandbits(160):040x}" if git else "",
            digest=f"sha256:{chance.getrandbits(256):064x}" if pinned else "",
            layer=chance.randrange(1, 5),
            required_by=tuple(chance.sample(["tosca-types/a.yaml", "https://example.org/a.yaml"], chance.randrange(3))),
        )

    parts = [ComponentId(Kind.SERVICE, "page"), TYPES, *(ComponentId(Kind.ROLE, f"r{name}") for name in roles)]
    platform = chance.choice([None, Platform("https://example.org/p.git", f"{chance.getrandbits(160):040x}", "^1")])
    pins = {which: pin(which) for which in parts}
    return Lock("school/page", pins, ordered(other(name) for name in roles), platform)


ROLES = st.lists(st.text("abcxyz019_-", max_size=6), max_size=5, unique=True)


@given(ROLES, st.integers())
def test_a_lock_is_read_back_as_it_was_written(roles: list[str], seed: int) -> None:
    assert parse(PATH, dump(made(roles, seed))) == made(roles, seed)


@given(ROLES, st.integers())
def test_any_order_of_pins_makes_the_same_file(roles: list[str], seed: int) -> None:
    lock = made(roles, seed)
    rows, entries = list(lock.pins.items()), list(lock.external)
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    random.Random(seed).shuffle(entries)  # noqa: S311 - no secret
    other = replace(lock, pins=dict(rows), external=tuple(entries))
    assert dump(other) == dump(lock)
    assert other.digest == lock.digest


def small() -> Lock:
    def pin(which: ComponentId) -> Pin:
        return Pin(which, "^1.0", Version(1, 0, 0), "a" * 40, "sha256:" + "b" * 64, ("school/page",))

    role = External(
        "space.thing", ExternalKind.ROLE, "v1.0", "v1.0", "https://example.org/thing.git",
        "c" * 40, "sha256:" + "d" * 64, 2, ("tosca-types/page.yaml",),
    )  # fmt: skip
    image = External("example.org/web", ExternalKind.IMAGE, "9", "9", "example.org", "", "", 4, ("space.thing",))
    pins = {which: pin(which) for which in (ComponentId(Kind.SERVICE, "page"), TYPES)}
    return Lock("school/page", pins, ordered([role, image]))


def test_the_file_is_for_people_too() -> None:
    text = dump(small()).decode()
    assert text.startswith("# Written by `mattone lock`")
    assert text.index("catalog/page") < text.index("tosca-types")
    assert text.endswith("\n")
    assert as_value(small())["lock"] == 2


def test_what_has_no_digest_says_that_it_is_not_pinned() -> None:
    image, role = as_value(small())["external"]
    assert image == {
        "name": "example.org/web", "kind": "image", "constraint": "9", "version": "9", "source": "example.org",
        "pinned": False, "layer": 4, "required_by": ["space.thing"],
    }  # fmt: skip
    assert (role["commit"], role["digest"], "pinned" in role) == ("c" * 40, "sha256:" + "d" * 64, False)
    assert [entry.pinned for entry in small().external] == [False, True]


def test_a_lock_of_format_1_is_read() -> None:
    text = dump(small()).decode()
    old = text[: text.index("external:")].replace("lock: 2\n", "lock: 1\n")
    assert parse(PATH, old.encode()) == replace(small(), external=())


def test_a_lock_in_a_repository_of_deployments_alone_names_the_platform() -> None:
    platform = Platform("https://example.org/platform.git", "e" * 40, "^3", "3.1.0")
    lock = replace(small(), platform=platform)
    assert parse(PATH, dump(lock)) == lock
    assert lock.digest != small().digest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lock: 2\n", "lock: 3\n", "this lock has format 3, this mattone reads 1 and 2"),
        ("lock: 2\n", "lock: 1\n", "`external` since format 2"),
        ("lock: 2\n", "", "the field 'lock' is missing"),
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
        ("lock: 2\n", "lock: 2\nlock: 2\n", "YAML1003"),
        ("lock: 2\n", "lock: [\n", "YAML1001"),
        ("catalog/page", "tosca-types", "no service|twice"),
        ("external:\n", "external: []\nothers:\n", "unknown field 'others'"),
        ("kind: image", "kind: picture", "is not a valid ExternalKind"),
        ("layer: 4", "layer: 5", "there is no layer 5"),
        ("name: space.thing", "name: ../../thing", "cannot be the name of a role"),
        ("layer: 4", "layer: four", "'layer' must be a whole number"),
        ("sha256:" + "d" * 64, "sha256:dd", "'sha256:dd' is not a digest"),
        ("c" * 40, "main", "'main' is not a commit id"),
        ("pinned: false", "pinned: true", "must have a digest, or `pinned: false`"),
        ("  layer: 2", "  pinned: false\n  layer: 2", "must have a digest, or `pinned: false`"),
        ("components:\n", "platform: {url: x, commit: HEAD}\ncomponents:\n", "'HEAD' is not a commit id"),
        ("components:\n", "platform: {url: x}\ncomponents:\n", "the field 'commit' is missing"),
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
    rows = text[text.index("- component: tosca-types") : text.index("external:")]
    with pytest.raises(InputError, match="pins a component twice") as caught:
        parse(PATH, text.replace("external:", f"{rows}external:").encode())
    assert "mattone lock" in caught.value.hint
    rows = text[text.index("- name: example.org/web") : text.index("- name: space.thing")]
    with pytest.raises(InputError, match="something from elsewhere twice"):
        parse(PATH, (text + rows).encode())


def test_a_lock_of_two_services_or_none_is_damage() -> None:
    text = dump(small()).decode()
    start, end = text.index("- component: catalog/page"), text.index("- component: tosca-types")
    service = text[start:end]
    other = service.replace("catalog/page", "catalog/other")
    for damaged in (text.replace(service, ""), text.replace("external:", f"{other}external:")):
        with pytest.raises(InputError, match="it must pin one service"):
            parse(PATH, damaged.encode())


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise_anything_else(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(PATH, data)
