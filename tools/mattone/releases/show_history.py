"""The history of a component for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mattone import redact, terminal
from mattone.releases.history import Row, Verdict
from mattone.releases.model import Reason
from mattone.versions import Bump

_MOST = 5  # reasons shown for a version


def as_text(rows: Sequence[Row]) -> str:
    """A table of all versions, and below it why those that are labelled too low are."""
    parts = [
        terminal.table([_cells(row) for row in rows], ("version", "date", "claimed", "commits", "demanded", "verdict"))
    ]
    parts += [_why(row) for row in rows if row.verdict is Verdict.TOO_LOW]
    unknown = [row for row in rows if row.verdict is Verdict.UNKNOWN]
    if unknown:
        listed = ", ".join(str(row.tagged.version) for row in unknown)
        parts.append(f"not known of {listed}: {unknown[0].demand.unknown[0]}")
    wrong = sum(row.verdict in {Verdict.TOO_LOW, Verdict.HIGH} for row in rows)
    parts.append(f"{len(rows)} version{'s' if len(rows) > 1 else ''}, {wrong or 'none'} of them labelled wrong")
    return "\n\n".join(parts)


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "versions": [
            {
                **{key: None if value is None else str(value) for key, value in _cells(row).items()},
                "tag": row.tagged.tag,
                "commit": row.tagged.commit,
                "before": str(row.before.version) if row.before else None,
                "reasons": [
                    {"rule": one.rule, "bump": str(one.bump), "message": one.message, "place": str(one.place or "")}
                    for one in row.demand.reasons
                ],
                "unknown": list(row.demand.unknown),
            }
            for row in rows
        ]
    }


def _cells(row: Row) -> dict[str, object]:
    compared = row.before is not None
    return {
        "version": row.tagged.version,
        "date": row.date,
        "claimed": row.claimed if compared else None,
        "commits": row.commits if compared else None,
        "demanded": row.demand.bump if compared else None,
        "verdict": row.verdict.value,
    }


def _why(row: Row) -> str:
    reasons = [one for one in row.demand.reasons if one.bump > max(row.claimed, Bump.PATCH)]
    before = row.before.version if row.before else ""
    lines = [f"{row.tagged.version} claims {row.claimed} over {before}, and demands {row.demand.bump}:"]
    lines += [_line(one) for one in reasons[:_MOST]]
    if len(reasons) > _MOST:
        lines.append(f"  and {len(reasons) - _MOST} more")
    return "\n".join(lines)


def _line(one: Reason) -> str:
    return f"  {one.place}: {one.rule} {redact.one_line(one.message)}"
