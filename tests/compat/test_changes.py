"""Every change of `changes/`: written by hand from the specification, with its ids and the bump it demands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone.findings import Severity, severity_of
from mattone.versions import Bump
from tests.compat.support import compare, ids

_FOLDER = Path(__file__).parent / "changes"
_BUMPS = {Severity.ERROR: Bump.MAJOR, Severity.WARNING: Bump.MINOR, Severity.STYLE: Bump.PATCH}


def cases() -> list[dict[str, Any]]:
    """All cases; one of `constraints.yaml` is written short: a type, and the constraints before and after."""
    found = []
    for file in sorted(_FOLDER.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text("utf-8")):
            found.append({"file": file.stem, **(_long(case) if "constraints" in case else case)})
    return found


def _long(case: dict[str, Any]) -> dict[str, Any]:
    before, after = (
        {"node_types": {"e.A": {"derived_from": "tosca.nodes.Root", "properties": {"x": _property(case["type"], one)}}}}
        for one in case["constraints"]
    )
    bump = max((_BUMPS[severity_of(one)] for one in case["expect"]), default=Bump.NONE)
    return {"title": case["title"], "before": before, "after": after, "expect": case["expect"], "bump": str(bump)}


def _property(kind: str, constraints: list[Any]) -> dict[str, Any]:
    return {"type": kind, "constraints": constraints} if constraints else {"type": kind}


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['title']}")
def test_the_change_demands(case: dict[str, Any]) -> None:
    found = compare(case["before"], case["after"])
    assert found.unknown == ()
    assert ids(found) == sorted(case["expect"])
    assert str(found.bump) == case["bump"]
    if "consequences" in case:
        assert sorted({name for one in found.changes for name in one.consequences}) == case["consequences"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['title']}")
def test_equal_sides_of_the_change_are_identical(case: dict[str, Any]) -> None:
    assert compare(case["before"], case["before"]).verdict == "identical"
    assert compare(case["after"], case["after"]).verdict == "identical"


def test_there_are_at_least_150_changes_and_no_title_twice() -> None:
    titles = [(case["file"], case["title"]) for case in CASES]
    assert len(titles) == len(set(titles)) >= 150
