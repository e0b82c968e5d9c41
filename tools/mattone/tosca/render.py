"""One self-contained document from a template, its types and a deployment's values: what the engine receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError
from mattone.tosca.needed import needed_types
from mattone.tosca.prefixes import Names, own_names, without_prefixes
from mattone.tosca.references import References, operations, rewritten
from mattone.tosca.source import Value
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import ServiceTemplate
from mattone.tosca.types import KINDS, Scope

# The parts of a topology that may name files, and the kind of their types when these have artifacts.
_WITH_REFERENCES = (
    ("node_templates", "node"),
    ("relationship_templates", "relationship"),
    ("groups", ""),
    ("policies", ""),
    ("workflows", ""),
)


@dataclass(frozen=True, slots=True)
class _References:
    files: Callable[[str], str]
    names: Callable[[str, str, Spot], str] | None

    def file(self, path: str, _spot: Spot, /) -> str:
        return self.files(path)

    def name(self, kind: str, written: str, spot: Spot, /) -> str:
        return self.names(kind, written, spot) if self.names is not None else written


def render(
    template: ServiceTemplate,
    values: Mapping[str, Value] | None,
    marks: Mapping[str, str],
    files: Callable[[str], str],
    names: Callable[[str, str, Spot], str] | None = None,
) -> dict[str, Any]:
    """The template as one plain document without imports.

    values  input name to value; it replaces the input's default. None leaves every input to be filled in later
    marks   added to the metadata, to find the deployment again at the engine
    files   repository path of each artifact and implementation file to the reference that the engine
            can follow
    names   the same for each artifact from a registry: kind, as written, its place; None leaves them as they are

    The types that the topology needs are part of it, normative ones aside; functions stay functions.
    Nothing else that could lead elsewhere is: `repositories` go, and `dsl_definitions`, which were used already.
    Equal arguments give an equal document with keys in equal order. Raises InputError, with its place,
    for a missing input, an unresolved import, two types of one name, and a file reference that is no path inside
    the repository. Types that are imported under a prefix go by the name that they are defined under.
    """
    _refuse_unresolved(template)
    if values is not None:
        _refuse_inputs(template, values)

    references = _References(files, names)
    document: dict[str, Any] = {"tosca_definitions_version": template.version}
    if template.description:
        document["description"] = template.description
    document["metadata"] = {**template.metadata, **marks}
    if template.scope.all_functions():
        document["functions"] = _functions(template, references)
    document.update(_types(template, references))
    document[template.section] = _topology(template, values or {}, references)
    copied: dict[str, Any] = _unshared(document)
    return copied


def _unshared(value: Any) -> Any:
    """A copy in which no two places hold the same object, so that it is written without aliases."""
    if isinstance(value, dict):
        return {key: _unshared(inner) for key, inner in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _refuse_unresolved(template: ServiceTemplate) -> None:
    for one in template.imports:
        if one.path is None:
            raise InputError(f"import `{show(one.reference)}` is not found", place=one.spot.place())


def _refuse_inputs(template: ServiceTemplate, values: Mapping[str, Value]) -> None:
    for name in values:
        if name not in template.inputs:
            hint = did_you_mean(name, template.inputs)
            raise InputError(
                f"the template has no input `{show(name)}`", place=Spot(template.document).place(), hint=hint
            )
    for name, definition in template.inputs.items():
        if name not in values and definition.required and not definition.has_default:
            raise InputError(f"input `{name}` has no value", place=definition.spot.key_place())


def _types(template: ServiceTemplate, references: References) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    needed = needed_types(dict(template.topology), template.scope)
    for raw, _, scope in template.scope.all_functions().values():
        needed += [one for one in needed_types(raw, scope) if one not in needed]
    for one in sorted(needed, key=lambda one: (one.kind, one.name)):
        names = frozenset(one.members("artifacts"))
        raw = dict(one.raw)
        if one.kind == "interface":
            made = operations(raw, one.spot, one.scope, references)
        else:
            made = rewritten(raw, one.spot, one.scope, references, names)
        sections.setdefault(KINDS[one.kind][0], {})[one.name] = without_prefixes(made, own_names(one.scope))
    return sections


def _functions(template: ServiceTemplate, references: References) -> dict[str, Any]:
    """The functions of 2.0 that the template sees, each as its first definition says (2.0, 10.4)."""
    made: dict[str, Any] = {}
    for name, (raw, spot, scope) in sorted(template.scope.all_functions().items()):
        written = raw.get("signatures") if isinstance(raw, dict) else None
        made[name] = raw
        if isinstance(written, list):
            at = spot.at("signatures")
            signatures = [rewritten(one, at.at(n), scope, references, frozenset()) for n, one in enumerate(written)]
            made[name] = without_prefixes({**raw, "signatures": signatures}, own_names(scope))
    return made


def _topology(template: ServiceTemplate, values: Mapping[str, Value], references: References) -> dict[str, Any]:
    topology = dict(template.topology)
    if isinstance(topology.get("inputs"), dict):
        topology["inputs"] = {
            name: {**raw, "default": values[name]} if name in values and isinstance(raw, dict) else raw
            for name, raw in topology["inputs"].items()
        }
    spot = Spot(template.document, (template.section,))
    for section, kind in _WITH_REFERENCES:
        if section in topology:
            topology[section] = _section(template.scope, topology[section], kind, spot.at(section), references)
    names = own_names(template.scope)  # renamed last: references ask for types by the names that are written
    return {section: _renamed(str(section), raw, names) for section, raw in topology.items()}


def _renamed(section: str, raw: Any, names: Names | None) -> Any:
    """A part of the topology in which types go by their own names; the names of templates are no keynames."""
    if str(section).endswith("_templates") and isinstance(raw, dict):
        return {name: without_prefixes(body, names, template=True) for name, body in raw.items()}
    return without_prefixes(raw, names, template=True)


def _section(scope: Scope, section: Any, kind: str, spot: Spot, references: References) -> Any:
    """A part of the topology: definitions by name, or a list of such (policies)."""
    if isinstance(section, list):
        return [_section(scope, one, kind, spot.at(number), references) for number, one in enumerate(section)]
    if not isinstance(section, dict):
        return section
    made = {}
    for name, raw in section.items():
        found = scope.find(kind, raw.get("type")) if isinstance(raw, dict) and kind else None
        known = set(found.members("artifacts")) if found else set()
        own = raw.get("artifacts") if isinstance(raw, dict) else None
        names = frozenset(known | set(own if isinstance(own, dict) else ()))
        made[name] = rewritten(raw, spot.at(name), scope, references, names)
    return made
