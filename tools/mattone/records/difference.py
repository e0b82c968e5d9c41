"""What two records differ in: versions, content, inputs, where and by what they were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mattone import digests
from mattone.records.model import Record

_FIELDS = ("service", "provider", "commit", "description", "protected", "bundle", "template", "tool", "applied_by")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that two records have differently; None where one of them has none.

    kind  field, input, secret, version (of a component), content (same version, other content) or machine
    """

    kind: str
    name: str
    old: Any
    new: Any


def differences(old: Record, new: Record) -> tuple[Difference, ...]:
    """Every difference between two records, of one deployment or of two; times and ids of operations aside."""
    return (
        *_of_values("field", _named(old), _named(new)),
        *_of_values("input", old.inputs, new.inputs),
        *_of_values("secret", _versions(old), _versions(new)),
        *_of_pins(_pins(old.lock), _pins(new.lock)),
        *_of_values("machine", _sizes(old), _sizes(new)),
    )


def _named(record: Record) -> dict[str, Any]:
    engine = {f"engine {name}": record.engine[name] for name in ("version", "instance") if name in record.engine}
    return {**{name: getattr(record, name) for name in _FIELDS if getattr(record, name)}, **engine}


def _versions(record: Record) -> dict[str, Any]:
    return {path: f"version {secret.get('version', '')}" for path, secret in record.secrets.items()}


def _sizes(record: Record) -> dict[str, Any]:
    return {str(one["name"]): f"{one['cpus']:g} CPU, {one['memory']} MiB" for one in record.machines}


def _of_values(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*old, *new}, key=str):
        if digests.of_value(old.get(name)) != digests.of_value(new.get(name)):
            yield Difference(kind, str(name), old.get(name), new.get(name))


def _pins(lock: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {row["component"]: row for row in lock.get("components", ())}
    for row in lock.get("external", ()):
        name = f"{row['kind']} {row['name']}"
        found[name if name not in found else f"{name} {row['version']}"] = row
    return found


def _of_pins(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        before, after = old.get(name, {}), new.get(name, {})
        if before.get("version") != after.get("version"):
            yield Difference("version", name, before.get("version"), after.get("version"))
        elif before.get("digest") != after.get("digest"):
            yield Difference("content", name, before.get("digest"), after.get("digest"))
