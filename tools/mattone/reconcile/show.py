"""A plan as a person reads it: on a terminal, and as the comment of a merge request."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mattone import redact
from mattone.reconcile.plan import Change, FieldChange, Plan, Step

MARKER = "mattone-plan"
LIMIT = 60_000  # characters of a comment; GitLab takes 1,000,000, people read fewer

_SIGNS = {Change.CREATE: "+", Change.UPDATE: "~", Change.DELETE: "-", Change.NONE: "=", Change.BLOCKED: "!"}
_COUNTED = {
    Change.CREATE: "to create",
    Change.UPDATE: "to update",
    Change.DELETE: "to delete",
    Change.BLOCKED: "blocked",
}


def summary(plan: Plan) -> str:
    """`1 to create, 2 to update`, or `no changes`."""
    counts = Counter(step.change for step in plan.changes)
    return ", ".join(f"{counts[change]} {text}" for change, text in _COUNTED.items() if counts[change]) or "no changes"


def as_text(plan: Plan) -> str:
    """The plan for a terminal: one line a deployment, indented lines for its fields."""
    lines = [f"plan for {plan.environment}: {summary(plan)}"]
    for step in plan.steps:
        service = f" ({redact.one_line(step.service)})" if step.service else ""
        lines.append(f"{_SIGNS[step.change]} {step.deployment}{service}: {step.change}, {redact.one_line(step.why)}")
        if step.change in {Change.UPDATE, Change.BLOCKED, Change.CREATE}:
            lines += [f"    {_line(field)}" for field in step.fields]
    return "\n".join(lines)


def as_markdown(plan: Plan) -> str:
    """The plan as a merge request's comment: a summary, then a section a deployment."""
    lines = [f"### Plan for `{plan.environment}`: {summary(plan)}", ""]
    for step in plan.changes:
        lines += _section(step)
    unchanged = sum(step.change is Change.NONE for step in plan.steps)
    if unchanged:
        lines.append(f"{unchanged} deployment{'s' if unchanged > 1 else ''} without change.")
        lines.append("")
    lines.append(f"<sub>head {plan.head[:12]}, base {plan.base[:12]}, plan {plan.digest[7:19]}</sub>")
    return _cut("\n".join(lines))


def _cut(text: str) -> str:
    """At most about LIMIT characters, cut between lines: half a code span would set free what is in it."""
    if len(text) <= LIMIT:
        return text
    kept = text[: text.rfind("\n", 0, LIMIT)]
    if kept.count("\n<details>") > kept.count("\n</details>"):
        kept += "\n\n</details>"
    return kept + "\n\n… cut: `mattone plan` shows it whole.\n"


def _section(step: Step) -> list[str]:
    head = f"**{_SIGNS[step.change]} {step.change}** {_code(step.deployment)}"
    if step.service:
        head += f" from {_code(step.service)}"
    lines = [f"{head}: {_text(step.why)}", ""]
    if step.fields and step.change is not Change.DELETE:
        rows = ["| | was | becomes |", "|---|---|---|"]
        rows += [
            f"| {_text(field.kind)} {_code(field.name)} | {_cell(field.old)} | {_cell(field.new)} |"
            for field in step.fields
        ]
        folded = len(step.fields) > 12
        lines += ["<details><summary>fields</summary>", ""] if folded else []
        lines += [*rows, ""]
        lines += ["</details>", ""] if folded else []
    if step.change is Change.DELETE:
        lines += ["Its machines and their data are removed when this is applied with the deletion confirmed.", ""]
    return lines


def _line(field: FieldChange) -> str:
    name = f"{field.kind} {redact.one_line(field.name, 100)}"
    if field.old is None:
        return f"{name}: {value(field.new)}"
    if field.new is None:
        return f"{name}: {value(field.old)} -> (default)"
    return f"{name}: {value(field.old)} -> {value(field.new)}"


def value(item: Any) -> str:
    """A value on one line; a secret as its reference, never as its value."""
    if isinstance(item, Mapping) and set(item) == {"secret"}:
        return f"(secret {redact.one_line(str(item['secret']), 80)})"
    return redact.one_line(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False), 200)


def _cell(item: Any) -> str:
    return "" if item is None else _code(value(item))


def _code(text: str) -> str:
    """Outside text as inline code, in which Markdown, mentions and HTML mean nothing."""
    safe = redact.one_line(text, 300).replace("`", "'").replace("|", "\\|")
    return f"`{safe}`" if safe else ""


def _text(text: str) -> str:
    """Outside text in running words: nothing of it is Markdown, a mention or HTML."""
    safe = redact.one_line(text, 500).replace("&", "&amp;")
    for character in "\\`*_{}[]()#+!|~":
        safe = safe.replace(character, f"\\{character}")
    # An unseen space keeps mentions and bare addresses from becoming links.
    safe = re.sub(r"@|:(?=//)|www(?=\.)", lambda found: found.group() + "\u200b", safe, flags=re.IGNORECASE)
    return safe.replace("<", "&lt;").replace(">", "&gt;")
