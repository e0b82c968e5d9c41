"""Reading a mapping field by field: every defect is a finding at its place."""

from __future__ import annotations

import pytest

from mattone.platform.fields import Field, Reader, describe, did_you_mean, fits, is_label
from mattone.tosca.source import load

FIELDS = {
    "name": Field(str, True),
    "count": Field(int),
    "ratio": Field(float),
    "wanted": Field(bool),
    "parts": Field(dict),
    "rows": Field(list),
}


def reader(text: str) -> Reader:
    return Reader(load("a.yaml", text.encode()), "TST")


def told(text: str) -> list[str]:
    found = reader(text)
    found.mapping(FIELDS)
    return [f"{one.place.line}:{one.place.column} {one.rule} {one.message}" for one in found.findings]


def test_good_fields_are_returned_and_nothing_is_said() -> None:
    text = "name: x\ncount: 3\nratio: 2\nwanted: true\nparts: {a: 1}\nrows: [1]\n"
    found = reader(text)
    assert found.mapping(FIELDS) == {
        "name": "x", "count": 3, "ratio": 2, "wanted": True, "parts": {"a": 1}, "rows": [1],
    }  # fmt: skip
    assert found.findings == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("name: x\nnmae: y\n", ["2:1 TST1002 unknown field 'nmae'"]),
        ("name: x\n1: y\n", ["2:1 TST1002 unknown field 1"]),
        ("count: 3\n", ["1:1 TST1003 the field 'name' is missing"]),
        ("name: 3\n", ["1:7 TST1004 'name' must be a text, not a whole number"]),
        ("name:\n", ["1:6 TST1004 'name' must be a text, not nothing"]),
        ("name: x\ncount: true\n", ["2:8 TST1004 'count' must be a whole number, not true or false"]),
        ("name: x\ncount: 1.5\n", ["2:8 TST1004 'count' must be a whole number, not a number"]),
        ("name: x\nwanted: 1\n", ["2:9 TST1004 'wanted' must be true or false, not a whole number"]),
        ("name: x\nparts: [1]\n", ["2:8 TST1004 'parts' must be a mapping, not a list"]),
        ("- name\n", ["1:1 TST1001 the document must be a mapping, not a list"]),
        ("just text\n", ["1:1 TST1001 the document must be a mapping, not a text"]),
    ],
)
def test_every_defect_has_its_rule_and_place(text: str, findings: list[str]) -> None:
    assert told(text) == findings


def test_all_defects_are_told_at_once() -> None:
    assert len(told("nmae: x\ncount: one\nrows: {}\n")) == 4


def test_a_mapping_further_in_is_named_by_its_path() -> None:
    found = reader("parts:\n  one: [1]\n")
    assert found.mapping({"x": Field(str)}, "parts", "one") == {}
    assert found.findings[0].message == "'parts.one' must be a mapping, not a list"
    assert found.findings[0].place.line == 2


def test_a_near_name_is_offered_and_few_names_are_listed() -> None:
    assert did_you_mean("jupyterlab", ["jupyter-lab", "single-vm"]) == "did you mean 'jupyter-lab'?"
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert did_you_mean("zzz", [f"name{n}" for n in range(30)]) == ""
    assert did_you_mean("zzz", []) == ""


@pytest.mark.parametrize("name", ["a", "a-b", "0", "x" * 63, "a--b"])
def test_labels(name: str) -> None:
    assert is_label(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "x" * 64, "a\n", "ä", "a/b", ".."])
def test_what_is_no_label(name: str) -> None:
    assert not is_label(name)


def test_kinds_in_words() -> None:
    values: list[object] = [None, True, 1, 1.5, "", [], {}]
    assert [describe(value) for value in values] == [
        "nothing", "true or false", "a whole number", "a number", "a text", "a list", "a mapping",
    ]  # fmt: skip
    assert fits(1, float)
    assert not fits(True, int)
