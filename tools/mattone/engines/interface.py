"""The port to what creates and configures machines: an orchestrator, called the engine.

An adapter is one folder beside this file. It translates between these values and the engine's
own API, turns every failure into one of `mattone.errors`, and decides nothing: planning,
journal and records live in `mattone.reconcile`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"


class Phase(StrEnum):
    """Where a remote deployment is on its way."""

    PENDING = "pending"  # accepted, machines being made or configured
    READY = "ready"  # every machine configured
    FAILED = "failed"  # the engine gave up; `reason` says at which task
    STOPPED = "stopped"  # machines switched off
    DELETING = "deleting"
    GONE = "gone"  # the engine does not know it (any more)
    UNKNOWN = "unknown"  # the engine answered something that says nothing


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a deployment is to run: a provider, the group's agreement with it, and its region ("": it has one)."""

    provider: str
    agreement: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything an engine needs for one create or update.

    deployment  `<group>/<name>`
    operation   id of this operation; it is inside `template` too, under its metadata
    template    parsed, rendered service template: types inlined, no reference left but those
                into `files`; input values filled in, so it may hold secrets
    files       folder with the bundle's files (playbooks, roles), read-only
    roles       role folder names below `files`/roles that the playbooks use
    placement   where it is to run, for an engine that serves many providers
    """

    deployment: str
    operation: str
    template: Mapping[str, Value] = field(repr=False)
    files: Path
    roles: tuple[str, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class RemoteMachine:
    """One machine as the engine and its provider report it, never as it was asked for.

    memory in MiB, disk sizes in bytes by volume name; `ports` as `22/tcp`.
    """

    name: str
    node: str
    state: str
    address: str = ""
    cpus: float = 0
    memory: int = 0
    volumes: Mapping[str, int] = field(default_factory=dict)
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engine knows about one remote deployment at this moment."""

    phase: Phase
    reason: str = ""
    machines: tuple[RemoteMachine, ...] = ()
    outputs: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remote:
    """A deployment that the engine holds, with the marks that we left in its template."""

    id: str
    deployment: str
    operation: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, so that a plan never promises more, and how it likes to be waited for.

    poll      seconds between two looks at an operation
    patience  seconds after which an operation that is still at work counts as failed
    parallel  how many operations it takes at once; 0: any number
    """

    resize_in_place: bool = False
    unset_inputs: bool = False
    start_stop: bool = False
    poll: float = 1.0
    patience: float = 3600.0
    parallel: int = 0


class Engine(Protocol):
    """What mattone asks of an engine. Every call returns within its own time limit.

    All methods raise RemoteError (TransientError when the same call may work later) and
    HostError when something on this host is missing.
    """

    @property
    def name(self) -> str: ...

    @property
    def instance(self) -> str:
        """Which installation of the engine this is: what one holds, another does not know.

        A URL for an engine with an address, with the account where accounts do not see each other's
        deployments; an id of its own for one that lives in a workspace.
        """

    def version(self) -> str:
        """Name and version of the engine that answers, for the record."""

    def capabilities(self) -> Capabilities: ...

    def submit(self, submission: Submission) -> str:
        """Create a deployment, return the engine's id for it; the work goes on behind."""

    def update(self, remote_id: str, submission: Submission) -> str:
        """Bring an existing deployment to the submitted template: new, changed and vanished nodes.

        Returns its id from now on: another one where the engine could only make it anew.
        """

    def observe(self, remote_id: str) -> Observation:
        """The state now; phase GONE when the engine does not know the id."""

    def destroy(self, remote_id: str) -> None:
        """Delete it with all its machines; deleting what is gone is no error."""

    def log(self, remote_id: str) -> str:
        """What the engine and its configuration tool printed, newest operation last."""

    def find(self, deployment: str) -> tuple[Remote, ...]:
        """Every remote deployment that carries our mark for `<group>/<name>`."""

    def start(self, remote_id: str, machine: str) -> None: ...

    def stop(self, remote_id: str, machine: str) -> None: ...

    def close(self) -> None:
        """End what the engine keeps running on this host, if anything; the next call starts it again."""
