"""Replay: whether what a record says can be made again, byte for byte, from its pins."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import digests
from mattone.errors import InputError, MattoneError, Place
from mattone.pins.bundle import build
from mattone.pins.lock import Lock, parse
from mattone.pins.releases import Releases
from mattone.reconcile.wishes import public_digest
from mattone.records.model import Action, Record


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one record; `faults` are empty when bundle and template are what was recorded.

    skipped  why there was nothing to make again: deletions made nothing
    """

    deployment: str
    sequence: int
    bundle: str = ""
    template: str = ""
    faults: tuple[str, ...] = ()
    skipped: str = ""


def replay(releases: Releases, record: Record) -> Replayed:
    """Make the bundle and the template of a record anew, in a folder that goes away, and compare digests."""
    name, number = record.deployment, record.sequence
    if record.action is Action.DELETE or not record.bundle:
        return Replayed(
            name, number, skipped="it made nothing" if record.action is Action.DELETE else "it was not sent"
        )
    try:
        lock = recorded_lock(record)
        changed = [text for pin in lock.pins.values() for text in _moved(releases, pin)]
        if changed:
            return Replayed(name, number, faults=tuple(changed))
        with tempfile.TemporaryDirectory() as folder:
            bundle = build(releases, lock, Path(folder))
            template = public_digest(bundle, record.inputs)
    except MattoneError as error:
        where = f"{error.place}: " if error.place else ""
        return Replayed(name, number, faults=(f"{where}{error.message}",))
    faults = [
        f"the {what} has {digests.short(new)}, the record says {digests.short(old)}"
        for what, old, new in (("bundle", record.bundle, bundle.digest), ("template", record.template, template))
        if old != new
    ]
    return Replayed(name, number, bundle.digest, template, tuple(faults))


def recorded_lock(record: Record) -> Lock:
    """The lock that a record holds. Raises InputError or FindingsError when it is none."""
    return parse(record.path, json.dumps(record.lock).encode())


def _moved(releases: Releases, pin: Any) -> list[str]:
    """Why a pin's content is not what was recorded; empty when it is."""
    if releases.repository.resolve(pin.commit) is None:
        return [f"{pin.component} {pin.version}: its commit {pin.commit[:12]} is not in this repository"]
    if releases.digest(pin.component, pin.commit) != pin.digest:
        return [f"{pin.component} {pin.version}: commit {pin.commit[:12]} holds other content than was recorded"]
    return []


def restored(releases: Releases, record: Record) -> Mapping[str, bytes]:
    """The files of a record's deployment as they were merged: its own and its lock, by path.

    Raises InputError when the record made nothing, or its commit no longer holds what it says.
    """
    from mattone.pins.lock import dump
    from mattone.platform.deployments import deployment_path, lock_path

    if record.action is Action.DELETE:
        raise InputError(f"record {record.sequence} of {record.deployment} removed it", hint="name one that made it")
    paths = deployment_path(record.deployment), lock_path(record.deployment)
    tree = releases.tree(record.commit) if releases.repository.resolve(record.commit) else None
    files = {path: data for path in paths if tree is not None and (data := tree.read(path)) is not None}
    if len(files) < len(paths):
        raise InputError(
            f"the commit {record.commit[:12]} that record {record.sequence} was applied from is not here",
            hint="fetch all history: `git fetch --unshallow`",
        )
    if dump(parse(paths[1], files[paths[1]])) != dump(recorded_lock(record)):
        raise InputError(
            f"the lock at {record.commit[:12]} is not the one that record {record.sequence} was made with",
            place=Place(paths[1]),
            hint="`mattone verify` says whether the record holds",
        )
    return files
