"""Every rule that a check or a comparison can report, from `rules/<id>.yaml`: title, clause, reason, examples.

Nothing here is needed to check: a finding carries its id, and an id its severity. The registry is
for those who ask what a finding means, for the reference pages and for reports that list rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from mattone.errors import InputError
from mattone.findings import Severity, severity_of
from mattone.tosca.source import load
from mattone.tosca.spots import did_you_mean, show


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    clause  the clause of a standard that decides it, or what else does
    fix     what `validate --fix` does about it; empty when nothing
    bad     file name to text of the smallest example that has the defect; `good`: of one without it.
            `hex:...` and `repeat:<times>:<text>` stand for what YAML cannot hold, `{soon}` for a day to come
    """

    id: str
    title: str
    clause: str
    why: str
    fix: str
    bad: Mapping[str, str]
    good: Mapping[str, str]

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)

    @property
    def is_change(self) -> bool:
        """Whether it is one of `mattone compat`: its examples are two documents each, before and after."""
        return self.id.startswith("COMPAT")

    @property
    def gravity(self) -> str:
        """How grave it is, in the word of checks or of comparisons."""
        return _GRADES[self.severity][0] if self.is_change else self.severity.value


def _folder() -> Traversable:
    return resources.files("mattone.checks") / "rules"


@lru_cache(maxsize=1)
def rule_ids() -> tuple[str, ...]:
    """Every rule id, sorted."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml")))


@lru_cache(maxsize=256)
def rule(rule_id: str) -> Rule:
    """The rule of this id, in any case of its letters. Raises InputError when there is none."""
    wanted = rule_id.strip().upper()
    if wanted not in rule_ids():
        raise InputError(f"there is no rule {show(rule_id)!r}", hint=did_you_mean(wanted, rule_ids()))
    file = _folder() / f"{wanted}.yaml"
    raw = load(f"rules/{wanted}.yaml", file.read_bytes()).value
    why, fix = str(raw["why"]).strip(), str(raw.get("fix", ""))
    return Rule(wanted, raw["title"], raw["clause"], why, fix, raw["bad"], raw["good"])


def rules() -> tuple[Rule, ...]:
    """All rules, by id."""
    return tuple(rule(one) for one in rule_ids())


def example(text: str) -> bytes:
    """The content of an example's file."""
    if text.startswith("hex:"):
        return bytes.fromhex(text.removeprefix("hex:"))
    if text.startswith("repeat:"):
        _, times, unit = text.split(":", 2)
        return (unit * int(times)).encode()
    return text.encode()


def page(one: Rule) -> str:
    """The explanation of a rule as Markdown, for a terminal and for the reference."""
    demands = f", demands a {_GRADES[one.severity][1]} version" if one.is_change else ""
    parts = [f"# {one.id}: {one.title}", f"*{one.gravity}*{demands} · decided by: {one.clause}", one.why]
    if one.fix:
        parts.append(f"**Fix:** {one.fix}")
    bad, good = ("The change", "No such change") if one.is_change else ("Bad", "Good")
    parts += [_example(bad, one.bad), _example(good, one.good)]
    if one.is_change or one.severity is not Severity.ERROR:
        parts.append("A waiver with a reason, an owner and an expiry date can allow it for one file.")
    return "\n\n".join(parts) + "\n"


_GRADES = {
    Severity.ERROR: ("breaking", "major"),
    Severity.WARNING: ("additive", "minor"),
    Severity.STYLE: ("patch", "patch"),
}


def _example(title: str, files: Mapping[str, str]) -> str:
    shown = [f"## {title}"]
    for name, text in files.items():
        shown.append(
            f"`{name}`:\n\n```yaml\n{_readable(text)}\n```" if len(files) > 1 else f"```yaml\n{_readable(text)}\n```"
        )
    return "\n\n".join(shown)


def _readable(text: str) -> str:
    if text.startswith("hex:"):
        return example(text).decode("utf-8", "backslashreplace")
    if text.startswith("repeat:"):
        _, times, unit = text.split(":", 2)
        return f"{unit.strip()}   # {int(times):,} times"
    return text.rstrip("\n").replace("{soon}", "2026-12-31")
