"""Checking small repositories that are held in memory."""

from __future__ import annotations

from mattone.checks.template import check_template
from mattone.findings import Finding
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES, resolver

LIBRARY = "tosca-types/example.yaml"


def check(files: dict[str, str] | None = None, path: str = PATH) -> tuple[Finding, ...]:
    """All findings of a template of these files; of the shared sound template without files."""
    return check_template(path, resolver(files or FILES))


def place(finding: Finding) -> str:
    """Rule, file name and line, as `TOSCA1020 template.yaml:12`."""
    return f"{finding.rule} {finding.place.path.rsplit('/', 1)[-1]}:{finding.place.line}"


def edited(old: str, new: str, library: bool = False) -> dict[str, str]:
    """The shared files with one text replaced, which must be there exactly once."""
    source = TYPES if library else TEMPLATE
    assert source.count(old) == 1, old
    changed = source.replace(old, new)
    return {**FILES, (LIBRARY if library else PATH): changed}
