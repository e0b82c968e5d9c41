"""Definitions of TOSCA 2.0 that refine inherited ones, keyname by keyname (2.0, 5.1.3, 8.3, 8.6 and 9.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mattone.tosca.definitions import (
    CapabilityDef,
    PropertyDef,
    RequirementDef,
    Schema,
    capability_of,
    occurrences_of,
    property_of,
    requirement_of,
    schema_of,
    text,
    validations_of,
)
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope, TypeDef, named
from mattone.tosca.values import resolve

T = TypeVar("T")
_Make = Callable[[str, Any, Spot, TypeDef, T | None], T]


def properties(kind: TypeDef, section: str) -> dict[str, PropertyDef | None]:
    """The properties (or attributes) of a type with inheritance and refinement; None for a broken definition."""

    def make(name: str, raw: Any, spot: Spot, owner: TypeDef, before: PropertyDef | None) -> PropertyDef | None:
        return refined_property(before, name, raw, spot, owner.scope)

    return _gathered(kind, section, section, make)


def capabilities(kind: TypeDef) -> dict[str, CapabilityDef]:
    """The capabilities of a node type with inheritance and refinement."""
    return _gathered(kind, "capabilities", "capabilities", _capability)


def requirements(kind: TypeDef) -> dict[str, RequirementDef]:
    """The requirements of a node type with inheritance and refinement."""
    return _gathered(kind, "requirements", "requirements", _requirement)


def _gathered(kind: TypeDef, section: str, what: str, make: _Make[T]) -> dict[str, T]:
    """The members of the ancestors refined by one's own; each ancestor's are kept for its other children."""
    found: dict[str, T] = {}
    circle = kind.lineage[-1].parent is not None
    for owner in reversed(kind.lineage):
        inherited = found

        def own(one: TypeDef, inherited: dict[str, T] = inherited) -> dict[str, T]:
            made = dict(inherited)
            for name, raw, keys in named(one.raw.get(section)):
                made[name] = make(name, raw, one.spot.at(section, *keys), one, inherited.get(name))
            return made

        found = own(owner) if circle or owner is kind else owner.once(what, own)
    return found


def refined_property(before: PropertyDef | None, name: str, raw: Any, spot: Spot, scope: Scope) -> PropertyDef | None:
    """A definition as it refines the inherited one; without one, as it stands.

    What is no mapping of keynames is a value that the property is fixed to (9.4).
    """
    if before is None:
        return property_of(name, raw, spot, scope) if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not is_definition(raw, scope):
        return before._replace(default=raw, fixed=_is_value(raw, before), spot=spot)
    fixed = "value" in raw
    return before._replace(
        schema=_schema(before.schema, raw, spot, scope),
        required=before.required or raw.get("required", True) is not False,
        default=raw["value"] if fixed else raw.get("default", before.default),
        description=text(raw.get("description")) or before.description,
        fixed=fixed or before.fixed,
        spot=spot,
    )


def _is_value(raw: Any, before: PropertyDef) -> bool:
    """Whether what stands in place of a definition can be a value of its type; one that cannot fixes nothing."""
    complex_type, _, _ = resolve(before.schema)
    fields = complex_type.members("properties") if complex_type is not None else {}
    return complex_type is None or (isinstance(raw, dict) and any(key in fields for key in raw))


def is_definition(raw: dict[Any, Any], scope: Scope) -> bool:
    """Whether a mapping is a property definition and not a value in its place."""
    known = scope.dialect.elements["property_definition"]
    return not raw or any(f"{key}" in known or f"{key}+" in known for key in raw)


def _schema(before: Schema, raw: Any, spot: Spot, scope: Scope) -> Schema:
    """The schema of a refinement: its own type where it has one, and all validation clauses."""
    typed = isinstance(raw.get("type"), str)
    own = schema_of({"type": before.type, **raw}, spot, scope)
    if own is None:
        return before
    return (own if typed else before)._replace(
        entry=_refined_schema(before.entry, own.entry),
        key=_refined_schema(before.key, own.key),
        validations=(*before.validations, *validations_of(raw, spot)),
    )


def _refined_schema(before: Schema | None, own: Schema | None) -> Schema | None:
    if before is None or own is None:
        return own or before
    return own._replace(
        entry=_refined_schema(before.entry, own.entry),
        key=_refined_schema(before.key, own.key),
        validations=(*before.validations, *own.validations),
    )


def _capability(name: str, raw: Any, spot: Spot, owner: TypeDef, before: CapabilityDef | None) -> CapabilityDef:
    long = raw if isinstance(raw, dict) else {"type": raw}
    typed = isinstance(long.get("type"), str)
    base = capability_of(name, {"type": long["type"]} if typed else {}, spot, owner)
    if before is not None and not typed:
        base = before._replace(spot=spot, owner=owner)
    sections = []
    for section, members in (("properties", base.properties), ("attributes", base.attributes)):
        known = {**members, **_kept(before, section)} if typed and before is not None else dict(members)
        for key, value, keys in named(long.get(section)):
            at = spot.at(section, *keys)
            known[key] = refined_property(known.get(key), key, value, at, owner.scope)
        sections.append(known)
    sources = long.get(owner.scope.dialect.sources)
    return base._replace(
        properties=sections[0],
        attributes=sections[1],
        valid_source_types=sources if isinstance(sources, list) else base.valid_source_types,
    )


def _kept(before: CapabilityDef, section: str) -> dict[str, PropertyDef | None]:
    """Members that the inherited definition refined itself; its type's own come anew from the refined type."""
    members = before.properties if section == "properties" else before.attributes
    return {
        name: one
        for name, one in members.items()
        if one is not None and one.spot.keys[: len(before.spot.keys)] == before.spot.keys
    }


def _requirement(name: str, raw: Any, spot: Spot, owner: TypeDef, before: RequirementDef | None) -> RequirementDef:
    own = requirement_of(name, raw, spot, owner)
    long = raw if isinstance(raw, dict) else {}
    if before is not None:
        limits = owner.scope.dialect.limits
        own = before._replace(
            owner=owner,
            spot=spot,
            occurrences=occurrences_of(long.get(limits), before.occurrences),
            **{key: getattr(own, key) for part in _PARTS if getattr(own, part) for key in (part, f"{part}_type")},
        )
    if own.capability_type is None and own.node_type is not None:
        offered = capabilities_named(own.node_type, own.capability)
        own = own._replace(capability_type=offered.type if offered else None)
    return own


_PARTS = ("capability", "node", "relationship")


def capabilities_named(kind: TypeDef, name: str) -> CapabilityDef | None:
    """The capability of this symbolic name: a requirement may name one in place of a type (8.5).

    Looked up in the definitions alone: two node types may require each other.
    """
    for owner in kind.lineage:
        for key, raw, keys in named(owner.raw.get("capabilities")):
            if key == name:
                return capability_of(name, raw, owner.spot.at("capabilities", *keys), owner)
    return None
