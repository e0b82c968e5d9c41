"""Request forms, `catalog/<service>/form.yaml`: the fields, on tabs, that ask a person for a template's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mattone.findings import Finding
from mattone.platform.fields import Field, Reader, describe, did_you_mean
from mattone.platform.formtags import ENTRIES, FIELD_FIELDS, FORM_FIELDS, OWN, TAGS, Tag
from mattone.platform.tree import Tree
from mattone.tosca.source import Document, Key, load

_CHOOSERS = ("select", "radio", "dependent_select")


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: what is good of its attributes, and its kind."""

    name: str
    tag: str
    kind: Tag
    body: Mapping[str, Any]
    keys: tuple[Key, ...]

    def seen_by(self, group: str) -> FormField:
        """The field as the members of a group see it."""
        return replace(self, body={**self.body, **mapping(mapping(self.body.get("group_overrides")).get(group))})

    def choices(self) -> Iterator[tuple[Any, tuple[Key, ...]]]:
        """Each value that can be chosen, with where it stands; not those of `combined` and `dependent_definition`."""
        if self.tag == "dependent_select":
            for parent in mapping(self.body.get("values")):
                yield from _listed(self.body["values"][parent], (*self.keys, "values", parent))
        elif self.tag not in ("combined", "dependent_definition"):
            yield from _listed(self.body.get("values"), (*self.keys, "values"))

    def alternatives(self) -> Mapping[Any, Any]:
        """Of a `dependent_definition`: the parent's choice to the field that asks then."""
        return mapping(self.body.get("values")) if self.tag == "dependent_definition" else {}

    def sets(self) -> Iterator[tuple[str, Any, tuple[Key, ...]]]:
        """Inputs of other names that the field fills: name, value where it is known, and where that stands."""
        if self.tag == "combined":
            for label, chosen in mapping(self.body.get("values")).items():
                for name, value in mapping(chosen).items():
                    yield str(name), value, (*self.keys, "values", label, name)
        elif self.tag == "ldap_user":
            for part, name in mapping(self.body.get("inputs")).items():
                yield str(name), None, (*self.keys, "inputs", part)


@dataclass(frozen=True, slots=True)
class Form:
    """A request form."""

    tabs: Mapping[str, Any]
    fields: Mapping[str, FormField]
    document: Document = field(repr=False, compare=False)


def form_path(service: str) -> str:
    """Where a service has its form."""
    return f"catalog/{service}/form.yaml"


def load_form(tree: Tree, service: str) -> tuple[Form | None, tuple[Finding, ...]]:
    """Read a service's form; (None, ()) when it has none.

    The form holds what is well formed of it; the findings say what is not.
    """
    data = tree.read(form_path(service))
    if data is None:
        return None, ()
    document = load(form_path(service), data)
    if document.broken:
        return None, document.findings
    reader = Reader(document, "FORM", list(document.findings))
    top = reader.mapping(FORM_FIELDS)
    tabs, fields = top.get("tabs", {}), {}
    for name in top.get("inputs", {}):
        found = _field(reader, str(name), ("inputs", name))
        if found is not None:
            fields[found.name] = found
    form = Form(tabs, fields, document)
    if "tabs" in top:
        _tabs(reader, form)
    for one in fields.values():
        _parent(reader, form, one)
    return form, tuple(reader.findings)


def _field(reader: Reader, name: str, keys: tuple[Key, ...]) -> FormField | None:
    body = reader.mapping(FIELD_FIELDS, *keys)
    for attribute, known in (("tag_type", TAGS), ("entry_type", ENTRIES)):
        value = body.get(attribute)
        if value is not None and value not in known:
            message = f"there is no {attribute} {value!r}"
            reader.say(1005, message, *keys, attribute, hint=did_you_mean(value, known))
    if body.get("tag_type") not in TAGS:
        return None
    found = FormField(name, body["tag_type"], TAGS[body["tag_type"]], body, keys)
    _attributes(reader, found)
    _overrides(reader, found)
    if body.get("values") is not None and "values" in found.kind.needs:
        _values(reader, found, (*keys, "values"))
    return found


def _attributes(reader: Reader, one: FormField) -> None:
    """Whether a field has what its kind needs, and nothing of other kinds."""
    for wanted in (*one.kind.needs, *(() if one.kind.hidden else ("label", "tab"))):
        if not reader.document.has(*one.keys, wanted):
            hint = FIELD_FIELDS[wanted].hint(wanted)
            reader.say(1003, f"the attribute {wanted!r} is missing", *one.keys, hint=hint)
    for own in one.body:
        if own in OWN and own not in (*one.kind.needs, *one.kind.takes):
            others = ", ".join(tag for tag, kind in TAGS.items() if own in (*kind.needs, *kind.takes))
            message = f"a field of tag_type {one.tag} has no {own!r}"
            reader.say(1006, message, *one.keys, own, hint=f"It is for: {others}.", at_key=True)


