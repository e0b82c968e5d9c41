"""The interfaces of a type with their operations, those of its ancestors merged in (1.3, 3.7.5 and 3.6.17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mattone.tosca.definitions import PropertyDef, property_of, text
from mattone.tosca.functions import function_of
from mattone.tosca.spots import Spot
from mattone.tosca.types import TypeDef, named

# Keys of an interface that are no operations.
_RESERVED = frozenset(
    {"type", "inputs", "operations", "notifications", "description", "metadata", "derived_from", "version"}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as one type or several of a lineage define it.

    implementation  files as written, the primary one first
    inputs          definitions; what is given a value there (a function, a constant) stands in `wired`
    """

    name: str
    implementation: tuple[str, ...]
    inputs: Mapping[str, PropertyDef]
    wired: Mapping[str, Any]
    outputs: tuple[str, ...]
    owner: TypeDef
    spot: Spot


def operations_of(kind: TypeDef) -> dict[str, dict[str, Operation]]:
    """Interface to operation to its definition; what a descendant says of an operation takes its ancestor's place."""
    return kind.once("operations by interface", _gather)


def _gather(kind: TypeDef) -> dict[str, dict[str, Operation]]:
    found: dict[str, dict[str, Operation]] = {}
    for one in reversed(kind.lineage):
        if kind.kind == "interface":
            _merge(found, "", one.raw, one.spot, one)
        for name, raw, keys in named(one.raw.get("interfaces")):
            _merge(found, name, raw, one.spot.at("interfaces", *keys), one)
    return found


def _merge(found: dict[str, dict[str, Operation]], name: str, raw: Any, spot: Spot, owner: TypeDef) -> None:
    operations = found.setdefault(name, {})
    if not isinstance(raw, dict):
        return
    shared = raw.get("inputs")
    for operation, body, at in _operations(raw, spot):
        operations[operation] = _operation(operation, body, at, owner, shared, spot)


def _operations(raw: Mapping[Any, Any], spot: Spot) -> Iterator[tuple[str, Any, Spot]]:
    for section, at in ((raw, spot), (raw.get("operations"), spot.at("operations"))):
        for name, body, keys in named(section if isinstance(section, dict) else None):
            if not (section is raw and name in _RESERVED):
                yield name, body, at.at(*keys)


def _operation(name: str, raw: Any, spot: Spot, owner: TypeDef, shared: Any, around: Spot) -> Operation:
    body = raw if isinstance(raw, dict) else {"implementation": raw}
    inputs: dict[str, PropertyDef] = {}
    wired: dict[str, Any] = {}
    for section, at in ((shared, around.at("inputs")), (body.get("inputs"), spot.at("inputs"))):
        for key, value, keys in named(section):
            defined = property_of(key, value, at.at(*keys), owner.scope) if _is_definition(value) else None
            if defined is not None:
                inputs[key] = defined
            else:
                wired[key] = value
    outputs = tuple(key for key, _, _ in named(body.get("outputs")))
    return Operation(name, tuple(files_of(body.get("implementation"))), inputs, wired, outputs, owner, spot)


def _is_definition(value: Any) -> bool:
    """Whether an input is defined here (it has a type) and not given a value, as most types of this field do."""
    if not isinstance(value, dict) or function_of(value):
        return False
    return isinstance(value.get("type"), str) and "value" not in value


def files_of(value: Any) -> Iterator[str]:
    """The files that an implementation names, the primary one first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in ("primary", "file"):
            inner = value.get(key)
            yield from files_of(inner.get("file") if isinstance(inner, dict) else inner)
        dependencies = value.get("dependencies")
        yield from (text(one) for one in dependencies if text(one)) if isinstance(dependencies, list) else ()
