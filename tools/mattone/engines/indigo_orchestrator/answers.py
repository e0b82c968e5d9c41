"""What the orchestrator answers, as checked values: a server that errs or lies gives one clear RemoteError.

Source: `DeploymentResource`, `BaseResource` and `PagedResources` of the orchestrator 4.0.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mattone import redact
from mattone.errors import RemoteError

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONGEST = 2000  # characters of a reason


@dataclass(frozen=True, slots=True)
class Deployment:
    """Body B: one deployment. `status` and `task` as the server spells them."""

    uuid: str
    status: str
    reason: str = ""
    task: str = ""
    group: str = ""
    provider: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """One node of a deployment; `machine` is the id that its machine has at the Infrastructure Manager.

    `info` is what the Infrastructure Manager says of that machine: the parts of its RADL description.
    """

    uuid: str
    node: str
    type: str
    state: str
    machine: str = ""
    info: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: what it holds, how many pages and elements there are."""

    content: tuple[Mapping[str, Any], ...]
    pages: int
    elements: int


def parsed(body: str, what: str) -> Mapping[str, Any]:
    """A body that must be a JSON object. Raises RemoteError."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise RemoteError(f"the orchestrator's answer on {what} is not JSON", hint="check engine.url") from None
    if not isinstance(value, dict):
        raise RemoteError(f"the orchestrator's answer on {what} is no object", hint="check engine.url")
    return value


def deployment(value: Mapping[str, Any], expected: str = "") -> Deployment:
    """One deployment. Raises RemoteError, also when it is another one than `expected`."""
    uuid = _text(value, "uuid", "a deployment")
    if not UUID.fullmatch(uuid):
        raise RemoteError(f"the orchestrator names a deployment {redact.one_line(uuid, 60)!r}, which is no UUID")
    if expected and uuid.lower() != expected.lower():
        raise RemoteError(f"the orchestrator was asked for the deployment {expected} and answered on {uuid}")
    outputs = value.get("outputs") or {}
    if not isinstance(outputs, dict):
        raise RemoteError(f"the orchestrator's outputs of {uuid} are no object")
    return Deployment(
        uuid=uuid,
        status=_text(value, "status", uuid),
        reason=redact.one_line(_text(value, "statusReason", uuid), _LONGEST),
        task=_text(value, "task", uuid),
        group=_text(value, "userGroup", uuid),
        provider=_text(value, "cloudProviderName", uuid),
        outputs=outputs,
    )


def resource(value: Mapping[str, Any]) -> Resource:
    """One resource. Raises RemoteError; what is said of its machine may be missing or broken."""
    uuid = _text(value, "uuid", "a resource")
    if not UUID.fullmatch(uuid):
        raise RemoteError(f"the orchestrator names a resource {redact.one_line(uuid, 60)!r}, which is no UUID")
    metadata = value.get("metadata")
    return Resource(
        uuid=uuid,
        node=_text(value, "toscaNodeName", uuid),
        type=_text(value, "toscaNodeType", uuid),
        state=_text(value, "state", uuid),
        machine=_text(value, "physicalId", uuid),
        info=_machine_info(metadata.get("VirtualMachineInfo") if isinstance(metadata, dict) else None),
    )


def page(value: Mapping[str, Any], what: str) -> Page:
    """One page. An empty list has no `content`. Raises RemoteError."""
    content, numbers = value.get("content", []), value.get("page")
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise RemoteError(f"the orchestrator's list of {what} cannot be read")
    if not isinstance(numbers, dict):
        raise RemoteError(f"the orchestrator's list of {what} does not say how long it is")
    return Page(tuple(content), _number(numbers, "totalPages", what), _number(numbers, "totalElements", what))


def refusal(body: str) -> str:
    """The words of a refusal, from either shape that the server has for them, or the beginning of any other text."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return redact.one_line(body, 300) or "it said nothing"
    said = (value.get(key) for key in ("message", "error_description", "title", "error"))
    return redact.one_line(next((text for text in said if isinstance(text, str) and text), body), 600)


def _machine_info(text: Any) -> tuple[Mapping[str, Any], ...]:
    """The parts of a machine's description; none where it is missing, broken, or of another shape."""
    if not isinstance(text, str):
        return ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    parts = value.get("vmProperties") if isinstance(value, dict) else None
    return tuple(part for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()


def _text(value: Mapping[str, Any], key: str, what: str) -> str:
    found = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise RemoteError(f"the orchestrator's {key} of {what} is no text")
    return found


def _number(value: Mapping[str, Any], key: str, what: str) -> int:
    found = value.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 31:
        raise RemoteError(f"the orchestrator's list of {what} has no number {key}")
    return found
