"""A service template as typed values: what commands, the checker and the renderer work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mattone.findings import Finding
from mattone.tosca.definitions import PropertyDef, property_of, text
from mattone.tosca.imports import Import, Resolver, Workspace, read_template
from mattone.tosca.source import Document
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope, TypeDef, named


class Output(NamedTuple):
    """An output of the topology (1.3, 3.9.3.6): its value as written, usually a function."""

    name: str
    value: Any
    description: str
    spot: Spot


class NodeTemplate(NamedTuple):
    """A node template (1.3, 3.8.3); `type` is None when its type is not known."""

    name: str
    type_name: str
    type: TypeDef | None
    raw: Mapping[Any, Any]
    spot: Spot


class ServiceTemplate(NamedTuple):
    """A service template (1.3, 3.10) with its imports read.

    topology   the topology (in 2.0 the service template) as written; empty when there is none
    section    the key of the file that it stands under
    documents  the template's own document first, then every document it imports
    """

    path: str
    version: str
    description: str
    metadata: Mapping[str, Any]
    inputs: Mapping[str, PropertyDef]
    outputs: Mapping[str, Output]
    nodes: Mapping[str, NodeTemplate]
    imports: tuple[Import, ...]
    section: str
    topology: Mapping[Any, Any]
    document: Document
    documents: tuple[Document, ...]
    scope: Scope


def load_template(path: str, resolver: Resolver) -> tuple[ServiceTemplate | None, tuple[Finding, ...]]:
    """Read a service template and its imports.

    Gives None only when the file is missing or no YAML mapping. The findings are those of reading
    alone: YAML, imports; `checks.template.check_template` tells the rest.
    """
    workspace, document = read_template(path, resolver)
    template = template_of(workspace, document) if document is not None else None
    return template, workspace.problems.findings()


def template_of(workspace: Workspace, document: Document) -> ServiceTemplate | None:
    """The typed view of a document of a workspace; None when the document is no mapping."""
    if not isinstance(document.value, dict):
        return None
    scope = workspace.scope(document)
    section = scope.dialect.service
    topology = mapping(document.value, section)
    at = Spot(document, (section,))
    inputs = {
        name: parsed
        for name, raw, keys in named(mapping(topology, "inputs"))
        if (parsed := property_of(name, raw, at.at("inputs", *keys), scope)) is not None
    }
    return ServiceTemplate(
        document.path,
        text(document.value.get("tosca_definitions_version")),
        text(document.value.get("description")),
        mapping(document.value, "metadata"),
        inputs,
        {name: _output(name, raw, at) for name, raw, _ in named(mapping(topology, "outputs"))},
        {name: _node(name, raw, at, scope) for name, raw, _ in named(mapping(topology, "node_templates"))},
        workspace.imports(document),
        section,
        topology,
        document,
        workspace.documents(document),
        scope,
    )


def mapping(value: Any, key: str) -> Mapping[Any, Any]:
    """A section that is a mapping; an empty one for anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _output(name: str, raw: Any, at: Spot) -> Output:
    spot = at.at("outputs", name)
    if not isinstance(raw, dict):
        return Output(name, raw, "", spot)
    return Output(name, raw.get("value"), text(raw.get("description")), spot)


def _node(name: str, raw: Any, at: Spot, scope: Scope) -> NodeTemplate:
    body = raw if isinstance(raw, dict) else {}
    type_name = text(body.get("type"))
    return NodeTemplate(name, type_name, scope.find("node", type_name), body, at.at("node_templates", name))
