"""podman as this platform drives it: storage, networks and run-time state of its own, apart from the user's.

Written for podman 4.3 (Debian 12) and newer. Manual pages: podman(1), podman-create(1),
containers.conf(5).
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import process
from mattone.errors import HostError
from mattone.machines.layout import Layout, write_atomically

_HINT = "`mattone doctor` says what is missing"
# Limits that a restricted host can give, the runtime that it can run, and no journal or systemd on its side.
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=30000:30000"]
[engine]
runtime = "{runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
"""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as podman sees it; `pid` is 0 while it does not run."""

    identity: str
    state: str
    pid: int

    @property
    def running(self) -> bool:
        return self.state == "running" and self.pid > 0


class Podman:
    """The podman of one workspace."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.network = f"mattone-{layout.identity}"
        self.bridge = f"mattone{layout.identity}"
        self.cgroup_parent = f"/mattone-{layout.identity}"

    def prepare(self) -> None:
        """Make the folders and the settings file. State from before a reboot is thrown away. Raises HostError."""
        process.require("podman", hint=_HINT)
        runtime = "runc" if process.find("runc") else "crun"
        process.require(runtime, hint=_HINT)
        try:
            for folder in (self._layout.workspace, self._layout.networks, self._layout.storage, self._layout.machines):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._forget_last_boot()
        except OSError as error:
            raise HostError(
                f"cannot prepare {error.filename}: {error.strerror}", hint="real machines need root"
            ) from error
        settings = _SETTINGS.format(runtime=runtime)
        if not self._layout.containers_conf.exists() or self._layout.containers_conf.read_text() != settings:
            write_atomically(self._layout.containers_conf, settings)

    def _forget_last_boot(self) -> None:
        # podman finds out about a reboot by its run-time folder being empty; /run may be on a disk in a container.
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        marker = self._layout.runtime / "boot"
        if marker.exists() and marker.read_text().strip() == boot:
            return
        with self._layout.lock(".boot"):
            if marker.exists() and marker.read_text().strip() != boot:
                shutil.rmtree(self._layout.runtime)
            self._layout.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not marker.exists():
                write_atomically(marker, boot + "\n")

    def command(self, *arguments: str) -> list[str]:
        layout = self._layout
        return [
            "podman",
            *("--root", str(layout.storage), "--runroot", str(layout.runtime / "run")),
            *("--tmpdir", str(layout.runtime / "tmp"), "--network-config-dir", str(layout.networks)),
            *arguments,
        ]

    def run(self, *arguments: str, accept: Sequence[int] = (0,), timeout: float = 120.0) -> process.Result:
        """Run one podman command. Raises CommandFailed, HostError, TransientError."""
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("CONTAINER", "STORAGE_", "NOTIFY_"))
        }
        environment["CONTAINERS_CONF"] = str(self._layout.containers_conf)
        # conmon leaves a file `oom` in the folder it was started from when a machine runs out of memory
        home = self._layout.workspace if self._layout.workspace.is_dir() else None
        return process.run(self.command(*arguments), cwd=home, env=environment, accept=accept, timeout=timeout)

    def inspect(self, name: str) -> Container | None:
        """The container of that name, or None."""
        result = self.run("container", "inspect", name, accept=(0, 125))
        if result.code:
            if "no such" in result.errors.lower():
                return None
            raise process.CommandFailed(result)
        data: Any = json.loads(result.output)[0]
        return Container(str(data["Id"]), str(data["State"]["Status"]), int(data["State"].get("Pid", 0)))

    def states(self) -> dict[str, str]:
        """The state of every container by name: created, running, exited, …"""
        data: Any = json.loads(self.run("ps", "--all", "--format", "json").output or "[]")
        return {str(name): str(item["State"]) for item in data for name in item["Names"]}

    def ensure_network(self, subnet: ipaddress.IPv4Network) -> None:
        """Make the workspace's network, with a bridge of its own name."""
        definition = self._layout.networks / f"{self.network}.json"
        if not definition.exists():
            self.run("network", "create", "--driver", "bridge", "--subnet", str(subnet), self.network)
        # podman before 4.5 cannot be told the name, and its own choice may meet that of the user's podman.
        data: Any = json.loads(definition.read_text())
        if data["network_interface"] != self.bridge:
            write_atomically(definition, json.dumps({**data, "network_interface": self.bridge}, indent=2) + "\n", 0o644)

    def ensure_image(self, image: str, tarball: Path) -> None:
        if self.run("image", "exists", image, accept=(0, 1)).code == 0:
            return
        self.run(
            "import",
            "--change",
            'CMD=["/sbin/init"]',
            "--change",
            "STOPSIGNAL=SIGRTMIN+3",
            str(tarball),
            image,
            timeout=600,
        )

    def remove_all(self) -> None:
        """Remove containers, networks and images, and the control groups they were in."""
        self.run("rm", "--all", "--force", "--time", "0")
        self.run("network", "rm", "--force", self.network, accept=(0, 1))
        self.run("image", "rm", "--all", "--force", accept=(0, 1))
        for mount in Path("/sys/fs/cgroup").glob(f"**/{self.cgroup_parent.lstrip('/')}"):
            _remove_groups(mount)


def _remove_groups(group: Path) -> None:
    for below in [path for path in group.iterdir() if path.is_dir()]:
        _remove_groups(below)
    with contextlib.suppress(OSError):  # still has a process that is about to end, or was removed by the runtime
        group.rmdir()
