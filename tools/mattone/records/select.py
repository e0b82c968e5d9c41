"""Which records somebody means: `<group>/<name>`, or `<group>/<name>#<number>`."""

from __future__ import annotations

from mattone.errors import InputError
from mattone.platform.deployments import split_id
from mattone.platform.fields import did_you_mean
from mattone.records.model import Record
from mattone.records.store import RecordStore


def one(store: RecordStore, text: str) -> Record:
    """The record that a text names: the newest where it gives no number. Raises InputError."""
    name, _, number = text.partition("#")
    records = _all(store, name)
    if not number:
        return records[-1]
    found = next((record for record in records if str(record.sequence) == number), None)
    if found is None:
        raise InputError(f"{name} has no record {number!r}", hint=f"it has 1 to {records[-1].sequence}")
    return found


def pair(store: RecordStore, old: str, new: str) -> tuple[Record, Record]:
    """Two records to compare. Without the second: the one after `old`, or the newest two. Raises InputError."""
    if new:
        return one(store, old), one(store, new)
    name, _, number = old.partition("#")
    records = _all(store, name)
    if len(records) < 2:
        raise InputError(f"{name} has one record", hint="name another deployment's to compare with")
    if not number:
        return records[-2], records[-1]
    first = one(store, old)
    return first, one(store, f"{name}#{first.sequence + 1}")


def _all(store: RecordStore, name: str) -> tuple[Record, ...]:
    split_id(name)
    records = store.history(name).records
    if not records:
        raise InputError(f"there is no record of {name!r}", hint=did_you_mean(name, store.deployments()))
    return records
