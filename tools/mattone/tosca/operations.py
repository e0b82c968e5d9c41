"""Operations of interfaces, and the inputs that they take (1.3, 3.6.17 and 3.6.20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mattone.tosca.definitions import PropertyDef, property_of, text
from mattone.tosca.dialects import dialect_of
from mattone.tosca.functions import function_of
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope, TypeDef, named

# What stands in an interface beside its operations, which versions before 1.3 write there too.
OWN = frozenset({"type", "inputs", "operations", "notifications", "description", "metadata", "derived_from", "version"})
_DEFINITION = frozenset(
    {"type", "description", "required", "default", "status", "constraints", "entry_schema", "key_schema", "metadata"}
    | {"validation", "value", "mapping"}  # of 2.0
)


class Inputs(NamedTuple):
    """What an operation takes: the definitions, and the names that already have a value."""

    definitions: Mapping[str, PropertyDef]
    given: frozenset[str]
    implemented: bool

    def missing(self) -> tuple[PropertyDef, ...]:
        """The definitions of the inputs that must be given and are not."""
        known = self.definitions.values()
        return tuple(one for one in known if one.required and not one.has_default and one.name not in self.given)


def interface_type(kind: TypeDef, name: str) -> tuple[TypeDef | None, bool]:
    """The type of the interface that a type's nodes have under this name, and whether one is declared for it."""
    for owner in kind.lineage:
        section = owner.raw.get("interfaces")
        raw = section.get(name) if isinstance(section, dict) else None
        type_name = text(raw.get("type")) if isinstance(raw, dict) else ""
        if type_name:
            return owner.scope.find("interface", type_name), True
    return kind.scope.find("interface", name) if kind.scope.dialect.bare else None, False


def bodies(raw: Any, spot: Spot) -> Iterator[tuple[str, Any, Spot]]:
    """Name, body and place of each operation that an interface writes, in either form."""
    if isinstance(raw, dict):
        bare = raw if dialect_of(spot.document.value).bare else None
        for section, at in ((bare, spot), (raw.get("operations"), spot.at("operations"))):
            for name, body in section.items() if isinstance(section, dict) else ():
                if section is not bare or name not in OWN:
                    yield name, body, at.at(name)


def operations_of(interface: TypeDef, kind: TypeDef | None = None, name: str = "") -> frozenset[str]:
    """The operations of an interface type, and those that a type with its ancestors defines in its interface `name`."""
    found = {operation for owner in interface.lineage for operation, _, _ in bodies(owner.raw, owner.spot)}
    for owner in kind.lineage if kind is not None else ():
        section = owner.raw.get("interfaces")
        raw = section.get(name) if isinstance(section, dict) else None
        found |= {operation for operation, _, _ in bodies(raw, owner.spot)}
    return frozenset(one for one in found if isinstance(one, str))


def defined(name: str, raw: Any, spot: Spot, scope: Scope) -> PropertyDef | None:
    """An input's definition; None for what assigns it a value."""
    whole = isinstance(raw, dict) and isinstance(raw.get("type"), str) and raw.keys() <= _DEFINITION
    return property_of(name, raw, spot, scope) if whole and not function_of(raw, scope.dialect) else None


def inputs_of(kind: TypeDef, name: str, operation: str) -> Inputs:
    """What an operation of the interface `name` of a type takes, as its interface type and all ancestors define it."""
    known: dict[str, Inputs] = kind.once(
        f"inputs of {name}.{operation}", lambda one: {"": _inputs(one, name, operation)}
    )
    return known[""]


def _inputs(kind: TypeDef, name: str, operation: str) -> Inputs:
    definitions: dict[str, PropertyDef] = {}
    given: set[str] = set()
    implemented = False
    for section, spot, scope in _writers(kind, name):
        body, at = next(((b, s) for n, b, s in bodies(section, spot) if n == operation), (None, spot))
        implemented |= isinstance(body, str) or (isinstance(body, dict) and bool(body.get("implementation")))
        for raw, where in ((section.get("inputs"), spot), (body.get("inputs") if isinstance(body, dict) else None, at)):
            for one, value, keys in named(raw):
                definition = defined(one, value, where.at("inputs", *keys), scope)
                if definition is not None:
                    definitions[one] = definition
                else:
                    given.add(one)
    return Inputs(definitions, frozenset(given), implemented)


def _writers(kind: TypeDef, name: str) -> Iterator[tuple[Mapping[Any, Any], Spot, Scope]]:
    """Everything that says something of an interface, the most general first: its type, then the node's ancestors."""
    interface, _ = interface_type(kind, name)
    for owner in reversed(interface.lineage) if interface is not None else ():
        yield owner.raw, owner.spot, owner.scope
    for owner in reversed(kind.lineage):
        section = owner.raw.get("interfaces")
        raw = section.get(name) if isinstance(section, dict) else None
        if isinstance(raw, dict):
            yield raw, owner.spot.at("interfaces", name), owner.scope


class Unfilled(NamedTuple):
    """An input that a type leaves to its nodes.

    operation    the one that takes it; empty for an input of the whole interface, which one value is enough for
    implemented  the type implements the operation, or one of the interface
    """

    interface: str
    operation: str
    definition: PropertyDef
    implemented: bool


def unfilled(kind: TypeDef) -> tuple[Unfilled, ...]:
    """Every input without a value that a type's interfaces must be given."""
    return kind.once("inputs to fill", lambda one: tuple(_unfilled(one)))


def _unfilled(kind: TypeDef) -> Iterator[Unfilled]:
    for name in kind.members("interfaces"):
        interface, _ = interface_type(kind, name)
        if interface is None:
            continue
        shared = inputs_of(kind, name, "")
        each = {
            operation: inputs_of(kind, name, operation) for operation in sorted(operations_of(interface, kind, name))
        }
        given = {one for inputs in each.values() for one in inputs.given}
        runs = any(inputs.implemented for inputs in each.values())
        yield from (Unfilled(name, "", one, runs) for one in shared.missing() if one.name not in given)
        for operation, inputs in each.items():
            own = (one for one in inputs.missing() if one.name not in shared.definitions)
            yield from (Unfilled(name, operation, one, inputs.implemented) for one in own)
