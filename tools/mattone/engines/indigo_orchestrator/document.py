"""What the orchestrator is sent: the template, its inputs apart, our marks, and where it is to run.

The values of inputs go as parameters and never inside the template: the server shows templates to
whoever may see the deployment, parameters to nobody. Both it writes to its log.

The marks stand twice. In the metadata the server keeps them as long as it keeps the text that it
was sent; with its first update it writes the template anew, with metadata of its own, and only what
it understands of the rest. The description is part of that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import redact
from mattone.engines.indigo_orchestrator import files
from mattone.engines.interface import Placement, Submission
from mattone.errors import InputError

DEPLOYMENT, OPERATION = "mattone_deployment", "mattone_operation"
POLICY = "tosca.policies.indigo.SlaPlacement"

_VERSIONS = tuple(f"tosca_simple_yaml_1_{minor}" for minor in range(4))
_MARK = re.compile(r"\[mattone\s+deployment=(\S{1,200})\s+operation=(\S{1,200})\]")
_POLICY_TYPE = {
    "derived_from": "tosca.policies.Placement",
    "properties": {
        "sla_id": {"type": "string", "required": True},
        "region": {"type": "string", "required": False},
    },
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Whose a template is: `<group>/<name>`, and the operation that submitted it."""

    deployment: str
    operation: str


def body(
    submission: Submission, options: Mapping[str, Any], folder: Path | None = None, url: str = ""
) -> dict[str, Any]:
    """The request for a create or an update, `DeploymentRequest` of the orchestrator 4.0.1.

    options       its fields besides template and parameters
    folder, url   where files are published, and where they are then found

    Raises InputError for what this server cannot be given, HostError when `folder` cannot be written.
    """
    import yaml

    template, parameters = _split(_spoken(_plain(submission.template)))
    if submission.placement is not None and submission.placement.agreement:
        _place(template, submission.placement)
    if folder is not None:
        template = files.published(template, submission, folder, url)
    _refuse_files(template)
    _mark(template, Marks(submission.deployment, submission.operation))
    text = yaml.safe_dump(template, sort_keys=False, allow_unicode=True)
    return {"template": text, "parameters": parameters, **options}


def marks(text: str) -> Marks | None:
    """The marks in a template that the server holds; None when it has none and is not ours.

    Raises ValueError when it is empty, or speaks of mattone and cannot be read.
    """
    import yaml

    if not text.strip():
        raise ValueError("it is empty")
    if "mattone" not in text:
        return None
    try:
        value = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("not YAML") from error
    if not isinstance(value, dict):
        raise ValueError("no mapping")
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get(DEPLOYMENT), str):
        return Marks(metadata[DEPLOYMENT], str(metadata.get(OPERATION, "")))
    found = _MARK.findall(str(value.get("description") or ""))
    return Marks(*found[-1]) if found else None


def _mark(template: dict[str, Any], own: Marks) -> None:
    template["metadata"] = {**template.get("metadata", {}), DEPLOYMENT: own.deployment, OPERATION: own.operation}
    described = _MARK.sub("", str(template.get("description") or "")).rstrip()
    template["description"] = f"{described} [mattone deployment={own.deployment} operation={own.operation}]".lstrip()


def _spoken(template: dict[str, Any]) -> dict[str, Any]:
    """The template in the one version of the language that this server knows, TOSCA Simple Profile 1.0.

    What later versions of 1.x added and a rendered template can hold, it skips with a warning; but
    for operations under a key of their own (1.3, 3.7.5), which it would take for an operation of that name.
    """
    version = template.get("tosca_definitions_version")
    if version not in _VERSIONS:
        raise InputError(f"the orchestrator does not know templates of {redact.one_line(str(version), 60)}")
    made: dict[str, Any] = _flat(template)
    return {**made, "tosca_definitions_version": _VERSIONS[0]}


def _flat(value: Any) -> Any:
    """A copy in which the operations of an interface stand in it themselves."""
    if isinstance(value, list):
        return [_flat(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _flat(inner) for key, inner in value.items()}
    if isinstance(made.get("interfaces"), dict):
        made["interfaces"] = {name: _hoisted(one) for name, one in made["interfaces"].items()}
    return made


def _hoisted(interface: Any) -> Any:
    if not isinstance(interface, dict) or not isinstance(interface.get("operations"), dict):
        return interface
    return {**{key: part for key, part in interface.items() if key != "operations"}, **interface["operations"]}


def _split(template: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The template without the values of its inputs, and these.

    An input without a value is taken out, with the assignments that it is the value of: this server
    fails on a `get_input` that finds nothing. Raises InputError when a function is left that needs it.
    """
    topology = template.get("topology_template")
    if not isinstance(topology, dict) or not isinstance(topology.get("inputs"), dict):
        return template, {}
    kept, parameters, absent = {}, {}, set()
    for name, raw in topology["inputs"].items():
        definition = dict(raw) if isinstance(raw, dict) else {}
        value = definition.pop("default", None)
        if value is None:
            absent.add(name)
        else:
            kept[name], parameters[name] = definition, value
    slim = {key: _without(value, absent) for key, value in topology.items() if key != "inputs"}
    if isinstance(slim.get("outputs"), dict):  # one whose value was taken out is no output
        slim["outputs"] = {name: one for name, one in slim["outputs"].items() if one}
    return {**template, "topology_template": {"inputs": kept, **slim} if kept else slim}, parameters


def _without(value: Any, absent: set[str]) -> Any:
    """A copy without the entries whose value is the function `get_input` of an absent input."""
    if isinstance(value, dict):
        return {key: _without(inner, absent) for key, inner in value.items() if not _is_absent(inner, absent)}
    if not isinstance(value, list):
        return value
    for item in value:
        if _is_absent(item, absent):
            name = redact.one_line(item["get_input"], 80)
            raise InputError(f"input `{name}` has no value, and a function needs it", hint="give it one")
    return [_without(item, absent) for item in value]


def _is_absent(value: Any, absent: set[str]) -> bool:
    name = value.get("get_input") if isinstance(value, dict) and len(value) == 1 else None
    return isinstance(name, str) and name in absent


def _place(template: dict[str, Any], placement: Placement) -> None:
    """Add the policy that chooses the agreement, unless the template has one of its own."""
    topology = template["topology_template"]
    policies = topology.get("policies") or []
    listed = [{name: one} for name, one in policies.items()] if isinstance(policies, dict) else list(policies)
    chosen = (one for entry in listed if isinstance(entry, dict) for one in entry.values())
    if any(isinstance(one, dict) and one.get("type") == POLICY for one in chosen):
        return
    properties = {"sla_id": placement.agreement, **({"region": placement.region} if placement.region else {})}
    topology["policies"] = [*listed, {"mattone_placement": {"type": POLICY, "properties": properties}}]
    template["policy_types"] = {**template.get("policy_types", {}), POLICY: _POLICY_TYPE}


def _refuse_files(value: Any) -> None:
    """Raises InputError when the document names a file of this host, which the orchestrator cannot read."""
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_files(inner)
    elif isinstance(value, list):
        for item in value:
            _refuse_files(item)
    elif isinstance(value, str) and value.startswith("file://"):
        name = value.rsplit("/", 1)[-1]
        raise InputError(
            f"the orchestrator cannot read `{redact.one_line(name, 80)}`, a file of this host",
            hint="say in engine.files_folder and engine.files_url where bundles are published",
        )


def _plain(value: Any) -> Any:
    """A copy of plain dictionaries and lists, which YAML can write and nobody else holds."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
