"""What may stand as a key: keynames of the grammar, members of types that are not set yet, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mattone.lsp import members, slots
from mattone.lsp.language import Where, is_required, keynames, where
from mattone.lsp.model import Model
from mattone.lsp.offers import Kind, Offer
from mattone.lsp.subject import Input, Word
from mattone.tosca.constraints import OPERATORS
from mattone.tosca.definitions import PropertyDef, capabilities_of, requirements_of
from mattone.tosca.functions import FUNCTIONS, spell
from mattone.tosca.source import Key
from mattone.tosca.types import TypeDef
from mattone.tosca.values import resolve

_VALUES = frozenset({"text", "name", "bool", "int", "scalar", "any"})
_RESERVED = frozenset(
    {"type", "inputs", "operations", "notifications", "description", "metadata", "derived_from", "version"}
)


def offers(model: Model, path: tuple[Key, ...], word: str = "") -> Iterator[Offer]:
    """Everything that may stand as a key in the mapping at a path; what is set already is left out.

    word  the key under the cursor: it may be set already, for it is this one
    """
    present = {key for key in model.raw(path) if key != word}
    for one in where(path):
        for offer in _of(model, one, path):
            if offer.label not in present:
                yield offer


def _of(model: Model, one: Where, path: tuple[Key, ...]) -> Iterator[Offer]:
    if one.is_element:
        yield from _keynames(one.shape)
        if one.shape == "interface_definition":
            yield from _operations(model, path)
        return
    if one.slot == ("node_template", "requirements"):
        yield from _requirements(model, one)
    elif one.slot == ("node_template", "capabilities") and not one.rest:
        yield from _capabilities(model, one)
    elif one.keyname in ("properties", "attributes") and not one.element.endswith("_type"):
        yield from _properties(model, one)
    elif one.keyname == "interfaces" and not one.rest:
        yield from _interfaces(model, one)
    elif one.keyname == "constraints":
        yield from (Offer(name, Kind.Operator, "constraint", " ") for name in OPERATORS)
    elif one.shape == "any":
        yield from functions()


def _keynames(element: str) -> Iterator[Offer]:
    for name, description in keynames(element).items():
        if name != "*":
            leaf = any(part in _VALUES for part in description.split("|"))
            order = 2 if is_required(element, name) else 4
            what = element.replace("_", " ")
            yield Offer(name, Kind.Keyword, what, " " if leaf else "\n", order, Word("keyname", name, element))


def _requirements(model: Model, one: Where) -> Iterator[Offer]:
    owner = members.type_at(model, "node_template", one.base)
    for name, definition in requirements_of(owner).items() if owner is not None and len(one.rest) < 2 else ():
        yield Offer(name, Kind.Interface, definition.capability, " ", 1, definition)


def _capabilities(model: Model, one: Where) -> Iterator[Offer]:
    owner = members.type_at(model, "node_template", one.base)
    for name, definition in capabilities_of(owner).items() if owner is not None else ():
        yield Offer(name, Kind.Interface, definition.type_name, "\n", 1, definition)


def _properties(model: Model, one: Where) -> Iterator[Offer]:
    if not one.rest:
        yield from fields(members.properties_at(model, one))
        return
    schema = members.schema_at(model, one)[1]
    known = members.fields(schema)
    yield from fields(known)
    if not known:
        yield from functions()


def fields(known: Mapping[str, PropertyDef | None]) -> Iterator[Offer]:
    """Properties or inputs as keys, required ones first."""
    for name, one in known.items():
        if one is None:
            yield Offer(name, Kind.Property, after=" ")
            continue
        order = 1 if one.required and not one.has_default else 3
        complex_type, primitive, _ = resolve(one.schema)
        deep = complex_type is not None or primitive in ("list", "map")
        yield Offer(name, Kind.Property, spell(one.schema), "\n" if deep else " ", order, one)


def inputs(known: Mapping[str, PropertyDef]) -> Iterator[Offer]:
    for offer in fields(known):
        definition = offer.subject
        subject = Input(definition) if definition is not None else None
        yield Offer(offer.label, Kind.Variable, offer.detail, offer.after, offer.order, subject)


def functions() -> Iterator[Offer]:
    for name in sorted(FUNCTIONS):
        what = slots.FUNCTIONS.get(name, ("", ""))[0]
        yield Offer(name, Kind.Function, what, " ", 3, Word("function", name) if what else None)


def _interfaces(model: Model, one: Where) -> Iterator[Offer]:
    kind = members.type_at(model, one.element, one.base)
    known: dict[str, Any] = dict(kind.members("interfaces")) if kind is not None else {}
    for name in known or ("Standard", "Configure"):
        yield Offer(name, Kind.Interface, "interface", "\n", 1)


def _operations(model: Model, path: tuple[Key, ...]) -> Iterator[Offer]:
    """The operations of the interface at a path."""
    from mattone.tosca.operations import interface_type

    holder, _ = members.holder_at(model, path)
    name = str(path[-1])
    interface = interface_type(holder, name)[0] if holder is not None else model.type("interface", name)
    for operation in _named(interface):
        yield Offer(operation, Kind.Method, "operation", "\n", 1)


def _named(interface: TypeDef | None) -> list[str]:
    if interface is None:
        return []
    own = {name for one in interface.lineage for name in one.raw if isinstance(name, str) and name not in _RESERVED}
    return sorted(own | set(interface.members("operations")))
