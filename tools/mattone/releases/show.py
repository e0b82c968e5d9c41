"""A plan of releases for people and for programs."""

from __future__ import annotations

from typing import Any

from mattone import terminal
from mattone.releases.model import ComponentRelease, Plan


def table(plan: Plan) -> str:
    """One line a release: from which version to which, and why."""
    rows = [
        {
            "component": release.component,
            "from": release.last.version if release.last else None,
            "to": release.version,
            "claimed": release.claimed,
            "demanded": release.demanded,
            "because": because(release),
        }
        for release in plan.releases
    ]
    return terminal.table(rows, ("component", "from", "to", "claimed", "demanded", "because"))


def because(release: ComponentRelease) -> str:
    """Why there is this release and why it has this version, in some words."""
    if release.last is None:
        return "first release"
    reasons = []
    if release.stated:
        reasons.append("the manifest states it")
    if release.demanded > release.claimed:
        reasons.append("the changes demand more than the commits claim")
    if release.ranges:
        reasons.append("requires " + ", ".join(f"{one.requirement} {one.version}" for one in release.ranges))
    if not reasons:
        reasons.append(f"{len({entry.commit for entry in release.entries})} commits")
    return "; ".join(reasons)


def as_json(plan: Plan, changelogs: dict[str, str]) -> dict[str, Any]:
    """A plan as JSON; `changelogs` has the section of each component by its path."""
    return {
        "commit": plan.commit,
        "releases": [_release(release, changelogs[release.component.path]) for release in plan.releases],
    }


def _release(release: ComponentRelease, changelog: str) -> dict[str, Any]:
    return {
        "component": release.component.path,
        "from": str(release.last.version) if release.last else None,
        "to": str(release.version),
        "tag": release.tag,
        "claimed": str(release.claimed),
        "demanded": str(release.demanded),
        "stated": release.stated,
        "reasons": [
            {"rule": one.rule, "bump": str(one.bump), "message": one.message, "place": str(one.place or "")}
            for one in release.demand.reasons
        ],
        "unknown": list(release.demand.unknown),
        "requires": [
            {"component": one.requirement.path, "version": str(one.version), "range": one.new} for one in release.ranges
        ],
        "commits": list(dict.fromkeys(entry.commit for entry in release.entries)),
        "changelog": changelog,
    }
