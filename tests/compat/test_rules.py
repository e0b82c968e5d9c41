"""The registry's rules of `mattone compat`: each has a page, and its own examples prove it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mattone
from mattone.checks.registry import Rule, page, rules
from mattone.findings import severity_of
from tests.compat.support import compare_example

RULES = [one for one in rules() if one.is_change]
_CODE = (Path(mattone.__file__).parent / "compat").glob("*.py")


def test_every_change_that_the_code_reports_is_in_the_registry_and_no_other() -> None:
    used = {found for file in _CODE for found in re.findall(r'"(COMPAT\d{4})"', file.read_text("utf-8"))}
    assert used == {one.id for one in RULES}


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_change_is_found_and_none_as_grave(one: Rule) -> None:
    found = compare_example(one.bad)
    assert {change.id for change in found if severity_of(change.id) is one.severity} == {one.id}


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_other_example_has_no_such_change_and_none_that_is_graver(one: Rule) -> None:
    found = compare_example(one.good)
    assert one.id not in {change.id for change in found}
    assert all(change.id[6] >= one.id[6] for change in found)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_page_says_what_why_and_how(one: Rule) -> None:
    text = page(one)
    assert text.startswith(f"# {one.id}: {one.title}\n")
    for part in (one.clause, one.why, "## The change", "## No such change", "demands a"):
        assert part in text
    assert len(one.why) > 40
