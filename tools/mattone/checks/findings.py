"""What a check says about a file: the one model that every rule fills and every report reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mattone.errors import Place


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    rule     stable id: `TOSCA1xxx` errors, `TOSCA2xxx` warnings, `TOSCA3xxx` style; `DEP1xxx` deployments
    message  one sentence: what is wrong
    hint     what to do next, or empty
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    hint: str = ""
