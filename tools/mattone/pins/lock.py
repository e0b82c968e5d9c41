"""The lock: every exact version and digest that a deployment resolves to, as a small stable file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone import digests
from mattone.errors import InputError, MattoneError, Place
from mattone.platform.components import ComponentId, Kind
from mattone.platform.fields import Field, Reader
from mattone.platform.refuse import refuse
from mattone.tosca.source import load
from mattone.versions import Version

FORMAT = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # it becomes part of folder names and playbooks

_HEADER = "# Written by `mattone lock`; change the deployment or run `mattone lock --upgrade` instead.\n"
FIELDS = {
    "lock": Field(int, True, "the format of the file"),
    "deployment": Field(str, True, "which deployment it belongs to, `<group>/<name>`"),
    "components": Field(list, True, "one entry a component, sorted by its path"),
}
PIN_FIELDS = {
    "component": Field(str, True, "the component's folder in the repository"),
    "kind": Field(str, True, "service, types or role"),
    "constraint": Field(str, True, "the ranges that asked for it, joined by a comma when several did"),
    "version": Field(str, True, "the exact version"),
    "commit": Field(str, True, "the commit that holds this version, 40 hex digits"),
    "digest": Field(str, True, "digest of the folder's files in that commit: paths, executable bits, contents"),
    "required_by": Field(list, True, "who asked: the deployment, or components by their path"),
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One component at one exact version.

    constraint   the ranges that asked for it, joined by a comma when several did
    required_by  who asked: the deployment's id or components' paths
    """

    component: ComponentId
    constraint: str
    version: Version
    commit: str
    digest: str
    required_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """All pins of a deployment, by component path."""

    deployment: str
    pins: Mapping[ComponentId, Pin]

    @property
    def service(self) -> Pin:
        return next(pin for pin in self.pins.values() if pin.component.kind is Kind.SERVICE)

    @property
    def digest(self) -> str:
        return digests.of_value(as_value(self))


def as_value(lock: Lock) -> dict[str, Any]:
    """A lock as plain values, sorted by component."""
    pins = sorted(lock.pins.values(), key=lambda pin: pin.component.path)
    return {
        "lock": FORMAT,
        "deployment": lock.deployment,
        "components": [
            {
                "component": pin.component.path,
                "kind": pin.component.kind.value,
                "constraint": pin.constraint,
                "version": str(pin.version),
                "commit": pin.commit,
                "digest": pin.digest,
                "required_by": list(pin.required_by),
            }
            for pin in pins
        ],
    }


def dump(lock: Lock) -> bytes:
    """The lock's file: sorted, no times, the same bytes for the same pins."""
    import yaml

    text = yaml.safe_dump(as_value(lock), sort_keys=False, default_flow_style=False, allow_unicode=True, width=120)
    return (_HEADER + text).encode()


def parse(path: str, data: bytes) -> Lock:
    """Read a lock's file. Raises FindingsError or InputError when it is not one."""
    document = load(path, data)
    refuse(document.findings)
    reader = Reader(document, "LOCK")
    top = reader.mapping(FIELDS)
    rows = [reader.mapping(PIN_FIELDS, "components", i) for i in range(len(top.get("components", ())))]
    refuse(reader.findings)
    if top["lock"] != FORMAT:
        raise InputError(
            f"this lock has format {top['lock']}, this mattone reads {FORMAT}", place=document.place("lock")
        )
    try:
        pins = [_pin(row) for row in rows]
        found = Lock(top["deployment"], {pin.component: pin for pin in pins})
        if len(found.pins) < len(pins):
            raise InputError("it pins a component twice")
        if sum(pin.component.kind is Kind.SERVICE for pin in pins) != 1:
            raise InputError("it must pin one service")
    except (MattoneError, ValueError) as error:
        hint = "run `mattone lock` to write it again"
        raise InputError(f"the lock is damaged: {error}", place=Place(path), hint=hint) from error
    return found


def _pin(row: Mapping[str, Any]) -> Pin:
    kind = Kind(row["kind"])
    component = ComponentId(kind, row["component"].rsplit("/", 1)[-1])
    if component.path != row["component"] or not _NAME.fullmatch(component.name):
        raise InputError(f"{row['component']!r} is no {kind.value}")
    if len(row["commit"]) != 40 or not set(row["commit"]) <= set("0123456789abcdef"):
        raise InputError(f"{row['commit']!r} is not a commit id")
    required_by = tuple(str(name) for name in row["required_by"])
    return Pin(component, row["constraint"], Version.parse(row["version"]), row["commit"], row["digest"], required_by)
