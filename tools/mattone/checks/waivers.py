"""Waivers: findings that somebody accepts, for one path and until a day, with a reason and a name.

waivers:
  - rule: TOSCA2005
    path: catalog/legacy/*            # a glob; `*` does not cross folders, `**` does
    reason: The playbook is still fetched from its old home.
    owner: ada
    expires: 2026-12-31
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mattone.findings import Finding
from mattone.tosca.source import Document, load
from mattone.tosca.spots import Collector, Spot, did_you_mean, show

FILE = "waivers.yaml"
_FIELDS = ("rule", "path", "reason", "owner", "expires")
_LONGEST = datetime.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted kind of finding; it holds up to and with the day it expires."""

    rule: str
    path: str
    reason: str
    owner: str
    expires: datetime.date
    spot: Spot

    @property
    def of_change(self) -> bool:
        """Whether it accepts a change that `mattone compat` finds: then no check of files finds it."""
        return self.rule.startswith("COMPAT")

    def covers(self, one: Finding) -> bool:
        return one.rule == self.rule and _glob(self.path).fullmatch(one.place.path) is not None


def read_waivers(path: str, data: bytes, today: datetime.date) -> tuple[list[Waiver], tuple[Finding, ...]]:
    """The waivers of a file that hold today, and what is wrong with the others."""
    from mattone.checks.registry import rule_ids

    document = load(path, data)
    out = Collector()
    # A day of expiry is meant as a date, quoted or not.
    out.extend(one for one in document.findings if one.rule != "YAML2005")
    found = []
    for index, raw in enumerate(_entries(document, out)):
        waiver = _waiver(raw, Spot(document, ("waivers", index)), out)
        if waiver is None:
            continue
        if waiver.rule not in rule_ids():
            hint = did_you_mean(waiver.rule, rule_ids())
            out.add("WAIVE1002", f"there is no rule `{show(waiver.rule)}`", waiver.spot.place("rule"), hint)
        elif waiver.expires < today:
            message = f"the waiver of {waiver.rule} for {show(waiver.path)} expired on {waiver.expires}"
            hint = f"Mend what it covers, or ask {show(waiver.owner)} to renew it."
            out.add("WAIVE1003", message, waiver.spot.place("expires"), hint)
        elif waiver.expires > today + _LONGEST:
            message = f"the waiver of {waiver.rule} lasts more than a year"
            out.add("WAIVE1002", message, waiver.spot.place("expires"), "Let it expire earlier, and renew it then.")
        else:
            found.append(waiver)
    return found, out.findings()


def _entries(document: Document, out: Collector) -> list[Any]:
    if document.broken or document.value is None:
        return []
    value = document.value.get("waivers") if isinstance(document.value, dict) else None
    if not isinstance(value, list) or set(document.value) != {"waivers"}:
        out.add("WAIVE1001", "a waiver file holds one list, `waivers`", Spot(document).place())
        return []
    return value


def _waiver(raw: Any, spot: Spot, out: Collector) -> Waiver | None:
    if not isinstance(raw, dict):
        out.add("WAIVE1001", f"a waiver has the fields {', '.join(_FIELDS)}", spot.place())
        return None
    sound = True
    for name in raw:
        if name not in _FIELDS:
            out.add(
                "WAIVE1001", f"a waiver has no field `{show(name)}`", spot.key_place(name), did_you_mean(name, _FIELDS)
            )
            sound = False
    for name in _FIELDS:
        if not isinstance(raw.get(name), str) or not raw[name].strip():
            out.add(
                "WAIVE1001",
                f"the waiver lacks `{name}`",
                spot.place(name),
                "Every waiver says what, where, why, who and until when.",
            )
            sound = False
    if not sound:
        return None
    try:
        expires = datetime.date.fromisoformat(raw["expires"])
    except ValueError:
        out.add("WAIVE1001", f"`{show(raw['expires'])}` is no day", spot.place("expires"), "Write it as 2026-12-31.")
        return None
    return Waiver(raw["rule"], raw["path"], raw["reason"], raw["owner"], expires, spot)


def apply_waivers(findings: Iterable[Finding], waivers: Sequence[Waiver]) -> tuple[list[Finding], list[Finding]]:
    """Findings that stand, and those that a waiver covers; unused waivers are findings too."""
    standing: list[Finding] = []
    waived: list[Finding] = []
    used: set[int] = set()
    for one in findings:
        covering = [number for number, waiver in enumerate(waivers) if waiver.covers(one)]
        used.update(covering)
        (waived if covering else standing).append(one)
    out = Collector()
    for number, waiver in enumerate(waivers):
        if number not in used and not waiver.of_change:
            message = f"the waiver of {waiver.rule} for {show(waiver.path)} covers nothing"
            out.add("WAIVE2001", message, waiver.spot.place(), "Remove it.")
    return [*standing, *out.findings()], waived


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
