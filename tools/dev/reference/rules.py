"""The rules of `mattone validate` and `mattone compat`, from the registry, whose examples are tested."""

from __future__ import annotations

import re

from dev.reference.markdown import joined, table
from mattone.checks import registry
from mattone.checks.registry import Rule

_FAMILIES = {
    "YAML": "YAML files",
    "TOSCA": "templates and types",
    "CMP": "components: services, roles, the type library",
    "FORM": "request forms of services",
    "DEP": "deployments",
    "FED": "the federation",
    "LOCK": "locks",
    "WAIVE": "waivers",
    "COMPAT": "changes between two versions",
}


def pages() -> dict[str, str]:
    """The index, and a page for each family of rules."""
    families: dict[str, list[Rule]] = {}
    for rule in registry.rules():
        families.setdefault(rule.id.rstrip("0123456789"), []).append(rule)
    index = [
        "# Rules",
        "",
        "What `mattone validate` can report. The first digit says how grave it is: 1 error, 2 warning, 3 style.",
        "`mattone explain RULE` prints the same pages. The examples are tested: the bad one has the finding, the good",
        "one has not. Rules `COMPAT...` are those of `mattone compat`: 1 breaking, 2 additive, 3 patch.",
    ]
    found: dict[str, str] = {}
    for family, rules in families.items():
        name, title = f"{family}.md", _FAMILIES.get(family, "others")
        rows = [[f"[{rule.id}]({name}#{_anchor(rule)})", rule.gravity, rule.title] for rule in rules]
        index += ["", f"## {family}: {title}", "", *table(["rule", "gravity", "what is wrong"], rows)]
        body = "\n".join(_lower(registry.page(rule)) for rule in rules)
        found[name] = f"# {family} rules: {title}\n\n{body}"
    return {"README.md": joined(index), **found}


def _anchor(rule: Rule) -> str:
    from dev.links import slug

    return slug(f"{rule.id}: {rule.title}")


def _lower(text: str) -> str:
    """The headings of a page one level deeper; lines of examples stay as they are."""
    inside, lines = False, []
    for line in text.splitlines():
        inside ^= line.startswith("```")
        lines.append(f"#{line}" if not inside and re.match(r"#+ ", line) else line)
    return "\n".join(lines) + "\n"
