"""What real-machine tests look at on the host, and small helpers to wait and ask."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from mattone import process
from mattone.machines.podman import PodmanHost


def shell(host: PodmanHost, name: str, script: str) -> str:
    """The output of a shell script on a machine, stripped."""
    return host.run(name, ["sh", "-c", script]).output.strip()


def eventually(condition: Callable[[], bool], patience: float = 15) -> bool:
    """Whether a condition holds within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def reachable(address: str, port: int) -> bool:
    """Whether this host can open a TCP connection."""
    with socket.socket() as client:
        client.settimeout(1.5)
        return client.connect_ex((address, port)) == 0


def serve(host: PodmanHost, name: str, port: int) -> None:
    """Start a web server on a machine, as a unit of its systemd; it is up when this returns."""
    shell(host, name, f"sudo systemd-run --quiet --unit serve-{port} python3 -m http.server {port}")
    probe = f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 1)' 2>/dev/null"
    assert eventually(lambda: host.run(name, ["sh", "-c", probe], accept=(0, 1)).code == 0)


def traces(workspace: Path, identity: str) -> list[str]:
    """Everything on this host that names the workspace or its identity: mounts, loop devices, links, and so on."""
    found: list[str] = []
    names = (str(workspace), identity)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [f"mount {line}" for line in mounts if any(name in line for name in names)]
    loops = process.run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]).output.splitlines()
    found += [f"loop {line}" for line in loops if str(workspace) in line]
    found += [f"link {path.name}" for path in Path("/sys/class/net").iterdir() if identity in path.name]
    found += [f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob(f"**/*{identity}*")]
    rules = process.run(["nft", "list", "ruleset"]).output.splitlines()
    found += [f"rule {line}" for line in rules if identity in line]
    found += [f"process {line}" for line in _processes() if any(name in line for name in names)]
    found += [f"file {path}" for path in (workspace, Path("/run/mattone") / identity) if path.exists()]
    networks = Path("/run/containers/networks")
    found += [f"file {path}" for path in networks.glob("**/*") if identity in path.name]
    return found


def _processes() -> list[str]:
    lines: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # ended meanwhile
    return lines
