"""The lock: every exact version and digest that a deployment resolves to, as a small stable file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mattone import digests
from mattone.errors import InputError, MattoneError, Place
from mattone.pins import external
from mattone.pins.external import External
from mattone.platform.components import ComponentId, Kind
from mattone.platform.fields import Field, Reader
from mattone.platform.refuse import refuse
from mattone.tosca.source import load
from mattone.versions import Version

FORMAT = 2
READS = (1, FORMAT)  # 1 knew nothing but components

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # it becomes part of folder names and playbooks

_HEADER = "# Written by `mattone lock`; change the deployment or run `mattone lock --upgrade` instead.\n"
FIELDS = {
    "lock": Field(int, True, "the format of the file"),
    "deployment": Field(str, True, "which deployment it belongs to, `<group>/<name>`"),
    "platform": Field(dict, False, "where the components come from, when that is another repository than the lock's"),
    "components": Field(list, True, "one entry a component, sorted by its path"),
    "external": Field(
        list,
        False,
        "one entry for each thing from elsewhere, sorted by kind, name and version; required since format 2",
    ),
}
PLATFORM_FIELDS = {
    "url": Field(str, True, "the platform's repository, as `mattone.toml` names it"),
    "constraint": Field(str, False, "the range of versions that `mattone.toml` asks for"),
    "version": Field(str, False, "the platform's version, when it has releases"),
    "commit": Field(str, True, "the commit from which components were looked up, 40 hex digits"),
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
class Platform:
    """The repository of the components, for a lock that lies in another one; empty where not known."""

    url: str
    commit: str
    constraint: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """All that a deployment resolves to.

    pins      the components, by their identity
    external  what comes from elsewhere, in the file's order (`external.ordered`)
    platform  None when the components are of the lock's own repository
    """

    deployment: str
    pins: Mapping[ComponentId, Pin]
    external: tuple[External, ...] = ()
    platform: Platform | None = None

    @property
    def service(self) -> Pin:
        return next(pin for pin in self.pins.values() if pin.component.kind is Kind.SERVICE)

    @property
    def digest(self) -> str:
        return digests.of_value(as_value(self))


def as_value(lock: Lock) -> dict[str, Any]:
    """A lock as plain values, sorted."""
    pins = sorted(lock.pins.values(), key=lambda pin: pin.component.path)
    return {
        "lock": FORMAT,
        "deployment": lock.deployment,
        **({"platform": _platform_row(lock.platform)} if lock.platform else {}),
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
        "external": [external.as_row(entry) for entry in external.ordered(lock.external)],
    }


def _platform_row(platform: Platform) -> dict[str, str]:
    values = {name: getattr(platform, name) for name in PLATFORM_FIELDS}
    return {name: value for name, value in values.items() if value}


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
    rows = _rows(reader, top, "components", PIN_FIELDS)
    others = _rows(reader, top, "external", external.FIELDS)
    platform = reader.mapping(PLATFORM_FIELDS, "platform") if "platform" in top else None
    refuse(reader.findings)
    if top["lock"] not in READS:
        raise InputError(
            f"this lock has format {top['lock']}, this mattone reads {' and '.join(map(str, READS))}",
            place=document.place("lock"),
        )
    try:
        return _checked(top, [_pin(row) for row in rows], [external.from_row(row) for row in others], platform)
    except (MattoneError, ValueError) as error:
        hint = "run `mattone lock` to write it again"
        raise InputError(f"the lock is damaged: {error}", place=Place(path), hint=hint) from error


def _rows(reader: Reader, top: Mapping[str, Any], section: str, fields: Mapping[str, Field]) -> list[dict[str, Any]]:
    return [reader.mapping(fields, section, index) for index in range(len(top.get(section, ())))]


def _checked(
    top: Mapping[str, Any], pins: Sequence[Pin], others: Sequence[External], platform: Mapping[str, Any] | None
) -> Lock:
    if ("external" in top) is not (top["lock"] >= 2):
        raise InputError("locks have the section `external` since format 2, and always")
    by_component = {pin.component: pin for pin in pins}
    if len(by_component) < len(pins):
        raise InputError("it pins a component twice")
    if sum(pin.component.kind is Kind.SERVICE for pin in pins) != 1:
        raise InputError("it must pin one service")
    if len({entry.key for entry in others}) < len(others):
        raise InputError("it pins something from elsewhere twice")
    if platform is not None:
        _refuse_no_commit(platform["commit"])
    where = Platform(**platform) if platform is not None else None
    return Lock(top["deployment"], by_component, external.ordered(others), where)


def _pin(row: Mapping[str, Any]) -> Pin:
    kind = Kind(row["kind"])
    component = ComponentId(kind, row["component"].rsplit("/", 1)[-1])
    if component.path != row["component"] or not _NAME.fullmatch(component.name):
        raise InputError(f"{row['component']!r} is no {kind.value}")
    _refuse_no_commit(row["commit"])
    required_by = tuple(str(name) for name in row["required_by"])
    return Pin(component, row["constraint"], Version.parse(row["version"]), row["commit"], row["digest"], required_by)


def _refuse_no_commit(text: str) -> None:
    if len(text) != 40 or not set(text) <= set("0123456789abcdef"):
        raise InputError(f"{text!r} is not a commit id")
