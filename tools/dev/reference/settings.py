"""`mattone.toml`, environment variables and places on disk."""

from __future__ import annotations

import dataclasses
import re

from dev.reference.markdown import code, described, fence, joined, table
from dev.report import ROOT
from mattone.forges.policy import Rule
from mattone.platform.orchestrator import FIELDS as ORCHESTRATOR_FIELDS
from mattone.platform.settings import ENGINES, FILE, FORGES, ApplySettings, Settings

# What users may set. The check below keeps this table and the code together.
_VARIABLES = {
    "MATTONE_CACHE": "machine images and the engine's environment, which can be made again (`~/.cache/mattone`)",
    "MATTONE_WORKSPACE": "state of a clone: journal, engine, machines, keys, secrets (`.mattone` in the clone)",
    "XDG_CACHE_HOME": "the folder of caches, when `MATTONE_CACHE` is not set",
    "XDG_STATE_HOME": "where `mattone/crash-*.log` is written after an internal error (`~/.local/state`)",
}
_INTERNAL = {"MATTONE_ENGINE", "MATTONE_FACTS", "MATTONE_STAGE", "MATTONE_BASE"}  # from mattone to its own children
_READ = re.compile(r"\b(?:MATTONE_[A-Z_]+|XDG_[A-Z_]+)\b")

_EXAMPLE = """\
environment = "production"

[engine]
kind = "infrastructure-manager"

[forge]
kind = "local"

[merge]
approvals = 1

[records]
key = "env:RECORDS_KEY"                # a reference; without it, the workspace's own key

[[merge.rules]]                        # the last rule that matches a path wins
paths = ["federation/**", "mattone.toml"]
approvals = 2
approvers = ["alice", "bob", "carol"]"""


def page() -> str:
    """Raises ValueError when the code reads a variable that the table lacks."""
    _check_variables()
    return joined(
        [
            f"# Settings: `{FILE}`",
            "",
            "One file at the root of the platform repository. Without it, every setting has its default.",
            "",
            *table(["setting", "default", "meaning"], _settings()),
            "",
            "## `[engine]` of kind `indigo-orchestrator`",
            "",
            "Exactly one of `token`, `oidc_agent` and `token_url` says where access tokens come from.",
            "[How to use it](../how-to/use-the-indigo-orchestrator.md).",
            "",
            *table(["field", "needed", "meaning (default)"], _orchestrator()),
            "",
            "## `[merge]`: what a merge needs",
            "",
            "The forge reads this table from the protected branch alone, so that a merge request cannot loosen the",
            "rules that judge it. `[merge]` is the rule for all files, without `paths`; each `[[merge.rules]]` is one",
            "for some. Every rule that a changed file falls under has to be satisfied.",
            "",
            *table(["field", "default", "meaning"], _rule()),
            "",
            *fence(_EXAMPLE, "toml"),
            "",
            "## Environment variables",
            "",
            *table(["variable", "what it sets (default)"], [[code(name), text] for name, text in _VARIABLES.items()]),
            "",
            "Any other variable is read when a secret reference `env:NAME` names it.",
        ]
    )


def _settings() -> list[list[str]]:
    meaning, default = described(Settings), Settings()
    known = {"engine": ENGINES, "forge": FORGES}
    rows = []
    for field in dataclasses.fields(Settings):
        if field.name == "orchestrator":  # it has a table of its own
            continue
        if field.name == "apply":
            rows += _of_apply()
            continue
        name = f"{field.name}.kind" if field.name in known else field.name.replace("_", ".")
        text = meaning[field.name].removeprefix(f"`{name}`: ")
        choices = f"; one of: {', '.join(known[field.name])}" if field.name in known else ""
        rows.append([code(name), code(getattr(default, field.name)), text + choices])
    return rows


def _of_apply() -> list[list[str]]:
    default = ApplySettings()
    return [
        [code(f"apply.{name}"), code(getattr(default, name)), text.removeprefix(f"`apply.{name}`: ")]
        for name, text in described(ApplySettings).items()
    ]


def _orchestrator() -> list[list[str]]:
    return [
        [code(name), "yes" if field.required else "", field.description] for name, field in ORCHESTRATOR_FIELDS.items()
    ]


def _rule() -> list[list[str]]:
    shown = {
        "approvals": "`1`; in a rule as in `[merge]`",
        "approvers": "anyone but the author",
        "paths": "needed in a rule",
    }
    return [[code(name), shown[name], text] for name, text in described(Rule).items()]


def _check_variables() -> None:
    sources = (ROOT / "tools" / "mattone").rglob("*.py")
    read = {name for path in sources for name in _READ.findall(path.read_text(encoding="utf-8"))}
    if unknown := read - set(_VARIABLES) - _INTERNAL:
        raise ValueError(f"environment variables that the reference lacks: {', '.join(sorted(unknown))}")
    if unread := set(_VARIABLES) - read:
        raise ValueError(f"environment variables that nothing reads: {', '.join(sorted(unread))}")
