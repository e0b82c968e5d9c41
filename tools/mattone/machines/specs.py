"""What a machine may be asked to be: checks of a `MachineSpec`, and its form as JSON."""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from mattone import redact
from mattone.errors import InputError
from mattone.machines.interface import MachineSpec, PortRule, Volume

IMAGES = ("machine", "controller")
MINIMUM_MEMORY = 128  # MiB; less does not boot
MINIMUM_VOLUME = 32 * 1024 * 1024  # bytes; less leaves no room beside the file system's own tables
HIGHEST_CPUS = 512.0

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOUNT = re.compile(r"(/[A-Za-z0-9._-]+)+")
# Folders that a machine cannot boot without; a volume over one of them would hide the system.
_FOLDERS = """
    /.machine /bin /boot /dev /etc /home /home/cloudadm /lib /lib32 /lib64 /proc /root /run /sbin /sys /tmp /usr
    /usr/local /var /var/lib /var/log /var/tmp
"""
_SYSTEM = frozenset(_FOLDERS.split())
_SHARED_TOPS = frozenset(("/home", "/usr", "/var"))  # a volume may lie deeper in these


def check(spec: MachineSpec) -> None:
    """Refuse a spec that no machine can have. Raises InputError with the field's name."""
    if not _LABEL.fullmatch(spec.name):
        raise InputError(
            f"machine name {redact.one_line(repr(spec.name), 80)} is not a DNS label",
            hint="1 to 63 small letters, digits and hyphens, with a letter or digit at both ends",
        )
    if spec.image not in IMAGES:
        raise InputError(
            f"there is no machine image {redact.one_line(spec.image, 60)!r}", hint=f"one of: {', '.join(IMAGES)}"
        )
    check_size(spec.cpus, spec.memory)
    check_volumes(spec.volumes)
    check_ports(spec.ports)
    for key, value in spec.labels.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise InputError(f"label {key!r} of machine {spec.name} is not text")


def check_size(cpus: float, memory: int) -> None:
    """Refuse a number of processors or a memory (MiB) that cannot be set."""
    if not math.isfinite(cpus) or not 0.05 <= cpus <= HIGHEST_CPUS:
        raise InputError(f"a machine cannot have {cpus} processors", hint=f"0.05 to {HIGHEST_CPUS:.0f}")
    if memory < MINIMUM_MEMORY:
        raise InputError(f"{memory} MiB of memory is too little", hint=f"at least {MINIMUM_MEMORY} MiB")


def check_volumes(volumes: tuple[Volume, ...]) -> None:
    """Refuse volumes with unusable names, sizes or mount points, or of the same name or place."""
    for volume in volumes:
        if not _LABEL.fullmatch(volume.name):
            raise InputError(f"volume name {redact.one_line(repr(volume.name), 80)} is not a DNS label")
        if volume.size < MINIMUM_VOLUME:
            raise InputError(
                f"volume {volume.name} of {volume.size} bytes is too small", hint=f"at least {MINIMUM_VOLUME}"
            )
        _check_mount(volume)
    if len({volume.name for volume in volumes}) < len(volumes):
        raise InputError("two volumes of a machine have the same name")
    places = sorted(PurePosixPath(volume.mount) for volume in volumes)
    for first, second in itertools.pairwise(places):
        if second.is_relative_to(first):
            raise InputError(f"a volume at {second} would lie inside the volume at {first}")


def _check_mount(volume: Volume) -> None:
    parts = volume.mount.split("/")
    if not _MOUNT.fullmatch(volume.mount) or "." in parts or ".." in parts:
        raise InputError(
            f"volume {volume.name} cannot be mounted at {redact.one_line(repr(volume.mount), 120)}",
            hint="an absolute path of letters, digits, '.', '_' and '-', as /data",
        )
    top = "/".join(volume.mount.split("/")[:2])
    if volume.mount in _SYSTEM or top in _SYSTEM - _SHARED_TOPS:
        raise InputError(
            f"volume {volume.name} at {volume.mount} would hide a part of the system",
            hint="choose another place, as /data",
        )


def check_ports(rules: tuple[PortRule, ...]) -> None:
    """Refuse port rules that are not tcp or udp, not within ports 1..65535, or whose source is no network."""
    for rule in rules:
        if rule.protocol not in ("tcp", "udp"):
            raise InputError(f"port rule with protocol {redact.one_line(repr(rule.protocol), 40)}", hint="tcp or udp")
        if not 1 <= rule.first <= rule.last <= 65535:
            raise InputError(
                f"port rule {rule.first}-{rule.last} is no range of ports", hint="1 to 65535, the lower first"
            )
        try:
            ipaddress.ip_network(rule.source)
        except ValueError:
            raise InputError(
                f"port rule source {redact.one_line(repr(rule.source), 60)} is no network",
                hint="CIDR form, as 192.0.2.0/24",
            ) from None


def to_json(spec: MachineSpec) -> dict[str, Any]:
    """The spec as plain JSON values."""
    return asdict(spec)


def from_json(data: dict[str, Any]) -> MachineSpec:
    """The spec that `to_json` wrote. Raises KeyError, TypeError or ValueError when it is another thing."""
    return MachineSpec(
        name=str(data["name"]),
        image=str(data["image"]),
        cpus=float(data["cpus"]),
        memory=int(data["memory"]),
        volumes=tuple(Volume(**volume) for volume in data["volumes"]),
        ports=tuple(PortRule(**rule) for rule in data["ports"]),
        labels={str(key): str(value) for key, value in data["labels"].items()},
    )
