"""What IM and the machines say about a deployment, as an `Observation`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mattone import redact
from mattone.engines.infrastructure_manager.client import Client
from mattone.engines.infrastructure_manager.machines import NODE
from mattone.engines.interface import Observation, Phase, RemoteMachine
from mattone.machines.interface import Machine, PortRule, Power

# IM's states, https://imdocs.readthedocs.io/en/latest/xmlrpc.html#statuses, and what they mean here.
PHASES = {
    "pending": Phase.PENDING,
    "running": Phase.PENDING,
    "configured": Phase.READY,
    "unconfigured": Phase.FAILED,
    "failed": Phase.FAILED,
    "stopped": Phase.STOPPED,
    "off": Phase.STOPPED,
    "deleting": Phase.DELETING,
}
_TASK = re.compile(r"^TASK \[(.*?)\] \*+\s*$", re.M)
_FAILED = re.compile(
    r"^(?:fatal|failed): \[[^\]]*\](?: \(item=.*?\))?(?:: FAILED!| => |: UNREACHABLE!).*$", re.MULTILINE
)
# Lines of IM's own; those in which it only counts its attempts, and tasks that Ansible went on after, say nothing.
_TROUBLE = re.compile(r"^(?!ERROR executing|fatal:|failed:|.*failed=0).*\b(?:error|failed|timeout)\b.*$", re.I | re.M)
INTERRUPTED = "the engine was interrupted while it configured; apply again"
_LONGEST = 500


def observation(client: Client, infrastructure: str, own: Sequence[Machine], *, orphaned: bool) -> Observation:
    """The state of an infrastructure that IM holds, with the machines as they really are.

    orphaned  it was handed to an IM process that is no more: what was not configured then never will be
    """
    state, machines = client.state(infrastructure)
    phase, reason = PHASES.get(state, Phase.UNKNOWN), ""
    outputs: Mapping[str, Any] = {}
    if phase is Phase.PENDING:
        phase, reason = (Phase.FAILED, INTERRUPTED) if orphaned else (phase, progress(client.log(infrastructure)))
    elif phase is Phase.FAILED:
        reason = failure(client.log(infrastructure)) or INTERRUPTED
    elif phase is Phase.UNKNOWN:
        reason = f"the engine says {redact.one_line(state, 60)!r}"
    elif phase is not Phase.DELETING and len(own) < len(machines):
        phase, reason = (
            Phase.FAILED,
            f"{len(machines) - len(own)} of {len(machines)} machines no longer exist; apply again",
        )
    elif phase is Phase.READY:
        outputs = client.outputs(infrastructure)
        if own and all(machine.power is Power.STOPPED for machine in own):
            phase, reason = Phase.STOPPED, "its machines are switched off"
    return Observation(phase, reason, remote_machines(own), outputs)


def remote_machines(own: Sequence[Machine]) -> tuple[RemoteMachine, ...]:
    """The machines of a deployment, from what their host says of them."""
    return tuple(
        RemoteMachine(
            name=machine.spec.name,
            node=machine.spec.labels.get(NODE, ""),
            state=machine.power.value,
            address=machine.address,
            cpus=machine.spec.cpus,
            memory=machine.spec.memory,
            volumes={volume.name: volume.size for volume in machine.spec.volumes},
            ports=tuple(_port(rule) for rule in machine.spec.ports),
        )
        for machine in own
    )


def _port(rule: PortRule) -> str:
    span = str(rule.first) if rule.first == rule.last else f"{rule.first}-{rule.last}"
    return f"{span}/{rule.protocol}"


def progress(log: str) -> str:
    """The task that Ansible began last, for a person who waits; empty before the first."""
    tasks = _TASK.findall(log)
    return redact.one_line(f"task [{tasks[-1]}]", _LONGEST) if tasks else ""


def failure(log: str) -> str:
    """The last task that failed, and why, from what IM and Ansible printed; empty when nothing did."""
    found = [match for match in _FAILED.finditer(log) if not _ignored(log, match.end())]
    if not found:
        trouble = [match.group().strip() for match in _TROUBLE.finditer(log)]
        return redact.one_line(trouble[-1], _LONGEST) if trouble else ""
    last = found[-1]
    tasks = [match.group(1) for match in _TASK.finditer(log, 0, last.start())]
    task = tasks[-1] if tasks else "?"
    return redact.one_line(f"task [{task}] failed: {_message(log[last.start() :])}", _LONGEST)


def _ignored(log: str, end: int) -> bool:
    """Whether Ansible went on: it says so in the lines after the failure, before the next task."""
    rest = log[end:]
    following = _TASK.search(rest)
    return "...ignoring" in rest[: following.start() if following else len(rest)]


def _message(text: str) -> str:
    """The `msg` of a failed task's JSON result, with the standard error of a command where there is one."""
    start = text.find("{")
    result: Any = None
    if start >= 0:
        try:
            result, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            result = None
    if not isinstance(result, dict):
        return text.splitlines()[0]
    parts = [str(result[key]).strip() for key in ("msg", "stderr", "module_stderr", "reason") if result.get(key)]
    return " | ".join(dict.fromkeys(parts)) or text.splitlines()[0]
