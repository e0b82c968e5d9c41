"""One playbook a node, from the operations of its type and template: what IM's Ansible will run.

IM can merge several playbooks and their inputs into one, and does it wrongly for plays with `become`,
for operations with roles and tasks, and for texts with quotes or braces. So it is done here: the
plays of `create`, `configure` and `start`, in this order, each with its inputs as variables, become
one file, and IM receives that file as the node's only operation.

Variables hold what people wrote in a deployment. A text that Ansible might take for a template or
for another type is written as `{{ "<base64 of JSON>" | b64decode | from_json }}`: the value arrives
as it is, and nothing in it is ever run on the machine that runs Ansible.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from mattone.engines.infrastructure_manager.topology import Later, Topology
from mattone.errors import InputError, Place
from mattone.tosca.spots import show
from mattone.tosca.template import mapping

OPERATIONS = ("create", "configure", "start")
_INTERFACES = ("Standard", "Configure", "tosca.interfaces.node.lifecycle.Standard")
_RELATIONSHIP_INTERFACE = "tosca.interfaces.relationship.Configure"
_RESERVED = frozenset(("type", "inputs", "operations", "notifications", "description", "derived_from"))
_PLAIN = re.compile(r"[A-Za-z0-9_./:@=+-][A-Za-z0-9 _./:@=+-]*")
_LARGEST = 1 << 20  # bytes of one playbook


def playbooks(topology: Topology, files: Path) -> dict[str, str]:
    """The playbook of every node that has one."""
    found = {node: playbook(topology, node, files) for node in topology.nodes}
    return {node: text for node, text in found.items() if text}


def playbook(topology: Topology, node: str, files: Path) -> str:
    """The plays of a node as YAML text; empty when its type and template have no operation.

    Raises InputError for an implementation that is no playbook inside the folder `files`.
    """
    plays: list[dict[str, Any]] = []
    for operation, definition in operations(topology, node).items():
        implementation = definition.get("implementation")
        if not implementation:
            continue
        path = _inside(implementation, files, f"operation `{operation}` of node `{show(node)}`")
        inputs = definition.get("inputs") or {}
        variables = {name: _variable(topology, node, operation, name, value) for name, value in inputs.items()}
        plays += [_play(play, variables, path) for play in _plays(path)]
    return yaml.safe_dump(plays, sort_keys=False, allow_unicode=True, width=1000) if plays else ""


def operations(topology: Topology, node: str) -> dict[str, dict[str, Any]]:
    """The operations of a node in the order they run, inheritance applied (TOSCA Simple Profile 1.3, 3.7.5).

    The nearest implementation counts; inputs are merged, the nearest value first.
    """
    found: dict[str, dict[str, Any]] = {}
    template = topology.nodes[node]
    sources = [one.raw for one in reversed(template.type.lineage if template.type else ())] + [template.raw]
    for raw in sources:
        for name in _INTERFACES:
            _merge(found, mapping(mapping(raw, "interfaces"), name))
    return {name: found[name] for name in OPERATIONS if name in found}


def _merge(found: dict[str, dict[str, Any]], interface: Mapping[Any, Any]) -> None:
    common = mapping(interface, "inputs")
    listed = {name: raw for name, raw in interface.items() if name not in _RESERVED}
    for name, raw in {**listed, **mapping(interface, "operations")}.items():
        body = raw if isinstance(raw, dict) else {"implementation": raw}
        implementation = body.get("implementation")
        if isinstance(implementation, dict):
            implementation = implementation.get("primary")
        before = found.get(name, {})
        found[name] = {
            "implementation": implementation or before.get("implementation"),
            "inputs": {**before.get("inputs", {}), **common, **mapping(body, "inputs")},
        }


def _inside(implementation: object, files: Path, label: str) -> Path:
    """The file that an implementation names, when it lies in the bundle and nowhere else."""
    try:
        parts = urlsplit(implementation) if isinstance(implementation, str) else None
    except ValueError:  # a host in brackets that is no address
        parts = None
    if parts is None or parts.scheme not in ("file", "") or parts.netloc:
        raise InputError(f"{label} is no file of the bundle: {show(implementation)}")
    root = files.resolve()
    path = (root / unquote(parts.path)).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise InputError(f"{label} names a file that is not in the bundle: {show(implementation)}")
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"{label} is no Ansible playbook: {show(path.name)}", hint="the engine runs playbooks alone")
    return path


def _plays(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        plays = yaml.safe_load(text) if len(text) <= _LARGEST else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError("this playbook cannot be read", place=Place(str(path))) from error
    if not isinstance(plays, list) or not all(isinstance(play, dict) for play in plays):
        raise InputError("this is no playbook: a list of plays", place=Place(str(path)))
    return plays


def _play(play: dict[str, Any], variables: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A play without what IM sets itself (it would make lists of both), with the inputs as variables."""
    if any(key.startswith("import_") or key.endswith(".import_playbook") for key in play):
        raise InputError("a playbook of a type cannot import others", place=Place(str(path)), hint="use a role")
    kept = {key: value for key, value in play.items() if key not in ("hosts", "connection", "become", "vars")}
    own = play.get("vars")
    return {**kept, "vars": {**(own if isinstance(own, dict) else {}), **variables}}


def _variable(topology: Topology, node: str, operation: str, name: str, expression: Any) -> Any:
    if isinstance(expression, dict) and "type" in expression and ("value" in expression or "default" in expression):
        expression = expression.get("value", expression.get("default"))  # a parameter definition of a type
    try:
        return literal(topology.value(expression, node))
    except Later:
        raise InputError(
            f"input `{show(name)}` of operation `{operation}` of node `{show(node)}` needs what Ansible prints later"
        ) from None


def literal(value: Any) -> Any:
    """A value as Ansible variable that can be nothing but this value."""
    if isinstance(value, bool | int | float) or (isinstance(value, str) and _PLAIN.fullmatch(value)):
        return value
    encoded = base64.b64encode(json.dumps(value, ensure_ascii=True).encode()).decode()
    return f'{{{{ "{encoded}" | b64decode | from_json }}}}'
