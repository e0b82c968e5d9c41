"""Reports: what a person reads, what a program reads, and what hostile text must not do."""

from __future__ import annotations

import json

from mattone.checks import report
from mattone.errors import InputError, Place
from mattone.findings import Severity, finding, severity_of

SOURCE = b"inputs:\n  titel: Hello\n"


def read(path: str) -> bytes | None:
    return SOURCE if path == "a.yaml" else None


def test_text_shows_the_line_and_a_caret_under_the_name() -> None:
    found = finding("DEP1101", "the service has no input `titel`", Place("a.yaml", 2, 3), "Did you mean `title`?")
    assert report.text([found], read) == (
        "a.yaml:2:3: error DEP1101 the service has no input `titel`\n"
        "  |\n"
        "2 |   titel: Hello\n"
        "  |   ^^^^^\n"
        "  = hint: Did you mean `title`?\n"
        "\n"
        "Found 1 error.\n"
    )


def test_text_without_source_keeps_message_and_hint() -> None:
    def gone(_path: str) -> bytes | None:
        raise InputError("gone")

    found = finding("TOSCA2001", "never used", Place("b.yaml", 7, 1), "Use it.")
    assert (
        report.text([found], gone)
        == "b.yaml:7:1: warning TOSCA2001 never used\n  = hint: Use it.\n\nFound 1 warning.\n"
    )


def test_control_characters_and_long_lines_cannot_disturb_the_terminal() -> None:
    source = b"a: " + b"x" * 500 + b" \x1b[31mred\n"
    shown = report.text([finding("YAML1001", "bad \x1b[2J", Place("a.yaml", 1, 505))], lambda _path: source)
    assert "\x1b" not in shown
    assert max(len(line) for line in shown.splitlines()) < 200


def test_nothing_found_says_so() -> None:
    assert report.text([], read) == "No findings.\n"


def test_json_holds_every_finding_and_the_counts() -> None:
    found = [finding("TOSCA1020", "wrong", Place("a.yaml", 2, 3)), finding("YAML3001", "style", Place("a.yaml", 1, 1))]
    document = json.loads(report.as_json(found))
    assert document["counts"] == {"error": 1, "warning": 0, "style": 1}
    assert document["findings"][0] == {
        "rule": "TOSCA1020",
        "severity": "error",
        "message": "wrong",
        "path": "a.yaml",
        "line": 2,
        "column": 3,
        "hint": "",
    }


def test_the_severity_of_a_rule_is_in_its_id() -> None:
    severities = [severity_of(rule) for rule in ("TOSCA1020", "YAML2001", "TOSCA3001", "DEP1101")]
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.STYLE, Severity.ERROR]
