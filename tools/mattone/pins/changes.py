"""What differs between two locks, a few words each; and what could move, and who holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mattone import digests
from mattone.pins.lock import Lock, as_value


def changes(old: Lock, new: Lock) -> tuple[str, ...]:
    """Every entry that was added, removed or changed, sorted; what is listed last differs in little things."""
    before, after = dict(_rows(old)), dict(_rows(new))
    found = [line for name in sorted({*before, *after}) if (line := _line(name, before.get(name), after.get(name)))]
    return tuple(found)


def _rows(lock: Lock) -> Iterator[tuple[str, Mapping[str, Any]]]:
    value = as_value(lock)
    for row in value["components"]:
        yield row["component"], row
    seen: dict[str, int] = {}
    for row in value["external"]:
        name = f"{row['kind']} {row['name']}"
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})", row


def _line(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old == new:
        return ""
    if old is None or new is None:
        return f"{name} is new" if old is None else f"{name} is needed no more"
    if old["version"] != new["version"]:
        return f"{name} moves from {old['version'] or 'nothing'} to {new['version'] or 'nothing'}"
    if old.get("digest") != new.get("digest"):
        return f"the content of {name} changes from {_short(old)} to {_short(new)}"
    fields = ", ".join(key for key in sorted({*old, *new}) if old.get(key) != new.get(key))
    return f"{name} differs in {fields}"


def _short(row: Mapping[str, Any]) -> str:
    return digests.short(row["digest"]) if "digest" in row else "not pinned"
