"""Partial templates: add-ons that a dashboard merges with a base template before use.

`metadata: {parents: [base.yaml]}` names the templates an add-on can be merged with, each in turn.
Nothing of an add-on can be judged alone: it refers to inputs and nodes of its base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.errors import MattoneError
from mattone.tosca.imports import Workspace
from mattone.tosca.source import Document
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import ServiceTemplate, mapping, template_of

_SECTIONS = ("inputs", "node_templates", "relationship_templates", "groups", "outputs", "workflows")


def wholes(workspace: Workspace, template: ServiceTemplate) -> tuple[list[ServiceTemplate], bool]:
    """Each whole that a template becomes, itself when it is no add-on; and whether every base was found.

    A whole has the names of both; what stands in the add-on keeps its place in the add-on.
    """
    return _wholes(workspace, template, (template.path,))


def _wholes(
    workspace: Workspace, template: ServiceTemplate, seen: tuple[str, ...]
) -> tuple[list[ServiceTemplate], bool]:
    names = template.metadata.get("parents")
    if not isinstance(names, list) or not names:
        return [template], True
    found: list[ServiceTemplate] = []
    complete = True
    for index, name in enumerate(names):
        base = _open(workspace, template, name, Spot(template.document, ("metadata", "parents", index)))
        parent = template_of(workspace, base) if base is not None else None
        if parent is None or parent.path in seen:
            complete = False
            continue
        above, whole = _wholes(workspace, parent, (*seen, parent.path))
        complete = complete and whole
        found.extend(_merged(one, template) for one in above)
    return found or [template], complete


def _open(workspace: Workspace, template: ServiceTemplate, name: Any, spot: Spot) -> Document | None:
    hint = "Name it relative to this file."
    try:
        found = workspace.open(template.path, name) if isinstance(name, str) else None
    except MattoneError as error:
        found, hint = None, error.message
    if found is None:
        workspace.problems.add("TOSCA1009", f"the base template `{show(name)}` is not found", spot.place(), hint)
    return found


def _merged(base: ServiceTemplate, own: ServiceTemplate) -> ServiceTemplate:
    topology: dict[Any, Any] = {**base.topology, **own.topology}
    for section in _SECTIONS:
        both: Mapping[Any, Any] = {**mapping(base.topology, section), **mapping(own.topology, section)}
        if both:
            topology[section] = both
    return own._replace(
        inputs={**base.inputs, **own.inputs},
        outputs={**base.outputs, **own.outputs},
        nodes={**base.nodes, **own.nodes},
        topology=topology,
    )
