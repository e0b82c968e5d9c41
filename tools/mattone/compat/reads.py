"""Data types whose values are read: a value that there never was hurts who reads attributes of the type.

Data types are compared as what one gives a value for. Those that an attribute has, itself or inside, are compared a
second time as what one reads, and only what breaks there is added.
"""

from __future__ import annotations

from collections.abc import Iterator

from mattone.compat.changes import Collector, Grade
from mattone.compat.library import Side
from mattone.compat.pair import owner, title
from mattone.compat.sameness import same
from mattone.compat.values import Position, Subject, Values
from mattone.tosca.definitions import PropertyDef, Schema, properties_of
from mattone.tosca.spots import show
from mattone.tosca.types import TypeDef


def compare_reads(before: Side, after: Side, out: Collector) -> None:
    """Compare the data types that attributes have, as read."""
    changed = {
        name for (kind, name), one in before.types.items()
        if kind == "data" and (new := after.types.get((kind, name))) is not None and not same(one.raw, new.raw)
    }  # fmt: skip
    if not changed:
        return
    for name, reader in sorted(_read_types(before).items()):
        if name in changed:
            _compare(before.types["data", name], after.types["data", name], reader, (before, after), out)


def _read_types(side: Side) -> dict[str, str]:
    """Names of the data types that attributes have, directly or inside, each with the first attribute that does."""
    found: dict[str, str] = {}
    for key, one in sorted(
        side.types.items(), key=lambda one: str(one[0])
    ):  # in no order of the file's: the first is told
        if "attributes" in one.raw:
            for name, attribute in sorted(properties_of(one, "attributes").items(), key=lambda one: str(one[0])):
                _collect(attribute, f"{title(*key)}, attribute {show(name)}", found)
    return found


def _collect(one: PropertyDef | None, reader: str, found: dict[str, str]) -> None:
    for schema in _schemas(one.schema if one is not None else None):
        kind = None if schema.scope.is_primitive(schema.type) else schema.scope.find("data", schema.type)
        if kind is not None and kind.name not in found:
            found[kind.name] = reader
            for field in properties_of(kind).values():
                _collect(field, reader, found)


def _schemas(schema: Schema | None) -> Iterator[Schema]:
    if schema is not None:
        yield schema
        yield from _schemas(schema.entry)
        yield from _schemas(schema.key)


def _compare(old: TypeDef, new: TypeDef, reader: str, sides: tuple[Side, Side], out: Collector) -> None:
    before, after = sides
    apart = Collector()
    values = Values(apart, lambda one: (one.kind, one.name) in before.types and (one.kind, one.name) in after.types)
    subject = Subject(title("data", new.name), Position.READ, old.spot, new.spot)
    own, other = (_own_fields(one) for one in (old, new))
    values.members(subject, own, other, "property")
    if old.scope.is_primitive(old.lineage[-1].raw.get("derived_from")):
        schemas = [Schema(one.name, one.scope, one.spot) for one in (old, new)]
        Values(apart, lambda _: False).schema(subject, *schemas)
    for one in apart.changes():
        if one.severity is Grade.BREAKING and not out.breaks(one.subject):
            out.take(one, f"{one.subject}, as read from {reader}")


def _own_fields(one: TypeDef) -> dict[str, PropertyDef | None]:
    known = properties_of(one)
    return {name: field for name, field in known.items() if field and owner(field.spot) == (one.kind, one.name)}
