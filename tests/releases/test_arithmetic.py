"""The rules of versions; python-semantic-release as a second opinion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semantic_release.enums import LevelBump
from semantic_release.version.version import Version as PsrVersion

from mattone.releases.arithmetic import next_version, scaled, step
from mattone.versions import Bump, Range, Version

VERSIONS = st.builds(Version, *[st.integers(0, 9)] * 3)
BUMPS = st.sampled_from(Bump)


def v(text: str) -> Version:
    return Version.parse(text)


@pytest.mark.parametrize(
    ("last", "bump", "expected"),
    [
        ("0.3.4", Bump.MAJOR, "0.4.0"),
        ("0.3.4", Bump.MINOR, "0.3.5"),
        ("0.3.4", Bump.PATCH, "0.3.5"),
        ("0.0.4", Bump.MAJOR, "0.1.0"),
        ("1.3.4", Bump.MAJOR, "2.0.0"),
        ("1.3.4", Bump.MINOR, "1.4.0"),
        ("1.3.4", Bump.PATCH, "1.3.5"),
    ],
)
def test_bumps_before_and_after_1_0_0(last: str, bump: Bump, expected: str) -> None:
    assert next_version(v(last), bump, v(last)) == v(expected)


def test_1_0_0_is_reached_by_stating_it() -> None:
    assert next_version(v("0.9.0"), Bump.MAJOR, v("1.0.0")) == v("1.0.0")
    assert next_version(v("0.9.0"), Bump.NONE, v("1.0.0")) == v("1.0.0")


def test_a_stated_pre_release_is_the_version_that_it_leads_to() -> None:
    assert next_version(None, Bump.NONE, v("1.0.0-rc.1")) == v("1.0.0")


@given(VERSIONS, BUMPS)
def test_only_what_breaks_leaves_the_caret_range(version: Version, bump: Bump) -> None:
    then = next_version(version, bump, version)
    if then is None:
        assert bump is Bump.NONE
    elif version.core >= (0, 1, 0):
        assert (then not in Range.parse(f"^{version}")) == (bump is Bump.MAJOR)


@given(VERSIONS, st.lists(BUMPS, min_size=1), BUMPS, VERSIONS)
def test_more_changes_never_lead_to_a_lower_version(
    version: Version, bumps: list[Bump], another: Bump, stated: Version
) -> None:
    fewer = next_version(version, max(bumps), stated) or version
    more = next_version(version, max([*bumps, another]), stated) or version
    assert more >= fewer


@given(VERSIONS, BUMPS, BUMPS)
def test_two_releases_go_at_least_as_far_as_one_of_both(version: Version, one: Bump, other: Bump) -> None:
    halfway = next_version(version, one, version) or version
    twice = next_version(halfway, other, halfway) or halfway
    once = next_version(version, max(one, other), version) or version
    assert twice >= once


@given(VERSIONS, BUMPS.filter(bool), st.sets(VERSIONS))
def test_a_version_is_never_given_twice(version: Version, bump: Bump, taken: set[Version]) -> None:
    then = next_version(version, bump, version, taken)
    assert then is not None
    assert then not in taken
    assert then > version


@given(VERSIONS.filter(lambda version: version.major > 0), BUMPS.filter(bool))
def test_from_1_0_0_python_semantic_release_computes_the_same(version: Version, bump: Bump) -> None:
    theirs = PsrVersion.parse(str(version)).bump(LevelBump.from_string(str(bump)))
    assert str(next_version(version, bump, version)) == str(theirs)


@given(VERSIONS, BUMPS)
def test_the_step_of_a_bumped_version_is_no_less_than_the_bump(version: Version, bump: Bump) -> None:
    assert step(version, version.bumped(scaled(bump, version))) >= bump
