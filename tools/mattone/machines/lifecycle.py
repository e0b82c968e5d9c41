"""Bringing one machine up and down. Each step looks first and can be repeated.

A machine starts behind a gate: its first process waits (recipes/machine/machine-init.sh) until
limits, port rules and volumes of this start are in place, and only then becomes the init system.
A host that is killed anywhere on the way finishes from where it finds the machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

from mattone import process
from mattone.errors import HostError, MattoneError
from mattone.machines import firewall, keys, limits, volumes
from mattone.machines.containers import Container, Podman
from mattone.machines.image import Image
from mattone.machines.layout import Layout
from mattone.machines.registry import Record

_STOP_PATIENCE = 20  # seconds that the services of a machine have to end
_LABEL = "mattone.machine"


class Lifecycle:
    """The machines of one workspace, going up and down. Callers hold the machine's lock."""

    def __init__(self, layout: Layout, podman: Podman) -> None:
        self._layout = layout
        self._podman = podman

    def up(self, record: Record, image: Callable[[], Image], subnet: ipaddress.IPv4Network) -> None:
        """Make the machine, start it, give it what its record says, and wait for SSH; repeating does no harm.

        `image` is called when the machine has to be made.
        """
        try:
            self._up(record, image, subnet)
        except MattoneError:
            if record.ready or self._podman.inspect(record.spec.name) is None:
                raise
            # It never came up: nothing of value is in it yet, but perhaps the half work of a killed process.
            self._podman.run("rm", "--force", "--time", "0", record.spec.name)
            self._up(record, image, subnet)

    def _up(self, record: Record, image: Callable[[], Image], subnet: ipaddress.IPv4Network) -> None:
        name = record.spec.name
        container = self._podman.inspect(name)
        if container is None or not container.running:
            self._gate(name).unlink(missing_ok=True)
            keys.seed(self._layout, name, record.address)
            volumes.share(self._layout.seed(name))
            if container is None:
                self._create(record, image())
            self._podman.run("start", name)
            container = self._running(name)
        limits.apply(container.pid, record.spec.cpus, record.spec.memory)
        firewall.apply(container.pid, record.spec.ports, subnet)
        self.settle_volumes(record, container)
        self._gate(name).touch()
        keys.wait(self._layout, record.address)

    def _gate(self, name: str) -> Path:
        return self._layout.seed(name) / "ready"

    def _create(self, record: Record, image: Image) -> None:
        spec = record.spec
        try:
            self._podman.run(
                *("create", "--name", spec.name, "--hostname", spec.name, "--systemd", "always", "--no-hosts"),
                *("--network", self._podman.network, "--ip", record.address),
                *("--mac-address", hardware_address(self._layout.identity, record.address)),
                *("--cgroup-parent", self._podman.cgroup_parent, "--label", f"{_LABEL}={spec.name}"),
                *("--volume", f"{self._layout.seed(spec.name)}:/.machine:ro,rslave"),
                # Ubuntu's profile for containers keeps podman from sending them signals; what a machine may do is
                # held by its capabilities, its seccomp filter and its namespaces.
                *("--security-opt", "apparmor=unconfined", "--stop-timeout", str(_STOP_PATIENCE)),
                *(image.reference, "/usr/local/sbin/machine-init"),
            )
        except process.CommandFailed:
            if self._podman.inspect(spec.name) is None:
                raise
            # A process that was killed had asked for it already, and podman has just finished it.

    def _running(self, name: str) -> Container:
        container = self._podman.inspect(name)
        if container is None or not container.running:
            log = self._podman.run("logs", "--tail", "5", name, accept=range(256))
            said = (log.output + log.errors).strip()
            raise HostError(f"machine {name} ended as soon as it was started: {said or 'it said nothing'}")
        return container

    def settle_volumes(self, record: Record, container: Container | None) -> None:
        """Give the machine the volumes of its record: new and grown ones, and none besides, their data included."""
        name = record.spec.name
        pid = container.pid if container is not None and container.running else 0
        wanted = {volume.name for volume in record.spec.volumes}
        for disk in self._layout.volumes(name).glob("*.img"):
            if disk.stem not in wanted:
                volumes.unmount(self._mount_point(name, disk.stem))
                disk.unlink()
        for volume in record.spec.volumes if pid else ():
            disk = self._layout.volumes(name) / f"{volume.name}.img"
            volumes.ensure_disk(disk, volume)
            volumes.mount(disk, self._mount_point(name, volume.name))
            volumes.bind_inside(pid, volume)

    def _mount_point(self, name: str, volume: str) -> Path:
        return self._layout.seed(name) / "volumes" / volume

    def down(self, record: Record) -> None:
        """Shut the machine down and take its volumes off the host."""
        name = record.spec.name
        container = self._podman.inspect(name)
        if container is not None and container.state not in ("created", "exited"):
            # Behind its gate a machine does not listen to signals, and has nothing to lose.
            patience = _STOP_PATIENCE if self._gate(name).exists() else 0
            self._podman.run("stop", "--time", str(patience), name, timeout=_STOP_PATIENCE + 60)
        self._gate(name).unlink(missing_ok=True)
        volumes.unmount_below(self._layout.seed(name))

    def remove(self, name: str) -> None:
        """Remove the container and every mount of a machine, whatever state they are in."""
        self._podman.run("rm", "--force", "--ignore", "--time", "0", name)
        volumes.unmount_below(self._layout.machine(name))


def hardware_address(identity: str, address: str) -> str:
    """The Ethernet address that belongs to an address of a workspace (8 hex digits); locally administered (IEEE 802).

    It stays over restarts and goes with the address from machine to machine: neighbours that
    remember it would else send to a machine that is no more, for up to a minute.
    """
    last = int(ipaddress.IPv4Address(address)) & 0xFF
    return ":".join(["02", *(identity[digit : digit + 2] for digit in (0, 2, 4, 6)), f"{last:02x}"])
