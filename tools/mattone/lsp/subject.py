"""What the word under a cursor means in a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mattone.lsp import members, slots
from mattone.lsp.cursor import Cursor, On
from mattone.lsp.language import PRIMITIVES, Where, keynames, where
from mattone.lsp.model import Model
from mattone.tosca.definitions import PropertyDef, capabilities_of, requirements_of
from mattone.tosca.source import Key
from mattone.tosca.types import TypeDef


@dataclass(frozen=True, slots=True)
class Word:
    """A word that the language itself explains: a function, a keyname, an entity, a primitive type, a rule, a field.

    element  whose keyname it is; of a field, what it is for
    """

    kind: str
    name: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A reference to a file, as written in the document."""

    reference: str


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the template."""

    definition: PropertyDef


# A type, property, capability, requirement or node template, or one of the classes above.
Subject = Any


def subject_at(model: Model, cursor: Cursor) -> Subject | None:
    """What a cursor is on; None when that has no meaning of its own, or none that is known."""
    if not cursor.word:
        return None
    if cursor.on is On.KEY:
        return _key(model, cursor.path, cursor.word)
    call = members.call_at(cursor.path)
    if call is not None:
        return _argument(model, cursor, *call)
    for one in where(cursor.path):
        found = _value(model, one, cursor.word)
        if found is not None:
            return found
    return None


def _key(model: Model, path: tuple[Key, ...], word: str) -> Subject | None:
    if word in slots.FUNCTIONS and members.call_at(path) is None and not _is_name(path):
        return Word("function", word)
    for one in where(path):
        if one.is_element and word in keynames(one.shape):
            return Word("keyname", word, one.shape)
        found = _member(model, one, path, word)
        if found is not None:
            return found
    return Word("function", word) if word in slots.FUNCTIONS else None


def _is_name(path: tuple[Key, ...]) -> bool:
    """Whether names that people choose stand here: they may be those of functions too."""
    return any(one.shape.startswith("{") and one.shape != "{any}" for one in where(path))


def _member(model: Model, one: Where, path: tuple[Key, ...], word: str) -> Subject | None:
    """What a name in a section is: a property that is set, a requirement, a definition of this very document."""
    if one.slot == ("node_template", "requirements"):
        owner = members.type_at(model, "node_template", one.base)
        return requirements_of(owner).get(word) if owner is not None else None
    if one.slot == ("node_template", "capabilities") and not one.rest:
        return members.capability_at(model, (*path, word))
    if one.keyname in ("properties", "attributes") and not one.element.endswith(("_type", "_definition")):
        return _property(model, one, word)
    if one.slot == ("topology_template", "inputs"):
        definition = model.whole.inputs.get(word)
        return Input(definition) if definition is not None else None
    if one.slot == ("topology_template", "node_templates"):
        return model.node(word)
    if one.element == "service_template" and one.keyname.endswith("_types"):
        return model.type(one.keyname.removesuffix("_types"), word)
    return None


def _property(model: Model, one: Where, word: str) -> PropertyDef | None:
    if not one.rest:
        return members.properties_at(model, one).get(word)
    return members.fields(members.schema_at(model, one)[1]).get(word)


def _value(model: Model, one: Where, word: str) -> Subject | None:
    if one.slot in slots.NODES:
        node = model.node(word)
        if node is not None:
            return node
    short = one.keyname in ("requirements", "capabilities", "entry_schema", "key_schema")
    for kind in slots.TYPES.get(one.slot, ()) if not short or one.shape == "name" else ():
        found = model.type(kind, word)
        if found is not None:
            return found
        if kind == "data" and word in PRIMITIVES:
            return Word("primitive type", word)
    if one.slot == ("requirement_assignment", "capability"):
        return _capability_of_target(model, one, word)
    return File(word) if one.slot in slots.FILES and one.shape in ("text", "name") else None


def _capability_of_target(model: Model, one: Where, word: str) -> Subject | None:
    node = model.node(model.raw(one.base).get("node"))
    return capabilities_of(node.type).get(word) if node is not None and node.type is not None else None


def _argument(model: Model, cursor: Cursor, function: str, call: tuple[Key, ...], index: int) -> Subject | None:
    word = cursor.word
    if function == "get_input" and index == 0:
        definition = model.whole.inputs.get(word)
        return Input(definition) if definition is not None else None
    if function == "get_nodes_of_type":
        return model.type("node", word)
    if function.startswith("get_") and function != "get_input" and index == 0:
        if word in slots.ENTITIES:
            return Word("entity", word)
        return model.node(word)
    if function in ("get_property", "get_attribute"):
        return members.steps(model, cursor.path, call, index).get(word)
    return None


def type_of(subject: Subject) -> TypeDef | None:
    """The type that a subject is, or is of."""
    if isinstance(subject, TypeDef):
        return subject
    found = getattr(subject, "type", None)
    return found if isinstance(found, TypeDef) else None
