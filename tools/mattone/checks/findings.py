"""Findings, by the address they had first."""

from mattone.findings import Finding, Severity, finding, severity_of

__all__ = ["Finding", "Severity", "finding", "severity_of"]
