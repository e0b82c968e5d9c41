"""Real machines on this host: podman containers with systemd, SSH, addresses, limits and volumes.

The adapter of `machines.interface.MachineHost`. Everything lies under the workspace's folder and
/run/mattone; the user's own podman is never touched. Needs root.
"""

from __future__ import annotations

import builtins
import contextlib
import ipaddress
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mattone import process
from mattone.errors import HostError, InputError
from mattone.machines import firewall, image, keys, limits, specs, subnets, transfer
from mattone.machines.containers import Container, Podman
from mattone.machines.interface import Machine, MachineSpec, PortRule, Power, Volume
from mattone.machines.layout import Layout, write_atomically
from mattone.machines.lifecycle import Lifecycle
from mattone.machines.registry import Record, Registry
from mattone.machines.volumes import VolumeInUse, check_growth, unbind_inside, unmount_below


class PodmanHost:
    """The machines of one workspace folder; images are built into, and taken from, the cache folder.

    `progress` receives lines of long work (an image that is being built).
    """

    def __init__(self, workspace: Path, cache: Path, progress: image.Progress | None = None) -> None:
        self._layout = Layout(workspace.absolute())
        self._cache = cache.absolute()
        self._progress = progress
        self._podman = Podman(self._layout)
        self._registry = Registry(self._layout)
        self._lifecycle = Lifecycle(self._layout, self._podman)

    @property
    def user(self) -> str:
        return keys.USER

    @property
    def key_file(self) -> Path:
        return keys.ensure_pair(self._layout)

    def create(self, spec: MachineSpec) -> Machine:
        """Make, start and wait for SSH. Raises InputError for a spec that cannot be, or differs from what exists."""
        specs.check(spec)
        self._podman.prepare()
        with self._layout.lock(spec.name):
            record = self._registry.load(spec.name)
            if record is not None and record.deleting:
                self._delete(record)
                record = None
            if record is not None and record.spec != spec:
                raise InputError(
                    f"machine {spec.name} exists with other properties",
                    hint="resize it, change its ports or volumes, or delete it first",
                )
            if record is None:
                record = self._enlist(spec)
            return self._up(record)

    def _enlist(self, spec: MachineSpec) -> Record:
        subnet = self._subnet()
        with self._layout.lock(".addresses"):
            return self._registry.enlist(spec, subnet)

    def _up(self, record: Record) -> Machine:
        self._lifecycle.up(record, lambda: self._image(record.spec.image), self._subnet())
        self._registry.mark_ready(record)
        return Machine(record.spec, record.address, Power.RUNNING)

    def _image(self, name: str) -> image.Image:
        with self._layout.lock(".image"):
            built = image.ensure(name, self._cache, self._progress)
            self._podman.ensure_image(built.reference, built.tarball)
        return built

    def _subnet(self) -> ipaddress.IPv4Network:
        """The workspace's network, chosen and made when it is missing."""
        path = self._layout.subnet
        with self._layout.lock(".network"):
            kept = ipaddress.IPv4Network(path.read_text().strip()) if path.exists() else None
            subnet = subnets.claim(self._layout.identity, self._layout.workspace, self._podman.bridge, kept)
            if kept is None:
                write_atomically(path, f"{subnet}\n")
            self._podman.ensure_network(subnet)
        return subnet

    def list(self, labels: dict[str, str] | None = None) -> tuple[Machine, ...]:
        """Machines that carry all the labels, by name; one that was never finished is listed as stopped."""
        if not self._layout.workspace.is_dir():
            return ()
        self._podman.prepare()
        states = self._podman.states()
        found: list[Machine] = []
        for name in self._registry.names():
            record = self._registry.load(name)
            if record is not None and (labels or {}).items() <= record.spec.labels.items():
                found.append(_machine(record, states.get(name, "")))
        return tuple(found)

    def resize(self, name: str, cpus: float, memory: int) -> Machine:
        """Change processors and memory (MiB), at once when it runs, and at every later start."""
        specs.check_size(cpus, memory)
        with self._layout.lock(name):
            record = self._known(name)
            container = self._podman.inspect(name)
            if container is not None and container.running:
                limits.apply(container.pid, cpus, memory)
            return self._changed(record, replace(record.spec, cpus=cpus, memory=memory))

    def set_ports(self, name: str, ports: tuple[PortRule, ...]) -> Machine:
        """Replace the port rules, in one step when it runs, and at every later start."""
        specs.check_ports(ports)
        with self._layout.lock(name):
            record = self._known(name)
            container = self._podman.inspect(name)
            if container is not None and container.running:
                firewall.apply(container.pid, ports, self._subnet())
            return self._changed(record, replace(record.spec, ports=ports))

    def attach(self, name: str, volumes: tuple[Volume, ...]) -> Machine:
        """Make the volumes these: new ones appear, larger ones grow, missing ones are removed with their data.

        Where the kernel does not let a volume grow in use, the machine is restarted. Raises
        InputError for what cannot be, HostError while a process uses a volume that is to go.
        """
        specs.check_volumes(volumes)
        with self._layout.lock(name):
            record = self._known(name)
            _check_move(record.spec.volumes, volumes)
            for volume in volumes:
                check_growth(self._layout.volumes(name) / f"{volume.name}.img", volume)
            container = self._podman.inspect(name)
            self._release(record.spec.volumes, volumes, container)
            # The wish first: a crash from here on is finished by the next start or attach.
            machine = self._changed(record, replace(record.spec, volumes=volumes))
            changed = replace(record, spec=machine.spec)
            try:
                self._lifecycle.settle_volumes(changed, container)
            except VolumeInUse:  # some hosts let no mounted file system grow
                self._lifecycle.down(changed)
                return self._up(changed)
            return machine

    def _release(self, before: tuple[Volume, ...], after: tuple[Volume, ...], container: Container | None) -> None:
        kept = {volume.name for volume in after}
        for volume in before:
            if volume.name not in kept and container is not None and container.running:
                unbind_inside(container.pid, volume)

    def start(self, name: str) -> Machine:
        """Switch on and wait for SSH; a new one replaces what is left of a machine whose deletion was cut short."""
        self._podman.prepare()
        with self._layout.lock(name):
            record = self._registry.load(name)
            if record is not None and record.deleting:
                self._delete(record)
                return self._up(self._enlist(record.spec))
            return self._up(self._known(name))

    def stop(self, name: str) -> Machine:
        with self._layout.lock(name):
            record = self._known(name)
            self._lifecycle.down(record)
            return Machine(record.spec, record.address, Power.STOPPED)

    def delete(self, name: str) -> None:
        """Remove a machine with its volumes; deleting what is gone is no error."""
        if name not in self._registry.names():
            return
        self._podman.prepare()
        with self._layout.lock(name):
            record = self._registry.load(name)
            if record is not None:
                self._delete(record)

    def _delete(self, record: Record) -> None:
        self._registry.mark_deleting(record)
        self._lifecycle.remove(record.spec.name)
        keys.remember(self._layout, record.address, None)
        self._registry.forget(record.spec.name)

    def remove_all(self) -> None:
        """Remove every machine, network, mount, key and stored image of this workspace. The cache stays."""
        if not self._layout.workspace.is_dir():
            return
        self._podman.prepare()
        with self._layout.sole():
            self._podman.remove_all()
            for path in (*self._layout.contents(), self._layout.runtime):
                unmount_below(path)
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                if path.exists():
                    raise HostError(f"{path} cannot be removed", hint="something may still use it; try again")
            with contextlib.suppress(OSError):  # what else somebody keeps in the folder is not ours
                self._layout.workspace.rmdir()
            subnets.release(self._layout.workspace)

    def ssh(self, address: str) -> builtins.list[str]:
        """The argument list that logs in at an address; a remote command is one more argument, quoted for a shell."""
        self.key_file  # noqa: B018 (makes the pair when it is missing)
        return keys.ssh(self._layout, address)

    def run(
        self, name: str, command: Sequence[str], *, timeout: float = 600.0, accept: Sequence[int] = (0,)
    ) -> process.Result:
        """Run a command on a machine as its user. Raises HostError (no such machine), CommandFailed, TransientError."""
        return transfer.run(self.ssh(self._known(name).address), command, timeout=timeout, accept=accept)

    def copy_tree(self, name: str, source: Path, target: str) -> None:
        """Make the folder `target` of a machine an exact copy of a local folder, in one step.

        Files belong to the machine's user. Raises InputError when the folder is none, or when a
        symbolic link leads out of it; HostError, CommandFailed, TransientError.
        """
        transfer.copy_tree(self.ssh(self._known(name).address), source, target)

    def _known(self, name: str) -> Record:
        record = self._registry.load(name)
        if record is None or record.deleting:
            raise HostError(f"there is no machine {name!r}", hint="it may have been deleted")
        return record

    def _changed(self, record: Record, spec: MachineSpec) -> Machine:
        self._registry.save(replace(record, spec=spec))
        return _machine(record=replace(record, spec=spec), state=self._podman.states().get(spec.name, ""))


def _machine(record: Record, state: str) -> Machine:
    running = record.ready and not record.deleting and state == "running"
    return Machine(record.spec, record.address, Power.RUNNING if running else Power.STOPPED)


def _check_move(before: tuple[Volume, ...], after: tuple[Volume, ...]) -> None:
    places = {volume.name: volume.mount for volume in before}
    for volume in after:
        if places.get(volume.name, volume.mount) != volume.mount:
            raise InputError(
                f"volume {volume.name} is mounted at {places[volume.name]} and cannot move to {volume.mount}",
                hint="detach it first; that removes its data",
            )
