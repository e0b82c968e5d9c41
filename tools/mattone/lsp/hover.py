"""Documentation of what a cursor is on, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mattone.lsp import slots
from mattone.lsp.language import is_required, keynames
from mattone.lsp.subject import File, Input, Subject, Word
from mattone.redact import one_line, visible
from mattone.tosca.constraints import clauses
from mattone.tosca.definitions import (
    CapabilityDef,
    PropertyDef,
    RequirementDef,
    capabilities_of,
    properties_of,
    requirements_of,
    text,
)
from mattone.tosca.dialects import UNBOUNDED
from mattone.tosca.functions import spell
from mattone.tosca.spots import show
from mattone.tosca.template import NodeTemplate
from mattone.tosca.types import TypeDef

_MOST = 25  # members of one kind that are listed


def describe(subject: Subject) -> str:
    """Markdown about a subject; empty when there is nothing to say."""
    for kind, make in _PAGES:
        if isinstance(subject, kind):
            return "\n\n".join(part for part in make(subject) if part)
    return ""


def _type(one: TypeDef) -> Iterable[str]:
    yield f"**{_code(one.name)}** ({one.kind} type)"
    if len(one.lineage) > 1:
        yield "derived from " + " → ".join(_code(parent.name) for parent in one.lineage[1:])
    yield _prose(
        next((text(owner.raw.get("description")) for owner in one.lineage if owner.raw.get("description")), "")
    )
    yield _listed("Properties", [_line(name, found) for name, found in properties_of(one).items()])
    if one.kind == "node":
        yield _listed("Attributes", [_line(name, found) for name, found in properties_of(one, "attributes").items()])
        yield _listed("Requirements", [f"- {_requirement_line(found)}" for found in requirements_of(one).values()])
        capabilities = capabilities_of(one).values()
        yield _listed("Capabilities", [f"- {_code(found.name)}: {_code(found.type_name)}" for found in capabilities])
    if not one.normative:
        yield f"Defined at {_code(str(one.spot.key_place()))}"


def _line(name: str, one: PropertyDef | None) -> str:
    if one is None:
        return f"- {_code(name)}"
    required = " *required*" if one.required and not one.has_default else ""
    default = f" = {_code(show(one.default))}" if one.has_default else ""
    deprecated = " ~~deprecated~~" if one.status == "deprecated" else ""
    description = f": {one_line(one.description, 120)}" if one.description else ""
    return f"- {_code(name)} {spell(one.schema)}{default}{required}{deprecated}{description}"


def _listed(title: str, lines: list[str]) -> str:
    more = [f"- … and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return "\n".join([f"**{title}**", "", *lines[:_MOST], *more]) if lines else ""


def _property(one: PropertyDef, what: str = "property") -> Iterable[str]:
    required = ", required" if one.required and not one.has_default else ""
    status = f", **{one.status}**" if one.status != "supported" else ""
    yield f"**{_code(one.name)}** ({what} of type {_code(spell(one.schema))}{required}{status})"
    yield _prose(one.description)
    if one.has_default:
        yield f"Default: {_code(show(one.default, 200))}"
    limits = [f"- {operator}: {_code(show(operand, 200))}" for _, operator, operand in clauses(one.schema)]
    yield "\n".join(limits)
    if one.secret:
        yield "A secret: it takes a reference, never a value."
    yield f"Declared at {_code(str(one.spot.key_place()))}"


def _input(one: Input) -> Iterable[str]:
    return _property(one.definition, "input")


def _capability(one: CapabilityDef) -> Iterable[str]:
    yield f"**{_code(one.name)}** (capability of type {_code(one.type_name)})"
    yield _prose(text(one.type.raw.get("description")) if one.type else "")
    yield _listed("Properties", [_line(name, found) for name, found in one.properties.items()])


def _requirement(one: RequirementDef) -> Iterable[str]:
    yield f"**{_requirement_line(one)}**"
    yield f"Declared by {_code(one.owner.name)} at {_code(str(one.spot.key_place()))}"


def _requirement_line(one: RequirementDef) -> str:
    most = "unbounded" if one.occurrences[1] == UNBOUNDED else one.occurrences[1]
    node = f" of a {_code(one.node)}" if one.node else ""
    through = f" through {_code(one.relationship)}" if one.relationship else ""
    return f"{_code(one.name)} needs {_code(one.capability or 'any')}{node}{through}, {one.occurrences[0]} to {most}"


def _node(one: NodeTemplate) -> Iterable[str]:
    yield f"**{_code(one.name)}** (node template of type {_code(one.type_name)})"
    yield _prose(text(one.raw.get("description")))
    if one.type is not None:
        yield from list(_type(one.type))[1:]


def _word(one: Word) -> Iterable[str]:
    if one.kind == "function":
        what, form = slots.FUNCTIONS[one.name]
        yield f"**{_code(form)}**"
        yield f"{what[0].upper()}{what[1:]} (TOSCA Simple Profile 1.3, {slots.CLAUSES[one.name]})."
    elif one.kind == "entity":
        yield f"**{_code(one.name)}**: {slots.ENTITIES[one.name]}"
    elif one.kind == "keyname":
        required = ", required" if is_required(one.element, one.name) else ""
        title = one.element.replace("_", " ")
        yield f"**{_code(one.name)}** (keyname of a {title}{required}): {_code(keynames(one.element)[one.name])}"
    elif one.kind == "rule":
        yield from rule_page(one.name)
    else:
        yield f"**{_code(one.name)}** ({one.kind})"
        yield _prose(one.element)


def rule_page(rule_id: str) -> Iterable[str]:
    """What a rule is about; nothing for an id that is none."""
    from mattone.checks.registry import rule, rule_ids

    if rule_id in rule_ids():
        found = rule(rule_id)
        yield f"**{_code(rule_id)}** ({found.severity.value}): {found.title}"
        yield _prose(found.why)
        yield f"Decided by: {one_line(found.clause)}"


def _file(_one: File) -> Iterable[str]:
    return ()


def _prose(words: str) -> str:
    return visible(words).strip()


def _code(word: str) -> str:
    return f"`{one_line(word, 200).replace('`', chr(39))}`"


_PAGES: tuple[tuple[type, Any], ...] = (
    (TypeDef, _type),
    (PropertyDef, _property),
    (Input, _input),
    (CapabilityDef, _capability),
    (RequirementDef, _requirement),
    (NodeTemplate, _node),
    (Word, _word),
    (File, _file),
)
