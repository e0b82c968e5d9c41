"""Hints name what difflib would name; only how long it takes is another matter."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone import nearest as module
from mattone.nearest import nearest

_NAMES = st.text("ab_.é\N{CYRILLIC SMALL LETTER A}12", min_size=1, max_size=12)


@given(_NAMES, st.frozensets(_NAMES, max_size=99), st.integers(1, 3))
def test_the_nearest_of_up_to_a_hundred_names_are_those_of_difflib(name: str, known: frozenset[str], most: int) -> None:
    assert nearest(name, known, most) == difflib.get_close_matches(name, sorted(known), most, 0.6)


@given(_NAMES, st.frozensets(_NAMES, min_size=1, max_size=30))
def test_a_name_that_cannot_be_meant_is_as_if_it_were_not_there(name: str, known: frozenset[str]) -> None:
    other = min(known)
    assert nearest(name, known, besides=other) == nearest(name, known - {other})


def test_one_wrong_letter_among_thousands_of_names_is_found() -> None:
    known = [f"server_{number}" for number in range(3000)]
    assert nearest("servr_1234", known) == ["server_1234"]
    assert nearest("server_12e4", known) == difflib.get_close_matches("server_12e4", known, 1, 0.6)


def test_however_many_names_are_alike_few_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"{number:04}-abcdefgh" for number in range(5000)}
    compared: list[type] = []

    class Counting(difflib.SequenceMatcher[str]):
        def ratio(self) -> float:
            compared.append(type(self))
            return super().ratio()

    monkeypatch.setattr(difflib, "SequenceMatcher", Counting)
    nearest("hgfedcba-wxyz", known)
    assert 0 < len(compared) <= 100


def test_a_name_of_a_page_has_no_near_one() -> None:
    assert nearest("a" * 100_000, ["a" * 99_999, "b"]) == []
    assert nearest("b" * 150, ["b" * 100_000, "b" * 149]) == ["b" * 149]


def test_letters_of_every_script_cost_few_bits() -> None:
    names = frozenset("".join(chr(0x4E00 + 150 * row + column) for column in range(150)) for row in range(100))
    assert len(module._index(names)._bits) <= 128 * 200
