"""Files that are not TOSCA: deployments, manifests, request forms, waivers; what may stand there, what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mattone.errors import MattoneError
from mattone.lsp import keys, members, values
from mattone.lsp.cursor import Cursor, On
from mattone.lsp.desk import Question
from mattone.lsp.kinds import Kind
from mattone.lsp.model import mended
from mattone.lsp.offers import Kind as Icon
from mattone.lsp.offers import Offer
from mattone.lsp.subject import File, Input, Subject, Word
from mattone.platform.components import FIELDS as MANIFESTS
from mattone.platform.components import TYPES, ComponentId, load_component
from mattone.platform.components import Kind as Component
from mattone.platform.components import names as components
from mattone.platform.deployments import FIELDS as DEPLOYMENT
from mattone.platform.fields import Field
from mattone.platform.formtags import ENTRIES, FIELD_FIELDS, FORM_FIELDS, OWN, TAGS
from mattone.tosca.definitions import PropertyDef, Schema
from mattone.tosca.source import Key, load
from mattone.tosca.template import ServiceTemplate, load_template

_WAIVER = {
    "rule": Field(str, True, "the rule that is waived"),
    "path": Field(str, True, "where: a glob; `*` does not cross folders, `**` does"),
    "reason": Field(str, True, "why"),
    "owner": Field(str, True, "whom to ask"),
    "expires": Field(str, True, "the last day, as in 2026-12-31; at most a year from now"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """A file of a kind, as far as it can be read, with the template that it is about."""

    question: Question
    value: Any
    template: ServiceTemplate | None

    @property
    def kind(self) -> Kind:
        return self.question.one.kind

    def at(self, path: tuple[Key, ...]) -> Mapping[Any, Any]:
        """The mapping at a path; an empty one for anything else."""
        found = self.value
        for key in path:
            inside = isinstance(found, dict) or (isinstance(found, list) and isinstance(key, int) and key < len(found))
            found = (found.get(key) if isinstance(found, dict) else found[key]) if inside else None
        return found if isinstance(found, dict) else {}


def form_of(question: Question, cursor: Cursor) -> Form:
    """The form that a question is about, also when it is half written."""
    one = question.one
    for source in (one.text.source, *mended(one, cursor)):
        document = load(one.path, source.encode("utf-8", "surrogatepass"))
        if not document.broken:
            break
    return Form(question, document.value, _template(question, document.value))


def _template(question: Question, value: Any) -> ServiceTemplate | None:
    """The template that a deployment, manifest or form is about."""
    one = question.one
    name = PurePosixPath(one.path).parts[1] if one.path.startswith("catalog/") else ""
    if one.kind is Kind.DEPLOYMENT and isinstance(value, dict) and isinstance(value.get("service"), str):
        name = value["service"]
    if not name or "/" in name:
        return None
    return load_template(f"catalog/{name}/template.yaml", question.overlay.resolver())[0]


def _fields(form: Form, path: tuple[Key, ...]) -> Mapping[str, Field]:
    """The fields of the mapping at a path."""
    if form.kind is Kind.DEPLOYMENT and not path:
        return DEPLOYMENT
    if form.kind is Kind.COMPONENT and not path:
        return MANIFESTS[_component(form)]
    if form.kind is Kind.FORM:
        return _of_form(form, path)
    return _WAIVER if form.kind is Kind.WAIVERS and len(path) == 2 else {}


def _of_form(form: Form, path: tuple[Key, ...]) -> Mapping[str, Field]:
    """The attributes of a form's field, less those of other kinds of field."""
    if path[:1] != ("inputs",) or len(path) != 2:
        return {} if path else FORM_FIELDS
    tag = TAGS.get(str(form.at(path).get("tag_type")))
    others = OWN.keys() - {*tag.needs, *tag.takes} if tag is not None else set()
    return {name: one for name, one in FIELD_FIELDS.items() if name not in others}


def _component(form: Form) -> Component:
    top = form.question.one.path.partition("/")[0]
    return {"catalog": Component.SERVICE, "ansible-roles": Component.ROLE}.get(top, Component.TYPES)


def _inputs(form: Form, path: tuple[Key, ...]) -> Mapping[str, PropertyDef]:
    named = form.kind in (Kind.DEPLOYMENT, Kind.FORM) and path == ("inputs",)
    return form.template.inputs if named and form.template is not None else {}


def _schema(form: Form, path: tuple[Key, ...]) -> Schema | None:
    """The schema of a value in a deployment's inputs."""
    if form.kind is not Kind.DEPLOYMENT or form.template is None or len(path) < 2 or path[0] != "inputs":
        return None
    definition = form.template.inputs.get(str(path[1]))
    return members.inner(definition.schema, path[2:]) if definition is not None else None


def offers(form: Form, cursor: Cursor) -> Iterator[Offer]:
    """Everything that may stand at a cursor."""
    if cursor.on is On.KEY or cursor.item:
        present = {key for key in form.at(cursor.path) if key != cursor.word}
        yield from (one for one in _keys(form, cursor.path) if one.label not in present)
    if cursor.on is On.VALUE:
        yield from _values(form, cursor.path)