def _overrides(reader: Reader, one: FormField) -> None:
    allowed = {
        name: Field(known.kind, False, known.description) for name, known in FIELD_FIELDS.items() if name != "tag_type"
    }
    for group in one.body.get("group_overrides", {}):
        reader.mapping(allowed, *one.keys, "group_overrides", group)


def _values(reader: Reader, one: FormField, keys: tuple[Key, ...]) -> None:
    """Whether the choices have the form that their kind of field needs."""
    values = one.body["values"]
    if not isinstance(values, (list, dict)) or not values:
        reader.say(1007, f"'values' must be a list or a mapping with entries, not {describe(values)}", *keys)
    elif one.tag in _SHAPES:
        _shape(reader, one, keys)
    elif one.tag == "toggle" and len(values) > 2:
        reader.say(1007, f"a toggle has two states, and here are {len(values)} values", *keys)
    seen: list[Any] = []
    for value, where in one.choices() if one.tag != "dependent_select" else ():
        if value in seen:
            reader.say(1007, f"{value!r} is among the values twice", *where)
        seen.append(value)


def _shape(reader: Reader, one: FormField, keys: tuple[Key, ...]) -> None:
    kind, what = _SHAPES[one.tag]
    values = one.body["values"]
    if not isinstance(values, dict):
        reader.say(1007, f"'values' of {one.tag} must be a mapping from {what}, not {describe(values)}", *keys)
        return
    for key, value in values.items():
        if not isinstance(value, kind) or not value:
            reader.say(1007, f"'values' of {one.tag} go from {what}; this is {describe(value)}", *keys, key)


_SHAPES: dict[str, tuple[Any, str]] = {
    "dependent_select": ((list, dict), "a choice of the parent to a list of values"),
    "dependent_definition": (str, "a choice of the parent to the name of a field"),
    "combined": (dict, "a label to inputs and their values"),
}


def _tabs(reader: Reader, form: Form) -> None:
    used = set()
    for one in form.fields.values():
        tab = one.body.get("tab")
        if tab is None:
            continue
        used.add(tab)
        if tab not in form.tabs:
            message, hint = f"there is no tab {tab!r}", did_you_mean(tab, map(str, form.tabs))
            reader.say(1008, message, *one.keys, "tab", hint=hint)
    for tab in form.tabs:
        if tab not in used and form.fields:
            reader.say(1008, f"no field is on the tab {tab!r}", "tabs", tab, at_key=True)


def _parent(reader: Reader, form: Form, one: FormField) -> None:
    """Whether a dependent field's parent is there, and offers what the field answers to."""
    name = one.body.get("parent")
    if name is None or "parent" not in one.kind.needs:
        return
    parent = form.fields.get(name)
    if parent is None or parent.tag not in _CHOOSERS or parent is one:
        problem = "there is no such field" if parent is None else f"it is no select, but a {parent.tag}"
        known = [other.name for other in form.fields.values() if other.tag in _CHOOSERS and other is not one]
        reader.say(1009, f"parent {name!r}: {problem}", *one.keys, "parent", hint=did_you_mean(name, known))
    else:
        _answers(reader, one, name, [value for value, _ in parent.choices()])
    for value, other in one.alternatives().items():
        if isinstance(other, str) and other not in form.fields:
            hint = did_you_mean(other, form.fields)
            reader.say(1009, f"there is no field {other!r}", *one.keys, "values", value, hint=hint)


def _answers(reader: Reader, one: FormField, parent: str, offered: list[Any]) -> None:
    """Whether a dependent field has something for each choice of its parent, and for nothing else."""
    answered = mapping(one.body.get("values"))
    for value in answered:
        if value not in offered:
            message = f"{parent!r} does not offer {value!r}: nobody comes here"
            hint = did_you_mean(str(value), map(str, offered))
            reader.say(1009, message, *one.keys, "values", value, hint=hint, at_key=True)
    for value in offered:
        if answered and value not in answered:
            message = f"nothing is offered when {parent!r} is {value!r}"
            reader.say(1009, message, *one.keys, "values", hint=f"Add an entry for {value!r}.", at_key=True)


def _listed(values: Any, keys: tuple[Key, ...]) -> Iterator[tuple[Any, tuple[Key, ...]]]:
    if isinstance(values, dict):
        yield from ((value, (*keys, value)) for value in values)
    elif isinstance(values, list):
        yield from ((value, (*keys, index)) for index, value in enumerate(values))


def mapping(value: Any) -> Mapping[Any, Any]:
    """A mapping, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}
