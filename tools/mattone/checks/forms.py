"""Request forms against the templates whose inputs they ask for, and against what services say of them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mattone.checks.components import touched
from mattone.findings import Finding
from mattone.platform.components import ComponentId, Kind, Service, load_component, names
from mattone.platform.federation import GROUPS
from mattone.platform.forms import Form, FormField, load_form
from mattone.platform.formtags import ENTRIES, TAGS
from mattone.platform.tree import Tree
from mattone.tosca.definitions import PropertyDef, Schema
from mattone.tosca.imports import Resolver, Workspace
from mattone.tosca.spots import Collector, Spot, did_you_mean, show
from mattone.tosca.template import ServiceTemplate, template_of
from mattone.tosca.values import Rules, ValueChecker, resolve

_RULES = Rules("FORM1104", "FORM1104", "FORM1104", "FORM1104")


def check_forms(tree: Tree, resolver: Resolver, changed: Set[str] | None = None) -> tuple[Finding, ...]:
    """Every form of a tree.

    resolver  reads templates and type libraries by path
    changed   only the forms that these paths can have an effect on; None: all
    """
    workspace = Workspace(resolver)
    found: list[Finding] = []
    for name in names(tree, Kind.SERVICE):
        folder = ComponentId(Kind.SERVICE, name).path
        if changed is None or any(touched(changed, one) for one in (folder, "tosca-types", GROUPS)):
            found += check_form(tree, name, workspace)
    return tuple(found)


def check_form(tree: Tree, service: str, workspace: Workspace) -> tuple[Finding, ...]:
    """One service's form: by itself, and against its template and manifest as far as these can be read."""
    form, found = load_form(tree, service)
    if form is None:
        return found
    out = Collector()
    out.extend(found)
    document = workspace.open("", f"catalog/{service}/template.yaml")
    template = template_of(workspace, document) if document is not None else None
    if template is not None:
        check = _Check(form, template, out)
        for one in form.fields.values():
            check.field(one)
        check.missing()
    _groups(form, tree, out)
    manifest, _ = load_component(tree, ComponentId(Kind.SERVICE, service))
    if isinstance(manifest, Service):
        _updatable(form, manifest, out)
    return out.findings()


