"""What the double understands of a template: enough for inputs, counts, policies, and writing it anew."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import yaml

COMPUTE = "tosca.nodes.indigo.Compute"
SLA_PLACEMENT = "tosca.policies.indigo.SlaPlacement"


class BadTemplate(Exception):
    """`ToscaException`: HTTP 400 with this message."""


def parse(text: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadTemplate("Error parsing TOSCA template template") from error
    if not isinstance(value, dict) or value.get("tosca_definitions_version") != "tosca_simple_yaml_1_0":
        raise BadTemplate("Error parsing TOSCA template template")
    for entry in value.get("imports") or []:
        for address in entry.values() if isinstance(entry, dict) else [entry]:
            for section, types in _fetched(address).items():
                if section.endswith("_types"):
                    value[section] = {**types, **value.get(section, {})}
    return value


def _fetched(address: str) -> dict[str, Any]:
    """An import, which the server fetches each time it parses a template; here from this host alone."""
    if not address.startswith("http://127.0.0.1:"):
        raise BadTemplate(f"Import definition is not valid: {address}")
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: dict[str, Any] = yaml.safe_load(answer.read())
    except OSError as error:
        raise BadTemplate(f"Import definition is not valid: {address}") from error
    return found


def topology(template: dict[str, Any]) -> dict[str, Any]:
    return template.get("topology_template") or {}


def check_inputs(template: dict[str, Any], parameters: dict[str, Any]) -> None:
    """`validateUserInputs` and `processGetInput`: required inputs, and each `get_input` must find a value."""
    inputs = topology(template).get("inputs") or {}
    for name, raw in inputs.items():
        definition = raw if isinstance(raw, dict) else {}
        if definition.get("required", True) and parameters.get(name, definition.get("default")) is None:
            raise BadTemplate(
                f"Input <{name}> is required and is not present in the user's input list, nor has a default value"
            )
    for section in ("node_templates", "policies"):
        for name in _inputs_used(topology(template).get(section)):
            if name not in inputs:
                raise BadTemplate(f"No input with name <{name}> defined in the template")
            if parameters.get(name, (inputs[name] or {}).get("default")) is None:
                raise BadTemplate(f"No input provided for <{name}> and no default value provided in the definition")


def _inputs_used(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("get_input"), str):
            yield value["get_input"]
        for inner in value.values():
            yield from _inputs_used(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _inputs_used(item)


def evaluated(value: Any, template: dict[str, Any], parameters: dict[str, Any]) -> Any:
    """A value with `get_input` replaced."""
    if isinstance(value, dict):
        if len(value) == 1 and "get_input" in value:
            definition = (topology(template).get("inputs") or {}).get(value["get_input"]) or {}
            return parameters.get(value["get_input"], definition.get("default"))
        return {key: evaluated(inner, template, parameters) for key, inner in value.items()}
    return [evaluated(item, template, parameters) for item in value] if isinstance(value, list) else value


def nodes(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return topology(template).get("node_templates") or {}


def count(node: dict[str, Any]) -> int:
    capability = (node.get("capabilities") or {}).get("scalable") or {}
    return int((capability.get("properties") or {}).get("count", 1))


def is_compute(template: dict[str, Any], type_name: str) -> bool:
    """Whether a type is `tosca.nodes.indigo.Compute` or comes from it, or from TOSCA's own Compute."""
    seen: set[str] = set()
    while type_name not in seen:
        if type_name in {COMPUTE, "tosca.nodes.Compute"}:
            return True
        seen.add(type_name)
        type_name = ((template.get("node_types") or {}).get(type_name) or {}).get("derived_from", type_name)
    return False


def agreement(template: dict[str, Any]) -> str:
    """The `sla_id` of the one policy that chooses an agreement, or ""."""
    listed = topology(template).get("policies") or []
    entries = [policy for entry in listed for policy in entry.values()]
    found = [policy for policy in entries if policy.get("type") == SLA_PLACEMENT]
    if len(found) > 1:
        raise BadTemplate("Only a single placement policy is supported")
    return str((found[0].get("properties") or {}).get("sla_id", "")) if found else ""


def rewritten(text: str) -> str:
    """`TemplateParser.serialize`: other metadata, no types, the rest by the server's own hand."""
    template = parse(text)
    metadata = {"template_name": "template", "template_version": "1.0.0-SNAPSHOT", "template_author": "orchestrator"}
    kept: dict[str, Any] = {
        "tosca_definitions_version": template["tosca_definitions_version"],
        "metadata": metadata,
        "description": " ".join(str(template.get("description") or "").split()),
        "topology_template": topology(template),
    }
    if "imports" in template:
        kept["imports"] = template["imports"]
    return yaml.safe_dump(kept, sort_keys=True, width=60)
