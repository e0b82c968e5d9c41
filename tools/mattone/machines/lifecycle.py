"""Bringing one machine up and down. Each step looks first and can be repeated.

A machine starts behind a gate: its first process waits (recipes/machine/machine-init.sh) until
limits, port rules and volumes of this start are in place, and only then becomes the init system.
A host that is killed anywhere on the way finishes from where it finds the machine.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from mattone import process
from mattone.errors import HostError, MattoneError
from mattone.machines import firewall, keys, limits, volumes
from mattone.machines.containers import Container, Podman
from mattone.machines.image import Image
from mattone.machines.interface import Volume
from mattone.machines.layout import Layout
from mattone.machines.registry import Record

_STOP_PATIENCE = 20  # seconds that the services of a machine have to end
_LABEL = "mattone.machine"


class Lifecycle:
    """The machines of one workspace, going up and down. Callers hold the machine's lock."""

    def __init__(self, layout: Layout, podman: Podman) -> None:
        self._layout = layout
        self._podman = podman

    def up(self, record: Record, image: Image, subnet: ipaddress.IPv4Network) -> None:
        """Make the machine, start it and wait for SSH, doing only what is still missing."""
        try:
            self._up(record, image, subnet)
        except MattoneError:
            if record.ready or self._podman.inspect(record.spec.name) is None:
                raise
            # It never came up: nothing of value is in it yet, but perhaps the half work of a killed process.
            self._podman.run("rm", "--force", "--time", "0", record.spec.name)
            self._up(record, image, subnet)

    def _up(self, record: Record, image: Image, subnet: ipaddress.IPv4Network) -> None:
        name = record.spec.name
        container = self._podman.inspect(name)
        if container is None or not container.running:
            self._close_gate(name)
            keys.seed(self._layout, name, record.address)
            volumes.share(self._layout.seed(name))
            for volume in record.spec.volumes:
                self.mount(name, volume)
            if container is None:
                self._create(record, image)
            self._podman.run("start", name)
            container = self._running(name)
        if not self._gate(name).exists():
            self._set_up(record, container, subnet)
            self._gate(name).touch()
        keys.wait(self._layout, record.address)

    def _gate(self, name: str) -> Path:
        return self._layout.seed(name) / "ready"

    def _close_gate(self, name: str) -> None:
        self._gate(name).unlink(missing_ok=True)

    def _create(self, record: Record, image: Image) -> None:
        spec = record.spec
        try:
            self._podman.run(
                *("create", "--name", spec.name, "--hostname", spec.name, "--systemd", "always", "--no-hosts"),
                *("--network", self._podman.network, "--ip", record.address),
                *("--cgroup-parent", self._podman.cgroup_parent, "--label", f"{_LABEL}={spec.name}"),
                *("--volume", f"{self._layout.seed(spec.name)}:/.machine:ro,rslave"),
                *("--stop-timeout", str(_STOP_PATIENCE)),
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

    def _set_up(self, record: Record, container: Container, subnet: ipaddress.IPv4Network) -> None:
        limits.apply(container.pid, record.spec.cpus, record.spec.memory)
        firewall.apply(container.pid, record.spec.ports, subnet)
        for volume in record.spec.volumes:
            volumes.bind_inside(container.pid, volume)

    def mount(self, name: str, volume: Volume) -> None:
        """Make or grow a volume's disk and mount it where the machine can see it."""
        disk = self._layout.volumes(name) / f"{volume.name}.img"
        volumes.ensure_disk(disk, volume)
        volumes.mount(disk, self._mount_point(name, volume.name))

    def _mount_point(self, name: str, volume: str) -> Path:
        return self._layout.seed(name) / "volumes" / volume

    def unmount(self, name: str, volume: str) -> None:
        volumes.unmount(self._mount_point(name, volume))

    def down(self, record: Record) -> None:
        """Shut the machine down and take its volumes off the host."""
        name = record.spec.name
        container = self._podman.inspect(name)
        if container is not None and container.state not in ("created", "exited"):
            self._podman.run("stop", name, timeout=_STOP_PATIENCE + 60)
        self._close_gate(name)
        volumes.unmount_below(self._layout.seed(name))

    def remove(self, name: str) -> None:
        """Remove the container and every mount of a machine, whatever state they are in."""
        self._podman.run("rm", "--force", "--ignore", "--time", "0", name)
        volumes.unmount_below(self._layout.machine(name))
