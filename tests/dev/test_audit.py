from __future__ import annotations

import json

from dev.audit import judge
from dev.report import Status


def test_clean_report_passes_and_says_how_much_was_audited() -> None:
    report = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}]})
    assert judge(0, report, "") == (Status.PASSED, "1 packages")


def test_exit_code_zero_with_skipped_packages_is_not_a_pass() -> None:
    report = json.dumps(
        {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "?"}]}
    )
    status, detail = judge(0, report, "No known vulnerabilities found")
    assert status is Status.NOT_DONE
    assert "1 of 2 packages not audited" in detail


def test_vulnerability_fails_even_when_other_packages_were_skipped() -> None:
    flaw = {"id": "PYSEC-1", "fix_versions": ["2"]}
    report = json.dumps(
        {"dependencies": [{"name": "b", "skip_reason": "?"}, {"name": "a", "version": "1", "vulns": [flaw]}]}
    )
    assert judge(1, report, "") == (Status.FAILED, "a 1: PYSEC-1, mended in 2")


def test_no_report_at_all_is_not_a_pass() -> None:
    assert judge(0, "", "")[0] is Status.NOT_DONE
    assert judge(1, "", "line\nConnectionError: no route")[1].endswith("ConnectionError: no route")
    assert judge(0, json.dumps({"dependencies": []}), "")[0] is Status.NOT_DONE
