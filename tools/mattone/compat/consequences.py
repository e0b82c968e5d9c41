"""Who else changes when a type does: its descendants, and the types that use it. They demand nothing by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from mattone.compat.changes import Collector
from mattone.compat.library import Side
from mattone.compat.pair import title
from mattone.tosca.definitions import Schema, property_of, text
from mattone.tosca.types import TypeDef, named

_SECTIONS = {
    "property": "properties",
    "attribute": "attributes",
    "capability": "capabilities",
    "requirement": "requirements",
    "artifact": "artifacts",
}


def note_consequences(before: Side, out: Collector) -> None:
    """Say of every change that is not a mere patch what else it reaches, by the old side's types."""
    heads = {subject.partition(", ")[0] for subject in out.subjects()}
    if not heads:
        return
    users = _users(before, heads)
    for subject in out.subjects():
        head, _, member = subject.partition(", ")
        word, _, name = member.partition(",")[0].partition(" ")
        for user, one in users.get(head, ()):
            own = one.raw.get(_SECTIONS.get(word, "")) if one is not None else None
            if not any(known == name for known, _, _ in named(own)):  # it says itself what this is
                out.follow(subject, user)


def _users(side: Side, heads: set[str]) -> dict[str, list[tuple[str, TypeDef | None]]]:
    """Title of a type to the subjects that depend on it; with the type itself where it derives from the other."""
    found: dict[str, list[tuple[str, TypeDef | None]]] = {head: [] for head in heads}
    for key, one in side.types.items():
        for ancestor in one.lineage[1:]:
            head = title(ancestor.kind, ancestor.name)
            if head in found:
                found[head].append((title(*key), one))
        for used, subject in _uses(one):
            if used in found:
                found[used].append((subject, None))
    return found


def _uses(one: TypeDef) -> Iterator[tuple[str, str]]:
    """Title of a type that a definition of this one names, and the definition's subject."""
    own = title(one.kind, one.name)
    for word in ("property", "attribute"):
        for name, raw, _ in named(one.raw.get(_SECTIONS[word])):
            found = property_of(name, raw, one.spot, one.scope)
            for schema in _schemas(found.schema if found is not None else None):
                kind = one.scope.find("data", schema.type)
                if kind is not None and not kind.normative:
                    yield title("data", kind.name), f"{own}, {word} {name}"
    for name, raw, _ in named(one.raw.get("capabilities")):
        kind = one.scope.find("capability", text(raw.get("type")) if isinstance(raw, dict) else raw)
        if kind is not None and not kind.normative:
            yield title("capability", kind.name), f"{own}, capability {name}"


def _schemas(schema: Schema | None) -> Iterator[Schema]:
    if schema is not None:
        yield schema
        yield from _schemas(schema.entry)
        yield from _schemas(schema.key)
