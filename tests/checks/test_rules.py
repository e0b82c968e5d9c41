"""The registry: every rule has a page, and its own examples prove it."""

from __future__ import annotations

import datetime
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import mattone
from mattone.checks.registry import Rule, example, page, rule, rules
from mattone.checks.template import check_template
from mattone.checks.waivers import apply_waivers, read_waivers
from mattone.errors import InputError, Place
from mattone.findings import Finding, finding
from mattone.tosca.inputs import check_inputs
from mattone.tosca.source import load
from mattone.tosca.template import load_template
from tests.checks.platform_examples import run_platform

_USED = re.compile(r'"((?:YAML|TOSCA|DEP|WAIVE|CMP|FED|FORM)\d{4})"')
_READER = re.compile(r'Reader\(document, "([A-Z]+)"')
_SAID = re.compile(r"\.say\(\s*(\d{4}),")
_PLATFORM = ("catalog/", "deployments/", "federation/", "tosca-types/library")
_PACKAGE = Path(mattone.__file__).parent
RULES = [one for one in rules() if not one.is_change]  # those of `mattone compat` are proven in tests/compat


def used() -> set[str]:
    """The rule ids that the code of the checks names."""
    files = [*_PACKAGE.glob("checks/*.py"), *_PACKAGE.glob("tosca/*.py"), *_PACKAGE.glob("platform/*.py")]
    texts = [file.read_text() for file in (*files, _PACKAGE / "reconcile" / "wishes.py")]
    shared = _SAID.findall((_PACKAGE / "platform" / "fields.py").read_text())
    read = {
        f"{prefix}{number}"
        for text in texts
        for prefix in _READER.findall(text)
        for number in (*shared, *_SAID.findall(text))
    }
    return read | {found for text in texts for found in _USED.findall(text)}


def run(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """All findings of an example: of its template, and of its deployment where it has one."""

    def find(base: str, reference: str) -> tuple[str, bytes] | None:
        path = (
            reference if "://" in reference else posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
        )
        return (path, example(files[path])) if path in files else None

    if any(path.startswith(_PLATFORM) for path in files):
        return run_platform(files)
    if "waivers.yaml" in files:
        return run_waivers(files["waivers.yaml"])
    found = check_template("template.yaml", find)
    if "deployment.yaml" not in files:
        return found
    template, _ = load_template("template.yaml", find)
    deployment = load("deployment.yaml", example(files["deployment.yaml"]))
    assert template is not None
    return (*found, *check_inputs(deployment.value["inputs"], template, deployment))


def run_waivers(text: str) -> tuple[Finding, ...]:
    """Findings about a waiver file, applied to one finding of a file that it may cover."""
    today = datetime.date(2026, 5, 1)
    waivers, problems = read_waivers("waivers.yaml", text.replace("{soon}", "2026-12-31").encode(), today)
    accepted = finding("TOSCA2005", "a URL", Place("catalog/legacy/template.yaml", 1, 1))
    standing, _ = apply_waivers([accepted], waivers)
    return (*problems, *(one for one in standing if one is not accepted))


def test_every_rule_that_the_code_reports_is_in_the_registry_and_no_other() -> None:
    assert used() == {one.id for one in RULES}


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_bad_example_has_the_defect(one: Rule) -> None:
    found = run(one.bad)
    assert one.id in {finding.rule for finding in found}
    if one.id.startswith(("TOSCA", "WAIVE")):
        assert {finding.rule for finding in found if finding.severity is one.severity} == {one.id}


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_good_example_has_no_defect(one: Rule) -> None:
    found = run(one.good)
    if one.id.startswith("YAML"):
        found = tuple(finding for finding in found if finding.rule not in _NOT_TOSCA)
    if any(
        path.startswith(_PLATFORM) for path in one.good
    ):  # a platform without git: what is about its locks is beside the point
        found = tuple(finding for finding in found if finding.rule == one.id)
    assert found == ()


_NOT_TOSCA = ("TOSCA1001", "TOSCA1002", "TOSCA1008")  # the examples of YAML rules are plain YAML


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_the_page_says_what_why_and_how(one: Rule) -> None:
    text = page(one)
    assert text.startswith(f"# {one.id}: {one.title}\n")
    for part in (one.clause, one.why, one.severity.value, "## Bad", "## Good"):
        assert part in text
    assert len(one.why) > 40


def test_an_unknown_rule_gets_a_suggestion() -> None:
    with pytest.raises(InputError) as caught:
        rule("TOSCA104")
    assert "Did you mean `TOSCA" in caught.value.hint
    assert rule("tosca1040").id == "TOSCA1040"
