"""Ranges against node-semver's documented behaviour."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.versions import Bump, Range, Version

IN = [
    ("^1.2.3", "1.2.3"),
    ("^1.2.3", "1.9.0"),
    ("^0.2.3", "0.2.9"),
    ("^0.0.3", "0.0.3"),
    ("^1", "1.0.0"),
    ("^0", "0.9.1"),
    ("~1.2.3", "1.2.9"),
    ("~1.2", "1.2.0"),
    ("~1", "1.9.9"),
    ("1.x", "1.4.0"),
    ("1.2.*", "1.2.7"),
    ("*", "0.0.1"),
    ("", "3.0.0"),
    (">=1 <3", "2.9.9"),
    (">= 1.2", "1.2.0"),
    ("1.0 - 2.1", "2.1.9"),
    ("1.0.0 - 2.1.0", "2.1.0"),
    ("^1 || ^3", "3.1.0"),
    (">1.2", "1.3.0"),
    ("<=1.2", "1.2.9"),
    ("=1.2.3", "1.2.3"),
    ("1.2.3", "1.2.3"),
    ("^1.2.3-beta.2", "1.2.3-beta.4"),
]
OUT = [
    ("^1.2.3", "2.0.0"),
    ("^1.2.3", "1.2.2"),
    ("^0.2.3", "0.3.0"),
    ("^0.0.3", "0.0.4"),
    ("^0", "1.0.0"),
    ("~1.2.3", "1.3.0"),
    ("~1", "2.0.0"),
    ("1.x", "2.0.0"),
    ("1.0 - 2.1", "2.2.0"),
    ("1.0.0 - 2.1.0", "2.1.1"),
    (">1.2", "1.2.9"),
    ("<=1.2", "1.3.0"),
    ("<1.2", "1.2.0"),
    ("^1", "2.0.0-alpha"),
    ("^1.0.0", "1.5.0-rc.1"),
    ("*", "1.0.0-rc.1"),
    ("<*", "1.0.0"),
]


@pytest.mark.parametrize(("text", "version"), IN)
def test_range_holds(text: str, version: str) -> None:
    assert Version.parse(version) in Range.parse(text)


@pytest.mark.parametrize(("text", "version"), OUT)
def test_range_does_not_hold(text: str, version: str) -> None:
    assert Version.parse(version) not in Range.parse(text)


@pytest.mark.parametrize("text", ["latest", "^", "1.2.3.4", "=>1", "1..2", "$(id)", "1 - ", "main"])
def test_what_is_no_range_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match="not a version range") as caught:
        Range.parse(text)
    assert "^1.2" in caught.value.hint


@pytest.mark.parametrize("text", ["1", "1.2", "01.2.3", "1.2.3-", "latest", "1.2.3-01"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a semantic version"):
        Version.parse(text)


def test_order_is_that_of_semver_clause_11() -> None:
    ordered = (
        "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 2.0.0"
    )
    versions = [Version.parse(text) for text in ordered.split()]
    assert sorted(reversed(versions)) == versions


def test_best_is_the_newest_in_range_and_none_when_there_is_none() -> None:
    versions = tuple(Version.parse(text) for text in ("1.0.0", "1.10.0", "1.9.0", "2.0.0"))
    assert str(Range.parse("^1").best(versions)) == "1.10.0"
    assert Range.parse("^3").best(versions) is None


@given(st.tuples(*[st.integers(0, 50)] * 3))
def test_every_version_is_in_its_own_caret_range_and_prints_as_parsed(numbers: tuple[int, int, int]) -> None:
    version = Version(*numbers)
    assert version in Range.parse(f"^{version}")
    assert Version.parse(str(version)) == version


@given(st.text(max_size=30))
def test_any_text_is_a_range_or_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        Range.parse(text)


@pytest.mark.parametrize(
    ("bump", "then"), [(Bump.NONE, "1.2.3"), (Bump.PATCH, "1.2.4"), (Bump.MINOR, "1.3.0"), (Bump.MAJOR, "2.0.0")]
)
def test_a_bump_returns_lower_parts_to_zero(bump: Bump, then: str) -> None:
    assert str(Version.parse("1.2.3").bumped(bump)) == then


@given(st.lists(st.sampled_from(Bump), min_size=1), st.sampled_from(Bump))
def test_more_changes_never_demand_less(bumps: list[Bump], another: Bump) -> None:
    version = Version(1, 2, 3)
    assert version.bumped(max([*bumps, another])) >= version.bumped(max(bumps))
