"""Findings for other programs: SARIF 2.1.0, JUnit XML, GitLab Code Quality, GitHub annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mattone import __version__
from mattone.checks import report
from mattone.findings import Finding, Severity
from mattone.redact import one_line, visible

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_SARIF = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.STYLE: "note"}
_GITLAB = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.STYLE: "info"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.STYLE: "notice"}


def sarif(findings: Iterable[Finding]) -> str:
    """SARIF 2.1.0: one run, the rules that were broken with their explanations, a result a finding."""
    from mattone.checks.registry import rule, rule_ids

    findings = list(findings)
    known = set(rule_ids())
    ids = sorted({one.rule for one in findings})
    rules = [
        {
            "id": name,
            "name": name,
            "shortDescription": {"text": rule(name).title if name in known else name},
            "fullDescription": {"text": rule(name).why if name in known else name},
            "defaultConfiguration": {"level": _SARIF[_severity(findings, name)]},
        }
        for name in ids
    ]
    driver = {"name": "mattone", "version": __version__, "rules": rules}
    results = [_result(one, ids.index(one.rule)) for one in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return report.to_json({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _severity(findings: list[Finding], name: str) -> Severity:
    return next(one.severity for one in findings if one.rule == name)


def _result(one: Finding, index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.place.path)}}
    if one.place.line:
        physical["region"] = {"startLine": one.place.line, "startColumn": max(one.place.column, 1)}
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": _SARIF[one.severity],
        "message": {"text": _whole(one)},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"mattone/v1": fingerprint(one)},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return path if "://" in path else quote(path, errors="surrogateescape")


def _whole(one: Finding) -> str:
    return visible(f"{one.message} ({one.hint})" if one.hint else one.message)


def fingerprint(one: Finding) -> str:
    """The same for the same defect after lines moved: made of rule, path and message."""
    return _print(f"{one.rule}\0{one.place.path}\0{one.message}")


def _print(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def gitlab(findings: Iterable[Finding]) -> str:
    """GitLab's Code Quality report: a JSON list; equal fingerprints in one file are told apart by their number."""
    seen: dict[str, int] = {}
    items = []
    for one in findings:
        print_ = fingerprint(one)
        seen[print_] = seen.get(print_, 0) + 1
        if seen[print_] > 1:
            print_ = _print(f"{print_}{seen[print_]}")
        items.append(
            {
                "description": one_line(f"{one.rule}: {_whole(one)}", 500),
                "check_name": one.rule,
                "fingerprint": print_,
                "severity": _GITLAB[one.severity],
                "location": {"path": one.place.path, "lines": {"begin": max(one.place.line, 1)}},
            }
        )
    return report.to_json(items)


def github(findings: Iterable[Finding]) -> str:
    """GitHub's workflow commands, a line a finding."""
    return "".join(
        f"::{_GITHUB[one.severity]} file={_property(one.place.path)},line={max(one.place.line, 1)},"
        f"col={max(one.place.column, 1)},title={_property(one.rule)}::{_data(_whole(one))}\n"
        for one in findings
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def junit(findings: Iterable[Finding]) -> str:
    """JUnit XML: a test case a finding, failed for errors and passed with its text for the others.

    Without findings there is one passed test case, so that a CI server shows that the check ran.
    """
    findings = list(findings)
    failures = sum(one.severity is Severity.ERROR for one in findings)
    cases = [_case(one) for one in findings] or ['    <testcase classname="mattone.validate" name="no findings"/>']
    head = f'name="mattone validate" tests="{len(cases)}" failures="{failures}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", f"  <testsuite {head}>", *cases]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _case(one: Finding) -> str:
    message, where = one_line(_whole(one), 500), visible(str(one.place))
    name = f"classname={_attribute(one.rule)} name={_attribute(where)}"
    if one.severity is Severity.ERROR:
        body = f"<failure type={_attribute(one.rule)} message={_attribute(message)}>{_text(where)}</failure>"
    else:
        body = f"<system-out>{_text(message)}</system-out>"
    return f"    <testcase {name}>{body}</testcase>"


def _attribute(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMATS: dict[str, Callable[[list[Finding], report.Read], str]] = {
    "text": report.text,
    "json": lambda findings, _read: report.as_json(findings),
    "sarif": lambda findings, _read: sarif(findings),
    "junit": lambda findings, _read: junit(findings),
    "gitlab": lambda findings, _read: gitlab(findings),
    "github": lambda findings, _read: github(findings),
}
