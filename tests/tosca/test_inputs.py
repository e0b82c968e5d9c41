"""A deployment's inputs against a template's: each defect once, at its place, with a hint."""

from __future__ import annotations

import pytest

from mattone.findings import Finding
from mattone.tosca.inputs import check_inputs, is_secret
from mattone.tosca.source import load
from tests.tosca.support import template


def check(inputs: str) -> tuple[Finding, ...]:
    document = load("deployments/g/n.yaml", f"service: page\ninputs:\n{inputs}".encode())
    assert document.findings == ()
    return check_inputs(document.value["inputs"] or {}, template(), document)


def rules(inputs: str) -> list[tuple[str, int, int]]:
    return [(found.rule, found.place.line, found.place.column) for found in check(inputs)]


def test_good_inputs_are_silent() -> None:
    inputs = (
        '  title: Hello\n  cpus: 4\n  memory: 8 GiB\n  size: large\n  users: [{name: ada, key: {secret: "env:KEY"}}]\n'
    )
    assert check(inputs) == ()


def test_a_missing_required_input_names_its_declaration() -> None:
    (found,) = check("  cpus: 4\n")
    assert (found.rule, found.place.line) == ("DEP1102", 2)
    assert "What the page says." in found.message
    assert "catalog/page/template.yaml:9:5" in found.hint


def test_an_unknown_input_gets_a_suggestion() -> None:
    (found,) = check("  title: Hello\n  memorry: 4 GB\n")
    assert (found.rule, found.place.line, found.place.column) == ("DEP1101", 4, 3)
    assert found.hint == "Did you mean `memory`?"


@pytest.mark.parametrize(
    ("inputs", "rule", "line", "column"),
    [
        ("  title: 12345\n", "DEP1103", 3, 10),
        ("  title: ab\n", "DEP1104", 3, 10),
        ("  title: [a]\n", "DEP1103", 3, 10),
        ("  title: abc\n  cpus: many\n", "DEP1103", 4, 9),
        ("  title: abc\n  cpus: 9\n", "DEP1104", 4, 9),
        ("  title: abc\n  cpus: true\n", "DEP1103", 4, 9),
        ('  title: abc\n  cpus: "4"\n', "DEP1103", 4, 9),
        ("  title: abc\n  memory: 4\n", "DEP1103", 4, 11),
        ("  title: abc\n  memory: 128 GB\n", "DEP1104", 4, 11),
        ("  title: abc\n  memory: 4 GX\n", "DEP1103", 4, 11),
        ("  title: abc\n  size: medium\n", "DEP1104", 4, 9),
        ("  title: abc\n  users: ada\n", "DEP1103", 4, 10),
        ("  title: abc\n  users: [ada]\n", "DEP1103", 4, 11),
        ("  title: abc\n  users:\n    - {name: ada, admin: maybe}\n", "DEP1103", 5, 26),
        ("  title: abc\n  users:\n    - {nam: ada, name: x}\n", "DEP1105", 5, 8),
        ("  title: abc\n  users:\n    - {admin: true}\n", "DEP1106", 5, 7),
        ('  title: abc\n  cpus: {secret: "env:N"}\n', "DEP1107", 4, 3),
        ("  title: {secret: 12}\n", "DEP1107", 3, 10),
        ("  title: {secret: nocolon}\n", "DEP1107", 3, 10),
    ],
)
def test_each_defect_is_found_at_its_place(inputs: str, rule: str, line: int, column: int) -> None:
    assert rules(inputs) == [(rule, line, column)]


def test_all_defects_are_reported_at_once() -> None:
    assert [rule for rule, _, _ in rules("  cpu: 1\n  memory: lots\n  size: tiny\n")] == [
        "DEP1102",
        "DEP1101",
        "DEP1103",
        "DEP1104",
    ]


def test_a_number_for_a_string_is_quoted_in_the_hint_as_it_was_written() -> None:
    (found,) = check("  title: 0x10\n")
    assert 'Quote it: `"0x10"`.' in found.hint


def test_secret_references_are_recognised_exactly() -> None:
    assert is_secret({"secret": "env:A"})
    assert not is_secret({"secret": "env:A", "more": 1})
    assert not is_secret({"secret": 1})
    assert not is_secret("env:A")
