"""Digests name content: equal content equally, other content otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mattone import digests

FILES = st.dictionaries(st.text(min_size=1), st.tuples(st.booleans(), st.binary(max_size=40)), max_size=5)
KEYS = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none())
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner)))


def test_known_values() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digests.of_bytes(b"") == f"sha256:{empty}"
    assert digests.short(f"sha256:{empty}") == "e3b0c44298fc"
    assert digests.of_value({"b": [1, "ü"], "a": None}) == digests.of_bytes('{"a":null,"b":[1,"ü"]}'.encode())


@given(FILES, st.randoms())
def test_the_order_of_files_does_not_matter(files: dict[str, tuple[bool, bytes]], random: object) -> None:
    rows = [(path, runs, data) for path, (runs, data) in files.items()]
    shuffled = sorted(rows, key=lambda _row: random.random())  # type: ignore[attr-defined]
    assert digests.of_files(rows) == digests.of_files(shuffled)


@given(FILES, FILES)
def test_other_files_have_another_digest(
    one: dict[str, tuple[bool, bytes]], two: dict[str, tuple[bool, bytes]]
) -> None:
    def digest(files: dict[str, tuple[bool, bytes]]) -> str:
        return digests.of_files((path, runs, data) for path, (runs, data) in files.items())

    assert (digest(one) == digest(two)) == (one == two)


@given(VALUES)
def test_every_value_that_yaml_gives_has_a_digest(value: object) -> None:
    assert digests.of_value(value) == digests.of_value(value)


def test_keys_that_are_no_texts_have_a_digest_in_any_order() -> None:
    one, two = {80: "web", "ssh": 22, True: 1}, {"ssh": 22, True: 1, 80: "web"}
    assert digests.of_value(one) == digests.of_value(two)
    assert digests.of_value({"ports": {80: "a"}}) != digests.of_value({"ports": {81: "a"}})
