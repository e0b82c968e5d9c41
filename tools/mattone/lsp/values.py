"""What may stand as a value: what a schema allows, inputs that fit it, names of types, nodes and files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from mattone.lsp import members, slots
from mattone.lsp.cursor import Cursor
from mattone.lsp.folders import Overlay
from mattone.lsp.language import PRIMITIVES, VERSIONS, Where, where
from mattone.lsp.model import Model
from mattone.lsp.offers import Kind, Offer, words
from mattone.lsp.subject import Input
from mattone.tosca.constraints import clauses
from mattone.tosca.definitions import CapabilityDef, PropertyDef, RequirementDef, Schema, capabilities_of
from mattone.tosca.functions import fits, spell
from mattone.tosca.source import Key
from mattone.tosca.spots import show
from mattone.tosca.template import NodeTemplate
from mattone.tosca.values import resolve


def offers(model: Model, cursor: Cursor, overlay: Overlay) -> Iterator[Offer]:
    """Everything that may stand as the value under the cursor."""
    call = members.call_at(cursor.path)
    if call is not None and call[0] not in ("concat", "join", "token"):
        yield from _argument(model, cursor.path, *call)
        return
    for one in where(cursor.path):
        yield from _named(model, one, overlay)
        _, schema = members.schema_at(model, one)
        if schema is not None:
            yield from of_schema(schema)
            yield from fitting_inputs(model, schema)
    if call is not None:
        yield from fitting_inputs(model, None)


def _named(model: Model, one: Where, overlay: Overlay) -> Iterator[Offer]:
    """Names of what exists."""
    if one.slot == ("service_template", "tosca_definitions_version"):
        yield from words((name for name in VERSIONS if name.startswith("tosca_")), Kind.EnumMember)
    if one.keyname == "status":
        yield from words(slots.STATUS, Kind.EnumMember)
    if one.shape == "bool":
        yield from truth()
    if one.slot in slots.NODES:
        yield from _nodes(model, one)
    if one.slot == ("requirement_assignment", "capability"):
        target = model.node(model.raw(one.base).get("node"))
        if target is not None and target.type is not None:
            for capability in capabilities_of(target.type).values():
                yield Offer(capability.name, Kind.Interface, capability.type_name, order=2, subject=capability)
    short = one.keyname in ("requirements", "capabilities", "entry_schema", "key_schema")
    for kind in slots.TYPES.get(one.slot, ()) if not short or one.shape == "name" else ():
        yield from types(model, kind)
    if one.slot in slots.FILES and one.shape in ("text", "name"):
        yield from _files(
            model.document.path, overlay, imports=one.element in ("service_template", "import_definition")
        )


def truth() -> Iterator[Offer]:
    for word in ("true", "false"):
        yield Offer(word, Kind.Value, order=1, literal=True)


def types(model: Model, kind: str) -> Iterator[Offer]:
    """The types of a kind, those of documents before the normative ones."""
    scope = model.template.scope
    own = scope.own(kind)
    for name in dict.fromkeys(scope.names(kind)):
        found = scope.find(kind, name)
        parent = str(found.raw.get("derived_from") or "") if found is not None else ""
        yield Offer(name, Kind.Class, parent, order=3 if name in own else 6, subject=found)
    if kind == "data":
        yield from words(sorted(PRIMITIVES), Kind.Keyword, "primitive type", order=2)


def _nodes(model: Model, one: Where) -> Iterator[Offer]:
    """Node templates: where a requirement's definition is known, only those that can fulfil it."""
    definition, own = None, ""
    if one.slot == ("node_template", "requirements"):
        if len(one.rest) < 2:
            return  # a name is wanted first
        definition, own = members.requirement_at(model, (*one.base, one.keyname, *one.rest[:2])), str(one.base[-1])
    elif one.slot == ("requirement_assignment", "node"):
        definition, own = members.requirement_at(model, one.base), str(one.base[2]) if len(one.base) > 2 else ""
    for node in model.whole.nodes.values():
        if node.name != own and (definition is None or _fulfils(node, definition)):
            yield Offer(node.name, Kind.Variable, node.type_name, order=1, subject=node)


def _fulfils(node: NodeTemplate, definition: RequirementDef) -> bool:
    if node.type is None:
        return True
    scope = definition.owner.scope
    wanted, capability = scope.find("node", definition.node), scope.find("capability", definition.capability)
    if wanted is not None and not node.type.is_a(wanted):
        return False
    if capability is None:
        return True
    return any(one.type is None or one.type.is_a(capability) for one in capabilities_of(node.type).values())


def of_schema(schema: Schema) -> Iterator[Offer]:
    """The values that a schema itself names."""
    _, primitive, inherited = resolve(schema)
    if primitive == "boolean":
        yield from truth()
    for one in (schema, *inherited):
        for _, operator, operand in clauses(one):
            values = operand if operator == "valid_values" and isinstance(operand, list) else []
            values = [operand] if operator == "equal" else values
            for value in values:
                if isinstance(value, (str, int, float, bool)):
                    literal = not isinstance(value, str)
                    yield Offer(show(value, 200), Kind.EnumMember, order=1, literal=literal)


def fitting_inputs(model: Model, schema: Schema | None) -> Iterator[Offer]:
    """Calls of `get_input` whose value fits a schema; without one, of all inputs."""
    for name, definition in model.whole.inputs.items():
        if schema is None or fits(definition.schema, schema):
            call = f"{{get_input: {name}}}"
            yield Offer(
                call, Kind.Reference, spell(definition.schema), order=3, subject=Input(definition), literal=True
            )


def _argument(model: Model, path: tuple[Key, ...], function: str, call: tuple[Key, ...], index: int) -> Iterator[Offer]:
    """What may stand as an argument of a function."""
    if function == "get_input":
        if index == 0:
            for name, definition in model.whole.inputs.items():
                yield Offer(name, Kind.Variable, spell(definition.schema), order=1, subject=Input(definition))
    elif function == "get_nodes_of_type":
        yield from types(model, "node")
    elif index == 0:
        for name, what in slots.ENTITIES.items():
            yield Offer(name, Kind.Keyword, what, order=2)
        for node in model.whole.nodes.values():
            yield Offer(node.name, Kind.Variable, node.type_name, order=1, subject=node)
    elif function in ("get_property", "get_attribute"):
        for name, found in members.steps(model, path, call, index).items():
            yield Offer(name, *_member(found), subject=found)


def _member(found: Any) -> tuple[Kind, str]:
    if isinstance(found, CapabilityDef):
        return Kind.Interface, found.type_name
    if isinstance(found, RequirementDef):
        return Kind.Interface, f"requirement of {found.capability}"
    return Kind.Property, spell(found.schema) if isinstance(found, PropertyDef) else ""


def _files(path: str, overlay: Overlay, imports: bool) -> Iterator[Offer]:
    """YAML files of the document's own folder and of the type library, relative to the document."""
    folder = posixpath.dirname(path)
    places = dict.fromkeys([folder, "tosca-types"] if folder else ["tosca-types"])
    for place in places:
        for found in overlay.tree.files(place) if (overlay.root / place).is_dir() else ():
            deep = found.removeprefix(place).lstrip("/").count("/")
            library = deep == 0 and not found.endswith("library.yaml")
            if found.endswith((".yaml", ".yml")) and found != path and (library if imports else deep > 0):
                yield Offer(posixpath.relpath(found, folder or "."), Kind.File, order=2)
