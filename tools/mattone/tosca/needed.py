"""The types that a topology needs, with all that they need themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.errors import InputError
from mattone.tosca.spots import show
from mattone.tosca.types import Scope, TypeDef

# Key that names a type, and the kinds it may be of; which one is told by finding it.
_NAMING = {
    "type": ("node", "data", "capability", "relationship", "artifact", "interface", "group", "policy"),
    "node": ("node",),
    "capability": ("capability",),
    "relationship": ("relationship",),
    "entry_schema": ("data",),
    "key_schema": ("data",),
    "valid_source_types": ("node",),
    "valid_target_types": ("capability", "node"),
    "node_type": ("node",),
    "valid_source_node_types": ("node",),
    "valid_target_node_types": ("node",),
    "valid_capability_types": ("capability",),
    "valid_relationship_types": ("relationship",),
    "data_type": ("data",),
    "result": ("data",),
    "arguments": ("data",),
    "optional_arguments": ("data",),
    "targets": ("node", "group"),
    "members": ("node",),
}


def needed_types(topology: Any, scope: Scope) -> list[TypeDef]:
    """Every type of a document that the topology uses, directly or through other types, sorted by kind and name.

    Normative types are left out: every engine has them. Raises InputError when two different types of one kind
    have the same name, as namespace prefixes allow: one document cannot hold both.
    """
    found: dict[tuple[str, str], TypeDef] = {}
    waiting = list(_named(topology, scope))
    while waiting:
        one = waiting.pop()
        known = found.get((one.kind, one.name))
        if known is not None and (one.normative or not known.normative):
            _refuse_twins(known, one)
            continue  # else a type of the document's own takes the place of the normative one that it hides
        found[one.kind, one.name] = one
        parent = one.parent
        waiting += [parent] if parent is not None else []
        waiting += _named(dict(one.raw), one.scope)
    return [one for key, one in sorted(found.items()) if not one.normative]


def _refuse_twins(one: TypeDef, other: TypeDef) -> None:
    if one is other or one.raw == other.raw or other.normative:
        return
    raise InputError(
        f"two different {one.kind} types are called `{show(one.name)}`, and one document can hold only one",
        place=other.spot.key_place(),
        hint=f"Rename one of them; the other is at {one.spot.key_place()}.",
    )


def _named(value: Any, scope: Scope) -> Iterator[TypeDef]:
    """Types named anywhere inside a value. A name that only looks like one costs a type too many, never one too few."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item, scope)
    elif isinstance(value, dict):
        for key, inner in value.items():
            kinds = _NAMING.get(key, ()) if isinstance(key, str) else ()
            names = inner if isinstance(inner, list) else [inner]
            for name in names:
                if isinstance(name, str) and not scope.is_primitive(name):
                    yield from _find(name, kinds, scope)
            if not kinds and isinstance(inner, str):
                # Short forms: `capabilities: {name: type}` and `requirements: [name: type]`.
                yield from _find(inner, ("capability", "node"), scope)
            yield from _named(inner, scope)


def _find(name: str, kinds: tuple[str, ...], scope: Scope) -> Iterator[TypeDef]:
    for kind in kinds:
        found = scope.find(kind, name)
        if found is not None:
            yield found
