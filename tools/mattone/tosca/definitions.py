"""What types and templates declare: properties, attributes, parameters, capabilities, requirements."""

from __future__ import annotations

from typing import Any, NamedTuple

from mattone.tosca.dialects import UNBOUNDED
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope, TypeDef, named


class _Missing:
    """No default was given; distinct from a default of null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


class Validation(NamedTuple):
    """A validation clause of 2.0 (9.11) as written, and where it stands."""

    clause: Any
    spot: Spot


class Schema(NamedTuple):
    """What a value must look like (TOSCA Simple Profile 1.3, 3.6.9 schema definition).

    type         as written; looked up in `scope`
    constraints  the clauses as written, or None when they are no list
    entry, key   schema of the entries of a list or map, and of the keys of a map
    validations  of 2.0, in place of constraints: all that its definition and what it refines give
    """

    type: str
    scope: Scope
    spot: Spot
    constraints: list[Any] | None = None
    entry: Schema | None = None
    key: Schema | None = None
    validations: tuple[Validation, ...] = ()


class PropertyDef(NamedTuple):
    """A property, attribute, input or output definition (1.3, 3.6.10, 3.6.12, 3.6.14).

    secret  its metadata say `secret: true`: it takes references to secrets, never values
    fixed   the default is all that it can be (2.0, 9.4 `value`)
    """

    name: str
    schema: Schema
    required: bool
    default: Any
    description: str
    status: str
    spot: Spot
    secret: bool = False
    fixed: bool = False

    @property
    def has_default(self) -> bool:
        return self.default is not MISSING


def schema_of(raw: Any, spot: Spot, scope: Scope) -> Schema | None:
    """The schema that a definition holds, in its short (a type name) or long form; None when it has no type."""
    if isinstance(raw, str):
        return Schema(raw, scope, spot)
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return None
    constraints = raw.get("constraints")
    entry, key = raw.get("entry_schema"), raw.get("key_schema")
    return Schema(
        raw["type"],
        scope,
        spot,
        constraints if isinstance(constraints, list) else None,
        schema_of(entry, spot.at("entry_schema"), scope) if entry is not None else None,
        schema_of(key, spot.at("key_schema"), scope) if key is not None else None,
        validations_of(raw, spot) if scope.dialect.refines else (),
    )


def validations_of(raw: Any, spot: Spot) -> tuple[Validation, ...]:
    """The validation clause that a definition of 2.0 gives itself."""
    clause = raw.get("validation") if isinstance(raw, dict) else None
    return (Validation(clause, spot.at("validation")),) if clause is not None else ()


def property_of(name: str, raw: Any, spot: Spot, scope: Scope) -> PropertyDef | None:
    """The definition of one property or parameter, or None when it is too broken to use."""
    schema = schema_of(raw, spot, scope)
    if schema is None:
        return None
    if isinstance(raw, str):
        return PropertyDef(name, schema, True, MISSING, "", "supported", spot)
    fixed = scope.dialect.refines and "value" in raw
    return PropertyDef(
        name,
        schema,
        raw.get("required", True) is not False,
        raw["value"] if fixed else raw.get("default", MISSING),
        text(raw.get("description")),
        text(raw.get("status")) or "supported",
        spot,
        _is_secret(raw.get("metadata")),
        fixed,
    )


def _is_secret(metadata: Any) -> bool:
    """Metadata are a map of strings (1.3, 3.6.2), so people write "true" and true."""
    return isinstance(metadata, dict) and metadata.get("secret") in (True, "true")


def text(value: Any) -> str:
    """A text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def properties_of(kind: TypeDef, section: str = "properties") -> dict[str, PropertyDef | None]:
    """The properties (or attributes) of a type with inheritance; None for a broken definition."""
    return kind.once(section, lambda one: _properties(one, section))


def own_properties(kind: TypeDef, section: str = "properties") -> dict[str, PropertyDef | None]:
    """The properties (or attributes) that a type itself defines; None for a broken definition."""
    return kind.once(f"own {section}", lambda one: _own_properties(one, section))


def _own_properties(kind: TypeDef, section: str) -> dict[str, PropertyDef | None]:
    at = kind.spot.at(section)
    defined = named(kind.raw.get(section))
    return {name: property_of(name, raw, at.at(*keys), kind.scope) for name, raw, keys in defined}


