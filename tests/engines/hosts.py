"""A double of the machine host, for tests of what the adapter does around IM where no machine can run.

Machines are entries of a dictionary: made at once, with addresses, and nothing answers there. Tests
of configuring use real machines (`test_configuring.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mattone import process
from mattone.errors import InputError
from mattone.machines.interface import Machine, MachineSpec, PortRule, Power, Volume


class DoubleHost:
    """`MachineHost` in memory; `calls` lists what was asked, `on_create` runs before each machine is made."""

    def __init__(self, folder: Path) -> None:
        self._key = folder / "key"
        self._key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nno key\n-----END OPENSSH PRIVATE KEY-----\n")
        self.machines: dict[str, Machine] = {}
        self.calls: list[str] = []
        self.folders: list[str] = []
        self.on_create: Callable[[MachineSpec], None] = lambda _: None

    @property
    def user(self) -> str:
        return "cloudadm"

    @property
    def key_file(self) -> Path:
        return self._key

    def create(self, spec: MachineSpec) -> Machine:
        self.on_create(spec)
        found = self.machines.get(spec.name)
        if found is not None and found.spec != spec:
            raise InputError(f"machine {spec.name} exists with other properties")
        if found is None:
            self.calls.append(f"create {spec.name}")
            number = 10 + len(self.calls)
            self.machines[spec.name] = Machine(spec, f"198.51.100.{number}", Power.RUNNING)
        return self.machines[spec.name]

    def list(self, labels: dict[str, str] | None = None) -> tuple[Machine, ...]:
        wanted = (labels or {}).items()
        return tuple(one for one in self.machines.values() if wanted <= one.spec.labels.items())

    def resize(self, name: str, cpus: float, memory: int) -> Machine:
        return self._change(f"resize {name}", name, cpus=cpus, memory=memory)

    def set_ports(self, name: str, ports: tuple[PortRule, ...]) -> Machine:
        return self._change(f"ports {name}", name, ports=ports)

    def attach(self, name: str, volumes: tuple[Volume, ...]) -> Machine:
        return self._change(f"attach {name}", name, volumes=volumes)

    def start(self, name: str) -> Machine:
        return self._power(name, Power.RUNNING)

    def stop(self, name: str) -> Machine:
        return self._power(name, Power.STOPPED)

    def run(
        self, name: str, command: Sequence[str], *, timeout: float = 600.0, accept: Sequence[int] = (0,)
    ) -> process.Result:
        self.calls.append(f"run {name} {command[0]}")
        listed = "\n".join(self.folders) if command[0] == "ls" else ""
        return process.Result(tuple(command), 0, listed, "")

    def copy_tree(self, name: str, source: Path, target: str) -> None:
        assert source.is_dir()
        self.calls.append(f"copy {target}")
        self.folders.append(target.rsplit("/", 1)[-1])

    def delete(self, name: str) -> None:
        if self.machines.pop(name, None) is not None:
            self.calls.append(f"delete {name}")

    def remove_all(self) -> None:
        self.machines.clear()

    def _change(self, call: str, name: str, **fields: object) -> Machine:
        self.calls.append(call)
        machine = self.machines[name]
        self.machines[name] = replace(machine, spec=replace(machine.spec, **fields))  # type: ignore[arg-type]
        return self.machines[name]

    def _power(self, name: str, power: Power) -> Machine:
        self.calls.append(f"{power.value} {name}")
        self.machines[name] = replace(self.machines[name], power=power)
        return self.machines[name]
