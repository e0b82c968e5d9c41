"""Machines for Molecule scenarios: `machines.py create WORKSPACE PLATFORMS` and `machines.py destroy WORKSPACE`.

PLATFORMS is the JSON of Molecule's `platforms`: each has a `name` and the TCP `ports` to open besides SSH.
`create` prints what Molecule's default driver wants to know of each instance, as JSON.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from mattone.machines.interface import MachineSpec, PortRule, Volume
from mattone.machines.podman import PodmanHost
from mattone.platform.site import cache_folder

DISK = Volume("data", 256 << 20, "/data")


def spec(platform: dict[str, Any]) -> MachineSpec:
    ports = tuple(PortRule("tcp", port, port) for port in platform.get("ports", ()))
    return MachineSpec(name=platform["name"], cpus=2, memory=2048, volumes=(DISK,), ports=ports)


def create(host: PodmanHost, platforms: list[dict[str, Any]]) -> list[dict[str, object]]:
    """Make the machines side by side; they answer over SSH when this returns."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        machines = tuple(pool.map(lambda platform: host.create(spec(platform)), platforms))
    login = {"user": host.user, "port": 22, "identity_file": str(host.key_file)}
    return [{"instance": machine.spec.name, "address": machine.address, **login} for machine in machines]


def main(command: str, workspace: str, platforms: str = "[]") -> None:
    host = PodmanHost(Path(workspace), cache_folder(), progress=lambda line: print(line, file=sys.stderr))
    if command == "create":
        print(json.dumps(create(host, json.loads(platforms))))
    elif command == "destroy":
        host.remove_all()
    else:
        raise SystemExit(f"unknown command {command!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