def _properties(kind: TypeDef, section: str) -> dict[str, PropertyDef | None]:
    if kind.scope.dialect.refines:
        from mattone.tosca.refined import properties

        return properties(kind, section)
    return {name: own_properties(owner, section)[name] for name, (_, _, owner) in kind.members(section).items()}


class CapabilityDef(NamedTuple):
    """A capability of a node type (1.3, 3.7.2; 2.0, 8.2): its type, refined properties and limits."""

    name: str
    type_name: str
    type: TypeDef | None
    properties: dict[str, PropertyDef | None]
    attributes: dict[str, PropertyDef | None]
    valid_source_types: list[Any]
    occurrences: tuple[int, int]
    owner: TypeDef
    spot: Spot


class RequirementDef(NamedTuple):
    """A requirement of a node type (1.3, 3.7.3; 2.0, 8.4): what it needs, of whom, how often.

    The names are as written; the types that they name are None where they are not known.
    """

    name: str
    capability: str
    node: str
    relationship: str
    occurrences: tuple[int, int]
    owner: TypeDef
    spot: Spot
    capability_type: TypeDef | None
    node_type: TypeDef | None
    relationship_type: TypeDef | None


def occurrences_of(value: Any, default: tuple[int, int]) -> tuple[int, int]:
    """`[min, max]` as numbers, UNBOUNDED for the word; the default when malformed."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], int)):
        return default
    if value[1] == "UNBOUNDED":
        return value[0], UNBOUNDED
    return (value[0], value[1]) if isinstance(value[1], int) else default


def capabilities_of(kind: TypeDef) -> dict[str, CapabilityDef]:
    """The capabilities of a node type with inheritance."""
    return kind.once("capabilities", _capabilities)


def _capabilities(kind: TypeDef) -> dict[str, CapabilityDef]:
    if kind.scope.dialect.refines:
        from mattone.tosca.refined import capabilities

        return capabilities(kind)
    return {name: capability_of(name, *member) for name, member in kind.members("capabilities").items()}


def capability_of(name: str, raw: Any, spot: Spot, owner: TypeDef) -> CapabilityDef:
    """The capability that one definition defines."""
    long = raw if isinstance(raw, dict) else {"type": raw}
    type_name = text(long.get("type"))
    found = owner.scope.find("capability", type_name)
    sections: list[dict[str, PropertyDef | None]] = []
    for section in ("properties", "attributes"):
        members = dict(properties_of(found, section)) if found else {}
        refined = long.get(section)
        if isinstance(refined, dict):
            for key, value in refined.items():
                members[key] = property_of(key, value, spot.at(section, key), owner.scope)
        sections.append(members)
    valid = long.get(owner.scope.dialect.sources)
    limits = occurrences_of(long.get("occurrences"), (1, UNBOUNDED))
    sources = valid if isinstance(valid, list) else []
    return CapabilityDef(name, type_name, found, sections[0], sections[1], sources, limits, owner, spot)


def requirements_of(kind: TypeDef) -> dict[str, RequirementDef]:
    """The requirements of a node type with inheritance."""
    return kind.once("requirements", _requirements)


def _requirements(kind: TypeDef) -> dict[str, RequirementDef]:
    if kind.scope.dialect.refines:
        from mattone.tosca.refined import requirements

        return requirements(kind)
    return {name: requirement_of(name, *member) for name, member in kind.members("requirements").items()}


def requirement_of(name: str, raw: Any, spot: Spot, owner: TypeDef) -> RequirementDef:
    """The requirement that one definition defines."""
    long = raw if isinstance(raw, dict) else {"capability": raw}
    relationship = long.get("relationship")
    if isinstance(relationship, dict):
        relationship = relationship.get("type")
    dialect, find = owner.scope.dialect, owner.scope.find
    limits = occurrences_of(long.get(dialect.limits), dialect.unlimited)
    capability, node, relationship = (text(long.get("capability")), text(long.get("node")), text(relationship))
    types = (find("capability", capability), find("node", node), find("relationship", relationship))
    return RequirementDef(name, capability, node, relationship, limits, owner, spot, *types)
