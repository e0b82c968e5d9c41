"""The port to real machines for the embedded engine: what a small cloud offers, on one host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from mattone import process


class Power(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk of its own that outlives restarts: size in bytes, mounted at an absolute path."""

    name: str
    size: int
    mount: str


@dataclass(frozen=True, slots=True)
class PortRule:
    """Who may reach a port: protocol `tcp` or `udp`, first and last port, source in CIDR form."""

    protocol: str
    first: int
    last: int
    source: str = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine as it is wanted.

    name     unique in the workspace; a DNS label
    image    recipe name: `machine` (plain) or `controller` (has the Ansible that configures others)
    cpus     number of processors, may be a fraction; memory in MiB
    labels   marks to find it again (deployment, operation, node)
    """

    name: str
    image: str = "machine"
    cpus: float = 1
    memory: int = 1024
    volumes: tuple[Volume, ...] = ()
    ports: tuple[PortRule, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as it is: its spec, its address on the workspace's network, its power state."""

    spec: MachineSpec
    address: str
    power: Power


class MachineHost(Protocol):
    """What the embedded engine asks of its host. Raises HostError, TransientError."""

    @property
    def user(self) -> str:
        """The account with passwordless sudo that the key opens, on every machine."""

    @property
    def key_file(self) -> Path:
        """The workspace's private SSH key, readable by its owner alone."""

    def create(self, spec: MachineSpec) -> Machine:
        """Make, start and wait until SSH answers. The same spec again returns the same machine."""

    def list(self, labels: dict[str, str] | None = None) -> tuple[Machine, ...]:
        """Machines of this workspace that carry all the labels."""

    def resize(self, name: str, cpus: float, memory: int) -> Machine: ...

    def set_ports(self, name: str, ports: tuple[PortRule, ...]) -> Machine: ...

    def attach(self, name: str, volumes: tuple[Volume, ...]) -> Machine:
        """Make the volumes of a machine these; growing one keeps its data, shrinking is refused."""

    def start(self, name: str) -> Machine:
        """Switch on; volumes and port rules as before, same address; waits for SSH."""

    def stop(self, name: str) -> Machine: ...

    def run(
        self, name: str, command: Sequence[str], *, timeout: float = 600.0, accept: Sequence[int] = (0,)
    ) -> process.Result:
        """Run a command, given as words, on a machine as its user. Raises process.CommandFailed too."""

    def copy_tree(self, name: str, source: Path, target: str) -> None:
        """Make the folder `target` of a machine an exact copy of a local folder, in one step."""

    def delete(self, name: str) -> None:
        """Remove machine and volumes; deleting what is gone is no error."""

    def remove_all(self) -> None:
        """Remove every machine, network and mount of this workspace."""
