"""What a derived type of TOSCA 2.0 may change of what it inherits, and what its definitions must say themselves.

TOSCA 2.0, 5.2, 6.4.2, 8.2.1, 8.4.1, 9.2 to 9.4.
"""

from __future__ import annotations

from typing import Any

from mattone.checks.context import Context
from mattone.tosca import units
from mattone.tosca.definitions import PropertyDef, Schema, capabilities_of, properties_of, requirements_of
from mattone.tosca.functions import fits, spell
from mattone.tosca.refined import is_definition
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import resolve

# Section of a type, and the element of the grammar that each of its members is.
_MEMBERS = {
    "properties": "property_definition",
    "attributes": "attribute_definition",
    "capabilities": "capability_definition",
    "requirements": "requirement_definition",
    "interfaces": "interface_definition",
}


def check_derivation(context: Context, kind: TypeDef) -> None:
    """Check what a type of 2.0 defines anew, and what it refines."""
    _version(context, kind)
    for section, element in _MEMBERS.items():
        inherited = kind.parent.members(section) if kind.parent is not None else {}
        for name, raw, keys in named(kind.raw.get(section)):
            if name not in inherited and kind.whole:
                _complete(context, element, raw, kind.spot.at(section, *keys))
    for section in ("properties", "attributes"):
        for name, raw, keys in named(kind.raw.get(section)):
            _property(context, kind, section, name, raw, kind.spot.at(section, *keys))
    if kind.kind == "node" and kind.parent is not None:
        _requirements(context, kind, kind.parent)
        _capabilities(context, kind, kind.parent)


def _version(context: Context, kind: TypeDef) -> None:
    written = kind.raw.get("version")
    if written is not None and (units.version(written) is None or "." not in str(written)):
        message = f"`{show(written)}` is no version"
        hint = "Write `major.minor`, quoted, or `major.minor.fix` with a qualifier."
        context.out.add("TOSCA1003", message, kind.spot.place("version"), hint)


def _complete(context: Context, element: str, raw: Any, spot: Spot) -> None:
    """What refines nothing has to say all that the grammar marks with `+`."""
    if not isinstance(raw, dict) or (element == "property_definition" and not is_definition(raw, context.scope)):
        if element in ("property_definition", "attribute_definition"):
            message = f"`{show(spot.keys[-1])}` refines nothing: no ancestor has it, and a definition needs a `type`"
            context.out.add("TOSCA1004", message, spot.key_place())
        return
    for keyname in context.scope.dialect.elements[element]:
        if keyname.endswith("+") and raw.get(keyname[:-1]) is None:
            message = f"a {element.replace('_', ' ')} `{show(spot.keys[-1])}` lacks `{keyname[:-1]}`"
            context.out.add("TOSCA1004", message.replace("a a", "an a").replace("a i", "an i"), spot.key_place())


def _property(context: Context, kind: TypeDef, section: str, name: str, raw: Any, spot: Spot) -> None:
    own = properties_of(kind, section).get(name)
    before = properties_of(kind.parent, section).get(name) if kind.parent is not None else None
    if own is not None:
        check_schema(context, own.schema, spot, raw)
    if own is None or before is None:
        return
    if before.fixed:
        message = f"the value of `{show(name)}` is fixed by {_where(before)} and cannot be refined"
        context.out.add("TOSCA1014", message, spot.key_place())
    if isinstance(raw, dict) and isinstance(raw.get("type"), str) and not fits(own.schema, before.schema):
        message = f"`{show(name)}` is of type {spell(own.schema)}, which does not derive from {spell(before.schema)}"
        context.out.add("TOSCA1014", message, spot.place("type"), f"It is inherited from {_where(before)}.")
    if isinstance(raw, dict) and raw.get("required") is False and before.required:
        message = f"`{show(name)}` is required by an ancestor, and cannot become optional"
        context.out.add("TOSCA1014", message, spot.place("required"), f"It is inherited from {_where(before)}.")


def _where(definition: PropertyDef) -> str:
    return f"the definition at {definition.spot.key_place()}"


def check_schema(context: Context, schema: Schema, spot: Spot, raw: Any) -> None:
    """Entries of a list or map need a schema, and nothing else may have one (9.3, 9.4)."""
    if not isinstance(raw, dict):
        return
    complex_type, primitive, inherited = resolve(schema)
    if complex_type is None and not primitive:
        return
    if schema.type == "scalar" and primitive == "scalar":
        message = "`scalar` has no units: only types that derive from it have values"
        context.out.add("TOSCA1012", message, spot.key_place(), "Derive a data type from it, and say its `units`.")
    entries = schema.entry is not None or any(one.entry is not None for one in inherited)
    if primitive in ("list", "map") and not entries:
        message = f"a {primitive} needs an `entry_schema`"
        context.out.add("TOSCA1013", message, spot.key_place(), "Say of what type its entries are.")
    for key, kinds in (("entry_schema", ("list", "map")), ("key_schema", ("map",))):
        if key in raw and (complex_type is not None or primitive not in kinds):
            what = complex_type.name if complex_type is not None else primitive
            message = f"`{key}` is for {' and '.join(f'{one}s' for one in kinds)}, and this is of type {what}"
            context.out.add("TOSCA1013", message, spot.key_place(key))
    _check_parts(context, schema, spot, raw)


def _check_parts(context: Context, schema: Schema, spot: Spot, raw: dict[Any, Any]) -> None:
    for part, key in ((schema.entry, "entry_schema"), (schema.key, "key_schema")):
        if part is not None and key in raw:
            inner = raw[key] if isinstance(raw[key], dict) else {"type": raw[key]}
            check_schema(context, part, spot.at(key), inner)
    if schema.key is not None and "key_schema" in raw:
        _, keys, _ = resolve(schema.key)
        if keys not in ("", "string"):
            context.out.add("TOSCA1013", f"keys are strings, and `key_schema` is {keys}", spot.place("key_schema"))


def _requirements(context: Context, kind: TypeDef, parent: TypeDef) -> None:
    own, inherited = requirements_of(kind), requirements_of(parent)
    for name, raw, keys in named(kind.raw.get("requirements")):
        before, now = inherited.get(name), own.get(name)
        if before is None or now is None or not isinstance(raw, dict):
            continue
        spot = kind.spot.at("requirements", *keys)
        for part in ("capability_type", "node_type", "relationship_type"):
            wanted, found = getattr(before, part), getattr(now, part)
            if wanted is not None and found is not None and found.whole and not found.is_a(wanted):
                message = f"{found.name} does not derive from {wanted.name}, which the inherited requirement names"
                context.out.add("TOSCA1014", message, spot.place(part.removesuffix("_type")))
        if now.occurrences[0] < before.occurrences[0] or now.occurrences[1] > before.occurrences[1]:
            message = "`count_range` must lie within that of the inherited requirement"
            hint = f"It is inherited from {before.spot.key_place()}."
            context.out.add("TOSCA1014", message, spot.place("count_range"), hint)


def _capabilities(context: Context, kind: TypeDef, parent: TypeDef) -> None:
    own, inherited = capabilities_of(kind), capabilities_of(parent)
    for name, _, keys in named(kind.raw.get("capabilities")):
        before, now = inherited.get(name), own.get(name)
        if before is None or now is None or before.type is None or now.type is None or not now.type.whole:
            continue
        if not now.type.is_a(before.type):
            message = f"{now.type.name} does not derive from {before.type.name}, the type of the inherited capability"
            context.out.add("TOSCA1014", message, kind.spot.at("capabilities", *keys).place("type"))
