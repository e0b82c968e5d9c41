"""Patterns match as `re` does, and never hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.tosca.patterns import Matcher, compiled

PATTERNS = [
    "",
    "a",
    "abc|ab",
    "a*b+c?",
    "(/[A-Za-z0-9._-]+)+",
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?",
    r"\d{2,4}-[^-]{1,3}",
    r"^\w+\s\S*$",
    "(a|b){0,3}c",
    "[^a-c]+",
    "(?:ab)*?",
    "^$",
    "a.c",
    "(a+)+b",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(value=st.text(alphabet="abc01-/._ \n\u00e9", max_size=12))
def test_a_pattern_matches_what_re_matches(pattern: str, value: str) -> None:
    wanted = re.compile(pattern.replace("$", r"\Z")).fullmatch(value) is not None
    assert Matcher(pattern).fullmatch(value) == wanted


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)*x", "(.*)(.*)(.*)(.*)x", "(a?){30}a{30}b"])
def test_no_pattern_hangs(pattern: str) -> None:
    begun = time.process_time()
    assert not Matcher(pattern).fullmatch("a" * 5000)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "no regular expression"),
        (r"(a)\1", "not supported"),
        ("(?=a)a", "not supported"),
        ("(?i)a", "flags"),
        (r"\ba", "word boundaries"),
        ("((a{50}){50}){50}", "too large"),
        ("a" * 2000, "longer than"),
    ],
)
def test_what_is_not_matched_says_why(pattern: str, problem: str) -> None:
    matcher, text = compiled(pattern)
    assert matcher is None
    assert problem in text


@pytest.mark.filterwarnings("error")
def test_a_pattern_that_python_warns_of_is_taken_without_a_word() -> None:
    assert Matcher("[a&&b]+").fullmatch("a&b")
