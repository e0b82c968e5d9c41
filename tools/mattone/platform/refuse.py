"""From findings to a refusal: commands that need sound files stop at the first unsound set of them."""

from __future__ import annotations

from collections.abc import Iterable

from mattone.errors import FindingsError
from mattone.findings import Finding, Severity


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is an error; warnings and style do not stop work."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def refuse(findings: Iterable[Finding]) -> None:
    """Raise one FindingsError that names every error among the findings; do nothing without errors."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return
    first = errors[0]
    if len(errors) == 1:
        raise FindingsError(f"{first.rule} {first.message}", place=first.place, hint=first.hint)
    listed = "\n  ".join(f"{finding.place}: {finding.rule} {finding.message}" for finding in errors)
    raise FindingsError(f"{len(errors)} errors\n  {listed}", hint="`mattone validate` shows each with its lines")