def _keys(form: Form, path: tuple[Key, ...]) -> Iterator[Offer]:
    for name, one in _fields(form, path).items():
        deep = one.kind in (dict, list)
        yield Offer(name, Icon.Field, one.description, "\n" if deep else " ", 2 if one.required else 4)
    yield from keys.inputs(_inputs(form, path))
    yield from keys.fields(members.fields(_schema(form, path)))
    schema = _schema(form, path)
    if schema is not None and schema.type == "string":
        yield Offer("secret", Icon.Field, 'a reference to a secret, as in {secret: "env:NAME"}', " ")
    if form.kind is Kind.WAIVERS and not path:
        yield Offer("waivers", Icon.Field, "findings that somebody accepts", "\n")
    if form.kind is Kind.COMPONENT and path == ("roles",):
        yield from _components(form, Component.ROLE, " ")


def _values(form: Form, path: tuple[Key, ...]) -> Iterator[Offer]:
    if form.kind is Kind.DEPLOYMENT and len(path) == 1:
        yield from _of_deployment(form, str(path[0]))
    if form.kind is Kind.COMPONENT:
        yield from _of_manifest(form, path)
    if form.kind is Kind.FORM and path[:1] == ("inputs",) and len(path) == 3:
        yield from _of_field(form, str(path[2]))
    if form.kind is Kind.WAIVERS and path[-1:] == ("rule",):
        yield from _rules()
    schema = _schema(form, path)
    if schema is not None:
        yield from values.of_schema(schema)


def _of_deployment(form: Form, field: str) -> Iterator[Offer]:
    if field == "service":
        yield from _components(form, Component.SERVICE, "")
    elif field == "provider":
        document = load(
            "federation/providers.yaml", form.question.overlay.tree.read("federation/providers.yaml") or b""
        )
        known = document.value.get("providers") if isinstance(document.value, dict) else None
        for name in known if isinstance(known, dict) else ():
            yield Offer(str(name), Icon.Constant)
    elif field == "protected":
        yield from values.truth()
    elif field == "version":
        yield from _ranges(form, ComponentId(Component.SERVICE, str(form.at(()).get("service"))))


def _of_manifest(form: Form, path: tuple[Key, ...]) -> Iterator[Offer]:
    if path == ("tosca_types",):
        yield from _ranges(form, TYPES)
    elif path[:1] == ("roles",) and len(path) == 2:
        yield from _ranges(form, ComponentId(Component.ROLE, str(path[1])))
    elif path[:1] == ("updatable",) and form.template is not None:
        for name in form.template.inputs:
            yield Offer(name, Icon.Variable)


def _of_field(form: Form, attribute: str) -> Iterator[Offer]:
    """Values of an attribute of a form's field."""
    if attribute == "tag_type":
        for name, tag in TAGS.items():
            yield Offer(name, Icon.Value, tag.description)
    elif FIELD_FIELDS.get(attribute, Field(str)).kind is bool:
        yield from values.truth()
    names = {"tab": form.at(("tabs",)), "parent": form.at(("inputs",)), "entry_type": ENTRIES}.get(attribute, {})
    for name in names:
        yield Offer(str(name), Icon.Constant)


def _ranges(form: Form, which: ComponentId) -> Iterator[Offer]:
    """Ranges that the version here fulfils."""
    version = _version(form, which)
    if version is not None:
        for text in (f"^{version.major}.{version.minor}", f"~{version.major}.{version.minor}"):
            yield Offer(text, Icon.Value, f"{which} is {version} here", literal=True)


def _version(form: Form, which: ComponentId) -> Any:
    try:
        component, _ = load_component(form.question.overlay.tree, which)
    except MattoneError:
        return None
    return component.version if component is not None else None


def _components(form: Form, kind: Component, after: str) -> Iterator[Offer]:
    for name in components(form.question.overlay.tree, kind):
        yield Offer(name, Icon.Module, kind.value, after)


def _rules() -> Iterator[Offer]:
    from mattone.checks.registry import rules

    for one in rules():
        yield Offer(one.id, Icon.Constant, one.title, subject=Word("rule", one.id))


def subject_at(form: Form, cursor: Cursor) -> Subject | None:
    """What a cursor is on; None when that has no meaning of its own."""
    word = cursor.word
    if cursor.on is On.VALUE:
        if form.kind is Kind.WAIVERS and cursor.path[-1:] == ("rule",):
            return Word("rule", word)
        if form.kind is Kind.DEPLOYMENT and cursor.path == ("service",):
            return File(f"../../catalog/{word}/template.yaml")
        named = form.kind is Kind.COMPONENT and cursor.path[:1] == ("updatable",) and form.template is not None
        definition = form.template.inputs.get(word) if named and form.template is not None else None
        return Input(definition) if definition is not None else None
    field = _fields(form, cursor.path).get(word)
    if field is not None:
        return Word("field", word, field.description)
    definition = _inputs(form, cursor.path).get(word)
    if definition is not None:
        return Input(definition)
    if form.kind is Kind.COMPONENT and cursor.path == ("roles",):
        return File(word)
    return members.fields(_schema(form, cursor.path)).get(word)
