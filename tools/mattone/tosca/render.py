"""One self-contained document from a template, its types and a deployment's values: what the engine receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mattone.errors import InputError
from mattone.tosca.artifacts import repository_path, with_files
from mattone.tosca.needed import needed_types
from mattone.tosca.prefixes import own_names, without_prefixes
from mattone.tosca.source import Value
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import ServiceTemplate, mapping
from mattone.tosca.types import KINDS


def render(
    template: ServiceTemplate,
    values: Mapping[str, Value] | None,
    marks: Mapping[str, str],
    files: Callable[[str], str],
) -> dict[str, Any]:
    """The template as one plain document without imports.

    values  input name to value; it replaces the input's default. None leaves every input to be filled in later
    marks   added to the metadata, to find the deployment again at the engine
    files   repository path of each artifact and implementation file to the reference that the engine
            can follow

    The types that the topology needs are part of it, normative ones aside; functions stay functions.
    Equal arguments give an equal document with keys in equal order. Raises InputError, with its place,
    for a missing input, an unresolved import, two types of one name, and a file reference that is no path inside
    the repository. Types that are imported under a prefix go by the name that they are defined under.
    """
    _refuse_unresolved(template)
    if values is not None:
        _refuse_inputs(template, values)

    def replace(reference: str, spot: Spot) -> str:
        return files(repository_path(reference, spot))

    document: dict[str, Any] = {"tosca_definitions_version": template.version}
    if template.description:
        document["description"] = template.description
    document["metadata"] = {**template.metadata, **marks}
    for section in ("dsl_definitions", "repositories"):
        if section in template.document.value:
            document[section] = template.document.value[section]
    document.update(_types(template, replace))
    document["topology_template"] = _topology(template, values or {}, replace)
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


def _types(template: ServiceTemplate, replace: Callable[[str, Spot], str]) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for one in needed_types(dict(template.topology), template.scope):
        names = frozenset(one.members("artifacts"))
        made = with_files(dict(one.raw), one.spot, one.scope, replace, names)
        sections.setdefault(KINDS[one.kind][0], {})[one.name] = without_prefixes(made, own_names(one.scope))
    return sections


def _topology(
    template: ServiceTemplate, values: Mapping[str, Value], replace: Callable[[str, Spot], str]
) -> dict[str, Any]:
    names = own_names(template.scope)
    topology = {
        # Templates of nodes and relationships are renamed below, when the types that they name have been asked.
        section: raw if section.endswith("_templates") else without_prefixes(raw, names, template=True)
        for section, raw in template.topology.items()
    }
    if isinstance(topology.get("inputs"), dict):
        topology["inputs"] = {
            name: {**raw, "default": values[name]} if name in values and isinstance(raw, dict) else raw
            for name, raw in topology["inputs"].items()
        }
    base = Spot(template.document, ("topology_template",))
    for section, kind in (("node_templates", "node"), ("relationship_templates", "relationship")):
        if section not in topology:
            continue
        made = {}
        for name, raw in mapping(topology, section).items():
            found = template.scope.find(kind, raw.get("type")) if isinstance(raw, dict) else None
            known = set(found.members("artifacts")) if found else set()
            own = raw.get("artifacts") if isinstance(raw, dict) else None
            artifacts = frozenset(known | set(own if isinstance(own, dict) else ()))
            body = with_files(raw, base.at(section, name), template.scope, replace, artifacts)
            made[name] = without_prefixes(body, names, template=True)
        topology[section] = made
    return topology