@dataclass(frozen=True, slots=True)
class _Check:
    form: Form
    template: ServiceTemplate
    out: Collector

    @property
    def _alternatives(self) -> dict[str, FormField]:
        """The fields that ask in place of a `dependent_definition`, which is what their answer goes to."""
        return {str(name): one for one in self.form.fields.values() for name in one.alternatives().values()}

    def _input(self, one: FormField) -> PropertyDef | None:
        return self.template.inputs.get(self._alternatives.get(one.name, one).name)

    def field(self, one: FormField) -> None:
        """Whether a field fills an input that there is, with what the input takes."""
        spot = Spot(self.form.document, one.keys)
        for name, value, keys in one.sets():
            definition = self.template.inputs.get(name)
            if definition is None:
                self._unknown(name, Spot(self.form.document, keys))
            elif value is not None:
                self._takes(value, definition, Spot(self.form.document, keys), f"the value for input `{name}`")
        definition = self._input(one)
        if definition is None:
            if one.kind.fills and one.name not in self._alternatives:
                self._unknown(one.name, spot)
            return
        if one.kind.fills:
            self._fits(one, definition, spot)
            self._secret(one, definition, spot)
            self._offers(one, definition, spot)

    def _unknown(self, name: str, spot: Spot) -> None:
        hint = did_you_mean(name, self.template.inputs)
        self.out.add("FORM1101", f"the template has no input `{show(name)}`", spot.key_place(), hint)

    def missing(self) -> None:
        """Report the inputs that must be given and that nothing in the form asks for."""
        filled = {one.name for one in self.form.fields.values() if one.kind.fills}
        filled |= {name for one in self.form.fields.values() for name, _, _ in one.sets()}
        broken = self.form.document.value.get("inputs")
        filled |= {str(name) for name in broken} if isinstance(broken, dict) else set()
        for name, definition in self.template.inputs.items():
            if definition.required and not definition.has_default and name not in filled:
                message = f"nothing asks for input `{name}` ({definition.schema.type}), which has no default"
                self.out.add("FORM1102", message, self.form.document.key_place("inputs"), _declared(definition))

    def _fits(self, one: FormField, definition: PropertyDef, spot: Spot) -> None:
        complex_type, primitive, _ = resolve(definition.schema)
        kind = "a complex type" if complex_type is not None else primitive
        if primitive in ("", "any") and complex_type is None:
            return
        if one.kind.fits and kind not in one.kind.fits:
            message = f"a {one.tag} cannot fill input `{definition.name}`, which is of type {definition.schema.type}"
            hint = f"Of use here: {_listed(tag for tag, other in TAGS.items() if kind in other.fits)}."
            self.out.add("FORM1103", message, spot.at("tag_type").place(), hint if "`" in hint else "")
        elif one.tag == "multiselect" and (kind == "string") != ("delimiter" in one.body):
            problem = "needs a `delimiter`: it is a string" if kind == "string" else "is a list: no `delimiter` there"
            message = f"input `{definition.name}` {problem}"
            self.out.add("FORM1103", message, spot.at("delimiter").key_place(), _declared(definition))
        elif one.body.get("entry_type") in ENTRIES and definition.schema.entry is not None:
            self._entry(one, definition.schema.entry, spot)

    def _entry(self, one: FormField, entry: Schema, spot: Spot) -> None:
        complex_type, primitive, _ = resolve(entry)
        known = {primitive, *(kind.name for kind in complex_type.lineage)} if complex_type else {primitive}
        wanted = ENTRIES[one.body["entry_type"]]
        if known != {""} and not known & wanted:
            fitting = [name for name, types in ENTRIES.items() if known & types]
            hint = f"Of use here: {_listed(fitting)}." if fitting else ""
            message = f"entries of input `{one.name}` are of type {entry.type}, which no {one.body['entry_type']} is"
            self.out.add("FORM1103", message, spot.at("entry_type").place(), hint)

    def _secret(self, one: FormField, definition: PropertyDef, spot: Spot) -> None:
        if definition.secret and not one.kind.keeps:
            keepers = _listed(tag for tag, kind in TAGS.items() if kind.keeps)
            message = f"input `{definition.name}` is a secret, and a {one.tag} shows it"
            self.out.add("FORM1105", message, spot.at("tag_type").place(), f"Of use here: {keepers}.")
        elif definition.secret and one.body.get("printable") is not False:
            message = f"input `{definition.name}` is a secret, and would be shown afterwards"
            self.out.add("FORM1105", message, spot.at("printable").place(), "Write `printable: false`.")
        elif one.kind.keeps and not definition.secret:
            message = f"a {one.tag} is secret, and input `{definition.name}` is not: it would be written into git"
            hint = f'Give the input `metadata: {{secret: "true"}}`. {_declared(definition)}'
            self.out.add("FORM2001", message, spot.at("tag_type").place(), hint)

    def _offers(self, one: FormField, definition: PropertyDef, spot: Spot) -> None:
        """Whether the input takes the default and every choice, of every group's too."""
        if definition.secret:
            if "default" in one.body:
                message = f"input `{definition.name}` is a secret: a default is for everybody to read"
                self.out.add("FORM1105", message, spot.at("default").key_place(), "Remove it, and change the secret.")
            return
        for body, at in _bodies(one, spot):
            if body.get("default") is not None:
                self._takes(body["default"], definition, at.at("default"), f"the default of `{one.name}`")
            if isinstance(body.get("required_ports"), dict):
                where = at.at("required_ports")
                self._takes(body["required_ports"], definition, where, f"`required_ports` of `{one.name}`")
        entry = definition.schema.entry if one.tag == "multiselect" else definition.schema
        if one.tag == "multiselect" and "delimiter" in one.body:
            entry = None  # one text of many choices: what each may be is not said
        for value, keys in one.choices() if entry is not None else ():
            self._choice(value, definition, entry or definition.schema, Spot(self.form.document, keys))

    def _takes(self, value: Any, definition: PropertyDef, spot: Spot, label: str) -> None:
        ValueChecker(self.out, _plain, _RULES).check(value, definition.schema, spot, label, _declared(definition))

    def _choice(self, value: Any, definition: PropertyDef, schema: Schema, spot: Spot) -> None:
        """As `_takes`, of a choice: it may be a key, whose place is not its label's."""
        own = Collector()
        ValueChecker(own, _plain, _RULES).check(value, schema, spot, f"the choice `{show(value)}`")
        for one in own.findings():
            self.out.add(one.rule, one.message, spot.key_place(), _declared(definition))


def _bodies(one: FormField, spot: Spot) -> Iterator[tuple[dict[str, Any], Spot]]:
    """A field's attributes, and those that groups have instead."""
    yield dict(one.body), spot
    for group, override in one.body.get("group_overrides", {}).items():
        if isinstance(override, dict):
            yield override, spot.at("group_overrides", group)


def _groups(form: Form, tree: Tree, out: Collector) -> None:
    """Whether the groups that see another form are groups of the federation, as far as it names any."""
    known = {PurePosixPath(path).stem for path in tree.files(GROUPS) if path.endswith(".yaml")}
    for one in form.fields.values() if known else ():
        for group in one.body.get("group_overrides", {}):
            if group not in known:
                message = f"the federation has no group `{show(group)}`: nobody sees this"
                spot = Spot(form.document, (*one.keys, "group_overrides", group))
                out.add("FORM2002", message, spot.key_place(), did_you_mean(str(group), known))


def _updatable(form: Form, service: Service, out: Collector) -> None:
    """Whether form and manifest agree on what can change; a manifest that names no input means all."""
    for one in form.fields.values():
        said, spot = one.body.get("updatable", False), Spot(form.document, one.keys)
        if not one.kind.fills or not service.updatable or said == (one.name in service.updatable):
            continue
        where = service.document.place("updatable")
        problem = "lets `{}` change, and {} does not" if said else "does not let `{}` change, and {} does"
        message = f"the form {problem.format(show(one.name), where)}"
        out.add("FORM1106", message, spot.at("updatable").key_place(), "Let both say the same.")


def _plain(_value: Any, _schema: Schema, _spot: Spot) -> bool:
    """A form holds plain values: no function and no reference stands for one."""
    return False


def _declared(definition: PropertyDef) -> str:
    return f"The input is declared at {definition.spot.key_place()}."


def _listed(parts: Any) -> str:
    return ", ".join(f"`{one}`" for one in sorted(parts))
