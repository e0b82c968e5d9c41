"""A comparison for people, for programs, and as the findings that every report format of the checks takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mattone.checks.waivers import Waiver
from mattone.compat.changes import Change, Comparison, Grade
from mattone.findings import Finding, finding
from mattone.redact import one_line, visible
from mattone.versions import Bump

_SHOWN = 5  # consequences that are named; the others are counted


def text(title: str, one: Comparison) -> str:
    """Each change with both places, why, and the bump that it demands; a summary at the end."""
    blocks = [_block(change) for change in one.changes]
    blocks += [_unknown(found) for found in one.unknown]
    head = [f"{title}:"] if title else []
    return "\n".join([*head, *blocks, summary(one)])


def _block(change: Change) -> str:
    head = f"{visible(str(change.place))}: {change.severity.value} {change.id} {one_line(change.subject, 300)}"
    lines = [f"{head}: {one_line(change.why, 500)}"]
    if change.old is not None and change.new is not None and change.old != change.new:
        lines.append(f"  = before: {visible(str(change.old))}")
    if change.consequences:
        shown = ", ".join(one_line(name, 120) for name in change.consequences[:_SHOWN])
        more = len(change.consequences) - _SHOWN
        lines.append(f"  = also changes: {shown}{f' and {more} more' if more > 0 else ''}")
    lines.append(f"  = demands: {change.bump}")
    return "\n".join(lines) + "\n"


def _unknown(found: Finding) -> str:
    return f"{visible(str(found.place))}: unknown {found.rule} {one_line(found.message, 500)}\n"


def summary(one: Comparison) -> str:
    """One line: how many changes of each kind, the bump, and whether something is unknown."""
    number = Counter(change.severity for change in one.changes)
    parts = [f"{number[grade]} {grade.value}" for grade in Grade if number[grade]]
    many = "change" if len(one.changes) == 1 else "changes"
    found = f"{', '.join(parts)} {many}: demands {_article(one.bump)}" if parts else "No change."
    if not one.unknown:
        return found
    things = "thing" if len(one.unknown) == 1 else "things"
    return f"{found} {len(one.unknown)} {things} could not be compared: what else changed is unknown."


def _article(bump: Bump) -> str:
    return f"a {bump} version."


def as_json(title: str, one: Comparison) -> dict[str, Any]:
    """`{component, verdict, bump, changes: [{id, severity, bump, subject, why, old, new, consequences}], unknown}`."""
    return {
        "component": title,
        "verdict": one.verdict,
        "bump": str(one.bump),
        "changes": [
            {
                "id": change.id,
                "severity": change.severity.value,
                "bump": str(change.bump),
                "subject": visible(change.subject),
                "why": visible(change.why),
                "old": _place(change.old),
                "new": _place(change.new),
                "consequences": [visible(name) for name in change.consequences],
            }
            for change in one.changes
        ],
        "unknown": [
            {"rule": found.rule, "message": visible(found.message), **(_place(found.place) or {})}
            for found in one.unknown
        ],
    }


def _place(place: Any) -> dict[str, Any] | None:
    return {"path": place.path, "line": place.line, "column": place.column} if place is not None else None


def without(one: Comparison, accepted: Sequence[Waiver]) -> Comparison:
    """The comparison without the changes that a waiver accepts."""
    if not accepted:
        return one
    standing = (each for each in one.changes if not any(waiver.covers(as_finding(each)) for waiver in accepted))
    return replace(one, changes=tuple(standing))


def findings(one: Comparison) -> Iterable[Finding]:
    """The changes as findings: for waivers, and for the formats that pipelines read."""
    return [as_finding(change) for change in one.changes]


def as_finding(change: Change) -> Finding:
    """A change as a finding at its new place, or at its old one when it is gone."""
    before = f" It stood at {change.old}." if change.old is not None and change.new != change.old else ""
    hint = f"It demands a {change.bump} version.{before}"
    return finding(change.id, f"{change.subject}: {change.why}", change.place, hint)
