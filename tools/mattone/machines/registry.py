"""Which machines a workspace has: one JSON file a machine, written before anything is made of it.

The file is the wish and the memory: it holds the spec, the address, the host key and whether
the machine once came up. After a crash at any point it says what to finish or to remove.
"""

from __future__ import annotations

import ipaddress
import json
import shutil
from dataclasses import dataclass, replace
from typing import Any

from mattone.errors import HostError, Place
from mattone.machines import specs
from mattone.machines.interface import MachineSpec
from mattone.machines.layout import Layout, write_atomically

_FORMAT = 1
_FIRST_HOST = 10  # .1 is the bridge; a few more stay free for what a site may add by hand


@dataclass(frozen=True, slots=True)
class Record:
    """One machine as the workspace remembers it.

    `ready` once SSH has answered, `deleting` once its end was asked for.
    """

    spec: MachineSpec
    address: str
    ready: bool = False
    deleting: bool = False


class Registry:
    """The machine files of one workspace. Callers hold the lock of the machine that they change."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def names(self) -> tuple[str, ...]:
        """All machines, half-made ones too, by name."""
        return tuple(sorted(path.parent.name for path in self._layout.machines.glob("*/machine.json")))

    def load(self, name: str) -> Record | None:
        """What is remembered of a machine, or None. Raises HostError when its file is damaged."""
        path = self._layout.machine(name) / "machine.json"
        try:
            data: Any = json.loads(path.read_text())
            if data["format"] != _FORMAT:
                raise ValueError(f"format {data['format']}")
            address = str(ipaddress.IPv4Address(data["address"]))
            return Record(specs.from_json(data["spec"]), address, data["ready"] is True, data["deleting"] is True)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise HostError(
                f"the record of machine {name} cannot be read: {error}",
                place=Place(str(path)),
                hint=f"delete the machine's folder {path.parent} after saving its volumes",
            ) from error

    def save(self, record: Record) -> None:
        folder = self._layout.machine(record.spec.name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = {
            "format": _FORMAT,
            "spec": specs.to_json(record.spec),
            "address": record.address,
            "ready": record.ready,
            "deleting": record.deleting,
        }
        write_atomically(folder / "machine.json", json.dumps(data, indent=2, sort_keys=True) + "\n")

    def enlist(self, spec: MachineSpec, subnet: ipaddress.IPv4Network) -> Record:
        """Give a new machine the lowest free address and remember it. The caller holds the workspace's lock."""
        taken = {record.address for name in self.names() if (record := self.load(name)) is not None}
        for address in list(subnet.hosts())[_FIRST_HOST - 1 :]:
            if str(address) not in taken:
                record = Record(spec, str(address))
                self.save(record)
                return record
        raise HostError(f"the network {subnet} has no free address", hint="delete machines that are not needed")

    def mark_ready(self, record: Record) -> None:
        if not record.ready:
            self.save(replace(record, ready=True))

    def mark_deleting(self, record: Record) -> None:
        """From here on the machine is only ever removed: half of it may be gone already."""
        if not record.deleting:
            self.save(replace(record, deleting=True))

    def forget(self, name: str) -> None:
        """Remove a machine's folder, volumes first and its record last but one, so that a crash leaves a record."""
        folder = self._layout.machine(name)
        for part in (self._layout.volumes(name), self._layout.seed(name)):
            shutil.rmtree(part, ignore_errors=True)
        (folder / "machine.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
