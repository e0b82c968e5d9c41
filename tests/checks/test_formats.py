"""Reports for other programs: each is what its format says, whatever the findings hold."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from mattone.checks.formats import FORMATS, fingerprint, github, gitlab, junit, sarif
from mattone.errors import Place
from mattone.findings import Finding, finding

FOUND = [
    finding("TOSCA1020", "Compute has no property `x`", Place("catalog/a b/template.yaml", 12, 5), "Did you mean `y`?"),
    finding("TOSCA1020", "Compute has no property `x`", Place("catalog/a b/template.yaml", 14, 5)),
    finding("TOSCA2001", 'input `<&">` is never used\x1b[2J', Place("catalog/b/template.yaml", 3, 1)),
    finding("DEP1007", "lies in no group's folder", Place("deployments/x.yaml")),
    finding("YAML3001", "`no` is read as false: 50% of\nall", Place("catalog/b/template.yaml", 4, 15)),
]

# The parts of SARIF 2.1.0 that a log of results uses: 3.13 (log), 3.14 (run), 3.19 (driver), 3.27 (result),
# 3.29 (physical location), 3.30 (region), with their required properties and value sets.
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_REGION = {
    "type": "object",
    "properties": {key: {"type": "integer", "minimum": 1} for key in ("startLine", "startColumn")},
}
_PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {"type": "object", "properties": {"uri": {"type": "string", "pattern": r"^[^\s<>]+$"}}},
        "region": _REGION,
    },
}
_RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "level", "locations"],
    "properties": {
        "message": _TEXT,
        "level": {"enum": ["none", "note", "warning", "error"]},
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {"type": "array", "items": {"type": "object", "properties": {"physicalLocation": _PHYSICAL}}},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {"shortDescription": _TEXT, "fullDescription": _TEXT, "id": {"type": "string"}},
}
_DRIVER = {"required": ["name"], "properties": {"rules": {"type": "array", "items": _RULE, "uniqueItems": True}}}
_SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"required": ["driver"], "properties": {"driver": _DRIVER}},
                    "results": {"type": "array", "items": _RESULT},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                },
            },
        },
    },
}

# GitLab, "Implement a custom Code Quality tool": the required fields and the severities.
_GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "pattern": r"^[^\x00-\x1f]+$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^[^/.]"},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}


@pytest.mark.parametrize("found", [FOUND, []], ids=["some", "none"])
def test_sarif_is_well_formed_and_each_result_points_to_its_rule(found: list[Finding]) -> None:
    log = json.loads(sarif(found))
    jsonschema.validate(log, _SARIF)
    (run,) = log["runs"]
    rules: list[dict[str, Any]] = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [one.rule for one in found]


def test_sarif_quotes_paths_and_leaves_out_unknown_lines() -> None:
    results = json.loads(sarif(FOUND))["runs"][0]["results"]
    locations = [result["locations"][0]["physicalLocation"] for result in results]
    assert locations[0]["artifactLocation"]["uri"] == "catalog/a%20b/template.yaml"
    assert "region" not in locations[3]


def test_gitlab_code_quality_has_its_required_fields_and_unique_fingerprints() -> None:
    items = json.loads(gitlab(FOUND))
    jsonschema.validate(items, _GITLAB)
    assert len({item["fingerprint"] for item in items}) == len(items)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_path_that_is_no_utf_8_is_reported_in_every_format(name: str) -> None:
    found = [finding("TOSCA1020", "x", Place(os.fsdecode(b"\xffx.yaml"), 1, 1))]
    text = FORMATS[name](found, lambda _path: b"a\n")
    assert text.encode()
    paths = {"sarif": "%FFx.yaml", "json": r"\udcffx.yaml", "gitlab": r"\udcffx.yaml"}
    assert paths.get(name, "x.yaml") in text
    if name in paths:
        json.loads(text)


def test_a_fingerprint_survives_moved_lines_only() -> None:
    moved = finding("TOSCA1020", FOUND[0].message, Place(FOUND[0].place.path, 99, 1))
    assert fingerprint(moved) == fingerprint(FOUND[0])
    assert len({fingerprint(one) for one in FOUND}) == len(FOUND) - 1


@pytest.mark.parametrize("found", [FOUND, []], ids=["some", "none"])
def test_junit_counts_what_it_holds(found: list[Finding]) -> None:
    suite = ElementTree.fromstring(junit(found)).find("testsuite")  # noqa: S314 # our own text
    assert suite is not None
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases) == max(len(found), 1)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == (3 if found else 0)
    for case in cases:
        assert case.attrib["name"]
        assert case.attrib["classname"]


def test_github_annotations_are_one_line_each_with_everything_escaped() -> None:
    lines = github(FOUND).splitlines()
    assert len(lines) == len(FOUND)
    for line in lines:
        assert re.match(r"::(error|warning|notice) file=[^,]+,line=\d+,col=\d+,title=[A-Z]+\d+::.+", line)
    assert lines[4].endswith("50%25 of%0Aall")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_format_lets_control_characters_through(name: str) -> None:
    assert "\x1b" not in FORMATS[name](FOUND, lambda _path: None)
