"""A private /24 for a workspace that no route of the host, and no other workspace, uses."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mattone import process
from mattone.errors import HostError
from mattone.machines.layout import RUNTIME, file_lock, write_atomically

# Few sites use this part of 10.0.0.0/8, and it is far from the defaults of podman (10.88), docker (172.17) and libvirt.
POOL = ipaddress.IPv4Network("10.208.0.0/12")
CLAIMS = RUNTIME / "subnets.json"


def choose(identity: str, busy: Iterable[ipaddress.IPv4Network]) -> ipaddress.IPv4Network:
    """The first free /24 of the pool, searched from a place that `identity` (hex digits) decides.

    Two workspaces start far apart, and a workspace that is made again gets the same network.
    Raises HostError when all are busy.
    """
    taken = tuple(busy)
    for candidate in _candidates(int(identity, 16)):
        if not any(candidate.overlaps(network) for network in taken):
            return candidate
    raise HostError(
        f"no free private network in {POOL}", hint="remove networks of other workspaces with `make demo-clean`"
    )


def _candidates(seed: int) -> Iterator[ipaddress.IPv4Network]:
    count = 2 ** (24 - POOL.prefixlen)
    first = int(POOL.network_address)
    for step in range(count):
        yield ipaddress.IPv4Network((first + ((seed + step) % count << 8), 24))


def parse_routes(text: str, bridge: str = "") -> tuple[ipaddress.IPv4Network, ...]:
    """Destinations in `ip -json -4 route show table all`, but for default routes and those of `bridge`."""
    found: list[ipaddress.IPv4Network] = []
    routes: Any = json.loads(text or "[]")
    for route in routes:
        destination = str(route.get("dst", "default"))
        if destination == "default" or route.get("dev") == bridge:
            continue
        network = ipaddress.IPv4Network(destination, strict=False)
        if network.prefixlen > 0:
            found.append(network)
    return tuple(found)


def claim(identity: str, workspace: Path, bridge: str, kept: ipaddress.IPv4Network | None) -> ipaddress.IPv4Network:
    """Keep a network for a workspace from all others of this host until `release`; `kept` is the one it has.

    A network shows up in the routes only with its first machine: the claims bridge that gap. A
    claim of a workspace whose folder is gone counts no more. Raises HostError when something
    else of this host has taken the network that the workspace's machines have.
    """
    with file_lock(CLAIMS.with_suffix(".lock")):
        claims = {path: subnet for path, subnet in _read().items() if Path(path).is_dir() and path != str(workspace)}
        routes = process.run(["ip", "-json", "-4", "route", "show", "table", "all"], timeout=30)
        busy = [*parse_routes(routes.output, bridge), *(ipaddress.IPv4Network(subnet) for subnet in claims.values())]
        if kept is not None and any(kept.overlaps(network) for network in busy):
            raise HostError(
                f"the machines' network {kept} is now used by something else on this host",
                hint="free it, or remove the machines with `make demo-clean` and begin anew",
            )
        subnet = kept or choose(identity, busy)
        write_atomically(CLAIMS, json.dumps({**claims, str(workspace): str(subnet)}, indent=2, sort_keys=True) + "\n")
    return subnet


def release(workspace: Path) -> None:
    """Give the network of a workspace back."""
    with file_lock(CLAIMS.with_suffix(".lock")):
        claims = _read()
        if claims.pop(str(workspace), None) is not None:
            write_atomically(CLAIMS, json.dumps(claims, indent=2, sort_keys=True) + "\n")
        if not claims:
            CLAIMS.unlink(missing_ok=True)


def _read() -> dict[str, str]:
    try:
        data: Any = json.loads(CLAIMS.read_text())
        return {str(path): str(ipaddress.IPv4Network(subnet)) for path, subnet in data.items()}
    except (OSError, ValueError, AttributeError):
        return {}  # made again from the routes; a damaged file loses nothing that runs
