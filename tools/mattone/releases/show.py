"""A plan of releases for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mattone import redact, terminal
from mattone.releases.model import ComponentRelease, Demand, Plan
from mattone.versions import Bump

if TYPE_CHECKING:
    from mattone.releases.check import Judgement
    from mattone.releases.make import Outcome


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
    if release.demand.unknown:
        reasons.append(f"not all can be compared: {redact.one_line(release.demand.unknown[0], 120)}")
    if not reasons:
        count = len({entry.commit for entry in release.entries})
        reasons.append(f"{count} commit{'' if count == 1 else 's'}")
    return "; ".join(reasons)


def as_text(plan: Plan, changelogs: Mapping[str, str]) -> str:
    """A plan for people: the table, and every section of a changelog that it makes."""
    if not plan.releases:
        return "nothing to release"
    parts = [table(plan)]
    parts += [f"{one.component}/CHANGELOG.md\n\n{changelogs[one.tag].rstrip()}" for one in plan.releases]
    return "\n\n".join(parts)


def outcome_as_text(outcome: Outcome) -> str:
    """What a run of `mattone release` did."""
    lines = [f"finished what was interrupted: {tag}" for tag in outcome.finished]
    lines += [f"released {one.tag} at {outcome.commit[:12]}" for one in outcome.plan.releases]
    lines += [f"published {tag}" for tag in outcome.published]
    return "\n".join(lines) or "nothing to release"


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "commit": outcome.commit,
        "finished": list(outcome.finished),
        "released": [one.tag for one in outcome.plan.releases],
        "published": list(outcome.published),
    }


def judgements_as_text(judgements: Sequence[Judgement]) -> str:
    """What is claimed and what is demanded, and for each component that claims too little the reasons."""
    rows = [_judgement(one) for one in judgements]
    parts = [terminal.table(rows, ("component", "commits", "title", "demanded", "verdict"))] if rows else []
    for one in judgements:
        reasons = [
            f"  {reason.place or one.component}: {reason.rule} {reason.message}"
            for reason in one.demand.reasons
            if one.short and reason.bump > max(one.claimed, Bump.PATCH)
        ]
        unknown = [f"  not known: {text}" for text in one.demand.unknown]
        if reasons or unknown:
            parts.append("\n".join([f"{one.component} demands {one.demand.bump}", *reasons, *unknown]))
    if any(one.short for one in judgements):
        parts.append(_ADVICE)
    return "\n\n".join(parts) or "no component is touched"


_ADVICE = """\
hint: say in a commit, and in the title where there is one, what the change is: `feat(...)` adds, `!` after the
      scope and a `BREAKING CHANGE:` footer break. `mattone explain RULE` says how to change it without breaking."""


def judgements_as_json(judgements: Sequence[Judgement]) -> dict[str, Any]:
    return {
        "components": [
            {**_judgement(one), "reasons": _reasons(one.demand), "unknown": list(one.demand.unknown)}
            for one in judgements
        ]
    }


def _judgement(one: Judgement) -> dict[str, Any]:
    return {
        "component": one.component.path,
        "commits": str(one.commits),
        "title": None if one.title is None else str(one.title),
        "demanded": str(one.demand.bump),
        "verdict": "claims too little" if one.short else "ok",
    }


def _reasons(demand: Demand) -> list[dict[str, str]]:
    return [
        {"rule": one.rule, "bump": str(one.bump), "message": one.message, "place": str(one.place or "")}
        for one in demand.reasons
    ]


def as_json(plan: Plan, changelogs: Mapping[str, str]) -> dict[str, Any]:
    """A plan as JSON; `changelogs` has the section of each release by its tag."""
    return {
        "commit": plan.commit,
        "releases": [_release(release, changelogs[release.tag]) for release in plan.releases],
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
        "reasons": _reasons(release.demand),
        "unknown": list(release.demand.unknown),
        "requires": [
            {"component": one.requirement.path, "version": str(one.version), "range": one.new} for one in release.ranges
        ],
        "commits": list(dict.fromkeys(entry.commit for entry in release.entries)),
        "changelog": changelog,
    }
