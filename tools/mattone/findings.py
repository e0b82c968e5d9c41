"""What a check says about a file: the one model that every rule fills and every report reads."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from mattone.errors import Place


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    STYLE = "style"


class Finding(NamedTuple):
    """One defect at one place.

    rule     stable id, whose first digit says how grave it is: 1 error, 2 warning, 3 style;
             `YAML...` the file itself, `TOSCA...` templates and types, `DEP...` deployments
    message  one sentence: what is wrong
    hint     what to do next, or empty
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    hint: str = ""


_BY_DIGIT = {"1": Severity.ERROR, "2": Severity.WARNING, "3": Severity.STYLE}


def severity_of(rule: str) -> Severity:
    """The severity that a rule's id carries in its first digit."""
    return _BY_DIGIT[rule.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[0]]


def finding(rule: str, message: str, place: Place, hint: str = "") -> Finding:
    """A finding whose severity is that of its rule."""
    return Finding(rule, severity_of(rule), message, place, hint)
