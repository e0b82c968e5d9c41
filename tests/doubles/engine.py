"""A double of an engine: no real machines, only the port's rules, and faults to switch on.

Nothing real can be killed between taking a request and answering it at a wanted instant, so the
tests of what mattone does then use this. Its state is one JSON file under a lock: every process
that opens the file sees the same engine.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mattone.engines.interface import Capabilities, Observation, Phase, Remote, RemoteMachine, Submission
from mattone.errors import RemoteError, TransientError

LOSE_ANSWER = "lose answer"  # acts, and the caller hears of no end
REFUSE = "refuse"  # says no before it acts
REFUSE_LATE = "refuse late"  # makes the machines, then says no
UNREACHABLE = "unreachable"
KILL_BEFORE, KILL_AFTER = "kill before", "kill after"  # the calling process, before or after acting

_EMPTY: dict[str, Any] = {"serial": 0, "held": {}, "faults": {}, "calls": [], "failing": "", "looks": 1}


class EngineDouble:
    """Conforms to `mattone.engines.interface.Engine`; `instance` is its file unless told otherwise."""

    def __init__(self, path: Path, instance: str = "") -> None:
        self._path = path
        self._instance = instance or "double"

    # What a test arranges and looks at

    def fault(self, call: str, kind: str, times: int = 1) -> None:
        """The next `times` uses of a call (`submit`, `observe`, ...) go wrong in this way."""
        with self._state() as state:
            state["faults"][call] = [kind, times]

    def fail_with(self, reason: str) -> None:
        """What is brought about from now on ends as failed; an empty reason: it succeeds again."""
        with self._state() as state:
            state["failing"] = reason

    def looks_until_ready(self, looks: int) -> None:
        """How often `observe` says pending before the end."""
        with self._state() as state:
            state["looks"] = looks

    def end_waiting(self) -> None:
        """All that is pending is ready at the next look, and so is what comes."""
        with self._state() as state:
            state["looks"] = 0
            for row in state["held"].values():
                row["looks"] = 0

    def forget(self, deployment: str) -> None:
        """Lose a deployment, as when its machines were deleted behind our back."""
        with self._state() as state:
            state["held"] = {key: row for key, row in state["held"].items() if row["deployment"] != deployment}

    def hold_twice(self, deployment: str) -> None:
        """Make a second remote deployment with the same mark."""
        with self._state() as state:
            row = next(row for row in state["held"].values() if row["deployment"] == deployment)
            state["held"][_new_id(state)] = dict(row)

    def held(self, deployment: str) -> list[str]:
        """The ids of what it holds for a deployment."""
        with self._state() as state:
            return [key for key, row in state["held"].items() if row["deployment"] == deployment]

    def template(self, deployment: str) -> Any:
        """The template that it was given last for a deployment."""
        with self._state() as state:
            return state["held"][self._only(state, deployment)]["template"]

    def operation(self, deployment: str) -> str:
        """The operation that the last template for a deployment bears."""
        with self._state() as state:
            return str(state["held"][self._only(state, deployment)]["operation"])

    def calls(self, *names: str) -> int:
        """How many calls it took of these kinds; by default of those that change something."""
        with self._state() as state:
            return sum(call in (names or ("submit", "update", "destroy")) for call in state["calls"])

    # The port

    @property
    def name(self) -> str:
        return "double"

    @property
    def instance(self) -> str:
        return self._instance

    def version(self) -> str:
        return "Engine double 1.0"

    def capabilities(self) -> Capabilities:
        return Capabilities(resize_in_place=True, unset_inputs=True, start_stop=True)

    def submit(self, submission: Submission) -> str:
        with self._call("submit") as (state, fault):
            known = [key for key, row in state["held"].items() if row["deployment"] == submission.deployment]
            identity = known[0] if known else _new_id(state)
            self._bring(state, identity, submission, fault)
        return identity

    def update(self, remote_id: str, submission: Submission) -> str:
        with self._call("update") as (state, fault):
            if state["held"].get(remote_id, {}).get("deployment") != submission.deployment:
                raise RemoteError(f"{remote_id} is not the engine's id of {submission.deployment}")
            self._bring(state, remote_id, submission, fault)
        return remote_id

    def observe(self, remote_id: str) -> Observation:
        with self._call("observe") as (state, _):
            row = state["held"].get(remote_id)
            if row is None:
                return Observation(Phase.GONE)
            machine = (RemoteMachine(f"{remote_id}-1", "server", row["power"], "192.0.2.1", 1, 512),)
            if row["looks"] > 0:
                row["looks"] -= 1
                return Observation(Phase.PENDING, "configuring", machine)
            if row["failing"]:
                return Observation(Phase.FAILED, row["failing"], machine)
            if row["power"] == "stopped":
                return Observation(Phase.STOPPED, "switched off", machine)
            return Observation(Phase.READY, "", machine, {"address": "192.0.2.1"})

    def destroy(self, remote_id: str) -> None:
        with self._call("destroy") as (state, _):
            state["held"].pop(remote_id, None)

    def log(self, remote_id: str) -> str:
        with self._call("log") as (state, _):
            return f"log of {remote_id}\n{state['held'].get(remote_id, {}).get('failing', '')}"

    def find(self, deployment: str) -> tuple[Remote, ...]:
        with self._call("find") as (state, _):
            rows = state["held"].items()
            return tuple(
                Remote(key, deployment, row["operation"]) for key, row in rows if row["deployment"] == deployment
            )

    def start(self, remote_id: str, machine: str) -> None:
        self._power(remote_id, machine, "running")

    def stop(self, remote_id: str, machine: str) -> None:
        self._power(remote_id, machine, "stopped")

    def close(self) -> None:
        """Nothing runs."""

    # Inside

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        with self._path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            state = json.loads(text) if text else json.loads(json.dumps(_EMPTY))
            try:
                yield state
            finally:
                file.seek(0)
                file.truncate()
                json.dump(state, file)

    @contextmanager
    def _call(self, name: str) -> Iterator[tuple[dict[str, Any], str]]:
        """One call: count it, go wrong before or after acting as was asked for."""
        with self._state() as state:
            state["calls"].append(name)
            fault = _take_fault(state, name)
        if fault == KILL_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == REFUSE:
            raise RemoteError(f"{name}: the engine refuses")
        if fault == UNREACHABLE:
            raise TransientError(f"{name}: connection refused")
        with self._state() as state:
            yield state, fault
        if fault == KILL_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == REFUSE_LATE:
            raise RemoteError(f"{name}: no playbook for this")
        if fault == LOSE_ANSWER:
            raise TransientError(f"{name}: timed out")

    def _power(self, remote_id: str, machine: str, power: str) -> None:
        with self._state() as state:
            if remote_id not in state["held"] or machine != f"{remote_id}-1":
                raise RemoteError(f"{remote_id} has no machine {machine!r}")
            state["held"][remote_id]["power"] = power

    def _bring(self, state: dict[str, Any], identity: str, submission: Submission, fault: str) -> None:
        state["held"][identity] = {
            "deployment": submission.deployment,
            "operation": submission.operation,
            "template": submission.template,
            "failing": "not configured" if fault == REFUSE_LATE else state["failing"],
            "looks": state["looks"],
            "power": "running",
        }

    def _only(self, state: dict[str, Any], deployment: str) -> str:
        (found,) = (key for key, row in state["held"].items() if row["deployment"] == deployment)
        return str(found)


def _new_id(state: dict[str, Any]) -> str:
    state["serial"] += 1
    return f"remote-{state['serial']}"


def _take_fault(state: dict[str, Any], name: str) -> str:
    kind, times = state["faults"].pop(name, ["", 0])
    if times > 1:
        state["faults"][name] = [kind, times - 1]
    return str(kind)
