"""What a derived type changes of what it inherits, and names that lead to other parts of a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.checks.context import Context
from mattone.tosca import constraints
from mattone.tosca.definitions import Schema, capabilities_of, own_properties, properties_of
from mattone.tosca.functions import fits, spell
from mattone.tosca.source import Key
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import TypeDef, named
from mattone.tosca.values import resolve


def check_refinement(context: Context, kind: TypeDef) -> None:
    """Warn where a type gives an inherited property another type: a value fits either it or its ancestor."""
    own_ones = own_properties(kind)
    if kind.parent is None or not own_ones:
        return
    inherited = properties_of(kind.parent)
    for name, own in own_ones.items():
        before = inherited.get(name)
        if before is None or own is None or fits(own.schema, before.schema):
            continue
        message = (
            f"property `{show(name)}` is a {spell(own.schema)} here and a {spell(before.schema)} in {kind.parent.name}"
        )
        context.out.add("TOSCA2013", message, own.spot.key_place(), "Narrow an inherited property, or name a new one.")


def check_repositories(context: Context) -> None:
    """Every repository that an import or artifact names must be declared (1.3, 3.6.6)."""
    if "repository" not in context.document.text:
        return
    document = context.document.value
    known = mapping(document, "repositories")
    for name, keys in _repositories(document, ()):
        if name not in known:
            message = f"repository `{show(name)}` is not declared"
            context.out.add("TOSCA1006", message, context.root.place(*keys), did_you_mean(name, known))


def check_imports(context: Context) -> None:
    """Every import names a file (1.3, 3.6.8): an entry that holds nothing imports nothing."""
    section = context.document.value.get("imports")
    for name, raw, keys in named(section):
        if raw is None:
            context.out.add(
                "TOSCA1004", f"import `{show(name)}` lacks `file`", context.root.key_place("imports", *keys)
            )
    for index, raw in enumerate(section if isinstance(section, list) else ()):
        if raw is None:
            context.out.add("TOSCA1004", "an import lacks `file`", context.root.place("imports", index))


_HOLDERS = ("imports", "artifacts")


def _repositories(value: Any, keys: tuple[Key, ...]) -> Iterator[tuple[str, tuple[Key, ...]]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if key == "repository" and isinstance(inner, str) and any(holder in keys for holder in _HOLDERS):
            yield inner, (*keys, key)
        yield from _repositories(inner, (*keys, key))


def check_copy(context: Context, node: NodeTemplate) -> None:
    """A template can be copied only from one that is there, and that is no copy itself (1.3, 3.8.3.1)."""
    name = node.raw.get("copy")
    if not isinstance(name, str):
        return
    original = context.whole.nodes.get(name)
    if original is None and not context.open:
        others = [one for one in context.whole.nodes if one != node.name]
        message = f"there is no node template `{show(name)}` to copy"
        context.out.add("TOSCA1027", message, node.spot.place("copy"), did_you_mean(name, others))
    elif original is not None and "copy" in original.raw:
        message = f"`{show(name)}` is a copy itself"
        context.out.add("TOSCA1027", message, node.spot.place("copy"), "Copy from the original.")


def check_filter(context: Context, raw: Any, kind: TypeDef | None, spot: Spot) -> None:
    """A node filter constrains properties and capabilities of the node type that it filters (1.3, 3.6.4 and 3.6.5)."""
    if kind is None or not kind.whole or not isinstance(raw, dict):
        return
    offered = capabilities_of(kind)
    _names(context, raw.get("properties"), properties_of(kind), f"{kind.name} has no property", spot.at("properties"))
    for name, body, keys in named(raw.get("capabilities")):
        at = spot.at("capabilities", *keys)
        by_type = [one for one in offered.values() if name in (one.name, one.type_name)]
        if not by_type:
            message = f"{kind.name} has no capability `{show(name)}`"
            context.out.add("TOSCA1025", message, at.key_place(), did_you_mean(name, offered))
        elif by_type[0].type is not None:
            known, what = by_type[0].properties, f"{by_type[0].type_name} has no property"
            _names(context, mapping(body, "properties") or _listed(body), known, what, at.at("properties"))


def _listed(body: Any) -> Any:
    return body.get("properties") if isinstance(body, dict) else None


def _names(context: Context, section: Any, known: Any, message: str, spot: Spot) -> None:
    for name, clauses, keys in named(section):
        if name not in known:
            context.out.add("TOSCA1025", f"{message} `{show(name)}`", spot.key_place(*keys), did_you_mean(name, known))
        elif known[name] is not None:
            _constrained(context, clauses, known[name].schema, spot.at(*keys))


def _constrained(context: Context, raw: Any, schema: Schema, spot: Spot) -> None:
    """A property filter: a constraint clause, or a list of them."""
    if not isinstance(raw, (list, dict)):
        message = "a property filter is a constraint clause, or a list of them"
        context.out.add("TOSCA1024", message, spot.place(), f"`equal: {show(raw)}`, if that is meant.")
        return
    complex_type, primitive, _ = resolve(schema)
    for index, clause in enumerate(raw if isinstance(raw, list) else [raw]):
        at = spot.at(index) if isinstance(raw, list) else spot
        for operator, operand in clause.items() if isinstance(clause, dict) else ():
            problem = constraints.operand_problem(str(operator), operand, "map" if complex_type else primitive or "any")
            if problem:
                hint = "" if operator in constraints.OPERATORS else did_you_mean(operator, constraints.OPERATORS)
                context.out.add("TOSCA1024", problem, at.place(operator), hint)
