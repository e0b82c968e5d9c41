"""Waivers: what they cover, what they must say, and when they end."""

from __future__ import annotations

import datetime

import pytest

from mattone.checks.waivers import Waiver, apply_waivers, read_waivers
from mattone.errors import Place
from mattone.findings import finding

TODAY = datetime.date(2026, 5, 1)


def written(**changes: str) -> bytes:
    fields = {
        "rule": "TOSCA2005",
        "path": "catalog/*/template.yaml",
        "reason": "Old.",
        "owner": "ada",
        "expires": "2026-05-01",
    }
    lines = "\n    ".join(f"{key}: {value}" for key, value in {**fields, **changes}.items() if value)
    return f"waivers:\n  - {lines}\n".encode()


def read(**changes: str) -> tuple[list[Waiver], list[str]]:
    waivers, problems = read_waivers("waivers.yaml", written(**changes), TODAY)
    return waivers, [f"{one.rule}:{one.place.line}" for one in problems]


def test_a_waiver_holds_up_to_and_with_its_last_day() -> None:
    assert len(read()[0]) == 1
    assert read(expires="2026-04-30") == ([], ["WAIVE1003:6"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"owner": ""}, "WAIVE1001:2"),
        ({"reason": '""'}, "WAIVE1001:4"),
        ({"expires": "soon"}, "WAIVE1001:6"),
        ({"expires": "2036-01-01"}, "WAIVE1002:6"),
        ({"rule": "TOSCA2999"}, "WAIVE1002:2"),
        ({"reasn": "x"}, "WAIVE1001:7"),
    ],
)
def test_an_unsound_waiver_is_reported_and_does_not_hold(changes: dict[str, str], problem: str) -> None:
    assert read(**changes) == ([], [problem])


@pytest.mark.parametrize("text", [b"waivers: 3\n", b"- a\n", b"waivers: [1]\n", b"waivers: []\nmore: 1\n"])
def test_a_file_that_is_no_waiver_file_is_reported(text: bytes) -> None:
    waivers, problems = read_waivers("waivers.yaml", text, TODAY)
    assert waivers == []
    assert {one.rule for one in problems} == {"WAIVE1001"}


def test_a_waiver_covers_its_rule_and_path_only_and_an_unused_one_is_reported() -> None:
    waivers, _ = read()
    covered = finding("TOSCA2005", "a URL", Place("catalog/page/template.yaml", 3, 1))
    deeper = finding("TOSCA2005", "a URL", Place("catalog/page/old/template.yaml", 3, 1))
    other = finding("TOSCA2006", "a branch", Place("catalog/page/template.yaml", 3, 1))
    assert apply_waivers([covered, deeper, other], waivers) == ([deeper, other], [covered])
    standing, _ = apply_waivers([other], waivers)
    assert [one.rule for one in standing] == ["TOSCA2006", "WAIVE2001"]


def test_two_stars_cross_folders() -> None:
    waivers, _ = read(path="catalog/**")
    deep = finding("TOSCA2005", "a URL", Place("catalog/page/old/template.yaml", 3, 1))
    assert apply_waivers([deep], waivers) == ([], [deep])
