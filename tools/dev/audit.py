"""Known vulnerabilities of the locked packages, by pip-audit, and an honest word when nobody could be asked.

pip-audit ends with code 0 and "No known vulnerabilities found" when its service answers for no
package at all: it lists them as skipped. So its JSON report is read, never its exit code alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dev.locks import ENGINE
from dev.report import ROOT, Status
from mattone import process
from mattone.errors import TransientError

LIMIT = 120.0  # seconds for the audit of one lock


def check() -> tuple[Status, str]:
    """Audit every lock on its own, for two may pin one package differently; the worst outcome counts."""
    outcomes = [_audit(ROOT / lock) for lock in ("tools/requirements/dev.txt", f"{ENGINE}.txt")]
    for status in (Status.FAILED, Status.NOT_DONE):
        if found := [detail for outcome, detail in outcomes if outcome is status]:
            return status, ("\n" if status is Status.FAILED else "; ").join(found)
    return Status.PASSED, " and ".join(detail for _, detail in outcomes)


def _audit(lock: Path) -> tuple[Status, str]:
    command = [str(Path(sys.executable).parent / "pip-audit"), "--require-hashes", "--requirement", str(lock)]
    command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "10", "--format", "json"]
    try:
        result = process.run(command, cwd=ROOT, accept=range(-64, 256), timeout=LIMIT)
    except TransientError as error:
        return Status.NOT_DONE, f"advisory service unreachable: {error}"
    return judge(result.code, result.output, result.errors)


def judge(code: int, report: str, errors: str) -> tuple[Status, str]:
    """What pip-audit's exit code, JSON report and error output amount to.

    Vulnerabilities fail even when other packages were skipped; a single skipped package means
    that the audit was not done.
    """
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = errors.strip().splitlines()[-1:] or [f"it ended with code {code}"]
        return Status.NOT_DONE, f"pip-audit gave no report: {last[0][:200]}"
    bad = [_sentence(package, flaw) for package in packages for flaw in package.get("vulns", [])]
    if bad:
        return Status.FAILED, "\n".join(bad)
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped or not packages:
        return Status.NOT_DONE, f"advisory service unreachable: {len(skipped)} of {len(packages)} packages not audited"
    return Status.PASSED, f"{len(packages)} packages"


def _sentence(package: dict[str, Any], flaw: dict[str, Any]) -> str:
    mended = ", ".join(flaw.get("fix_versions", [])) or "no version yet"
    return f"{package['name']} {package.get('version', '')}: {flaw['id']}, mended in {mended}"
