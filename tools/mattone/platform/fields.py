"""Reading a mapping of a YAML document field by field: every defect becomes a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mattone.findings import Finding, Severity
from mattone.nearest import nearest
from mattone.tosca.source import Document, Key

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

KINDS: dict[type, str] = {
    str: "a text", bool: "true or false", int: "a whole number", float: "a number", dict: "a mapping", list: "a list",
    object: "anything",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """What one field must be; `description` says what it is for, in messages and in the reference."""

    kind: type
    required: bool = False
    description: str = ""

    def hint(self, name: str) -> str:
        """What a person needs to know to write the field `name` well."""
        return f"{name}: {self.description}" if self.description else ""


@dataclass
class Reader:
    """Reads one document by a table of fields and collects what is wrong.

    `rules` is the prefix of the rule ids, for example `DEP`.
    """

    document: Document
    rules: str
    findings: list[Finding] = field(default_factory=list)

    def say(self, number: int, message: str, *keys: Key, hint: str = "", at_key: bool = False) -> None:
        """Add an error at a value, or at its key."""
        place = self.document.key_place(*keys) if at_key else self.document.place(*keys)
        self.findings.append(Finding(f"{self.rules}{number}", Severity.ERROR, message, place, hint))

    def mapping(self, fields: Mapping[str, Field], *keys: Key) -> dict[str, Any]:
        """The values at a key path that are as their fields say; all else becomes findings."""
        value = self._at(keys)
        if not isinstance(value, dict):
            self.say(1001, f"{_path(keys)} must be a mapping, not {describe(value)}", *keys)
            return {}
        good: dict[str, Any] = {}
        for name, item in value.items():
            known = fields.get(str(name))
            if known is None:
                self.say(
                    1002, f"unknown field {name!r}", *keys, name, hint=did_you_mean(str(name), fields), at_key=True
                )
            elif not fits(item, known.kind):
                message = f"{name!r} must be {KINDS[known.kind]}, not {describe(item)}"
                self.say(1004, message, *keys, name, hint=known.hint(str(name)))
            else:
                good[str(name)] = item
        for name, known in fields.items():
            if known.required and name not in value:
                self.say(1003, f"the field {name!r} is missing", *keys, hint=known.hint(name))
        return good

    def _at(self, keys: tuple[Key, ...]) -> Any:
        value: Any = self.document.value
        for key in keys:
            value = value[key]
        return value


def fits(value: object, kind: type) -> bool:
    """Whether a value is of a kind; true and false are no numbers, whole numbers are numbers too."""
    if isinstance(value, bool):
        return kind in (bool, object)
    return isinstance(value, (int, float) if kind is float else kind)


def describe(value: object) -> str:
    """A value's kind in words, for messages."""
    if value is None:
        return "nothing"
    return next((words for kind, words in KINDS.items() if fits(value, kind)), type(value).__name__)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known names, or with all of them when few."""
    names = sorted(known)
    near = nearest(name, names, most=3)
    if near:
        return f"did you mean {' or '.join(repr(n) for n in near)}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 20 else ""


def is_label(name: str) -> bool:
    """Whether a name is a DNS label: lower-case letters, digits and inner hyphens, at most 63 (RFC 1123, 2.1)."""
    return _LABEL.fullmatch(name) is not None


def _path(keys: tuple[Key, ...]) -> str:
    return "the document" if not keys else repr(".".join(str(key) for key in keys))
