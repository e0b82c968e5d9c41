"""Verifying: whether a deployment's records are what was written, by whom it may, and none is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mattone.errors import MattoneError, Place
from mattone.platform.keys import TrustedKey
from mattone.records.envelope import SIGNED, envelopes, unseal
from mattone.records.model import Record, digest
from mattone.records.signing import BadSignature, payload_of, signer_of


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold, and in which record's file."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one deployment: its records that could be read, and every fault, oldest first."""

    records: tuple[Record, ...]
    faults: tuple[Fault, ...]


def verify_chain(
    environment: str, deployment: str, files: Sequence[tuple[str, bytes]], keys: Mapping[bytes, TrustedKey]
) -> Verified:
    """Check the files of one deployment's records, oldest first: (path, content) each.

    Every line is signed by a key that counts in the environment at the record's time; the record
    says of itself what its path says; it names the one before it; none is missing; times go on.
    """
    records: list[Record] = []
    faults: list[Fault] = []
    readable = True  # the file before: what follows an unreadable one cannot be judged by it
    for path, data in files:
        try:
            record = unseal(path, data)
        except MattoneError as error:
            faults.append(Fault(path, error.message))
            readable = False
            continue
        said = [*_misplaced(environment, deployment, record, path), *_unsigned(path, data, record, keys)]
        if readable:
            said += _unchained(records[-1] if records else None, record)
        faults += [Fault(path, text) for text in said]
        records.append(record)
        readable = True
    return Verified(tuple(records), tuple(faults))


def _misplaced(environment: str, deployment: str, record: Record, path: str) -> list[str]:
    where = f"records/{environment}/{deployment}/"
    if path.startswith(where) and path.split(".", 1)[0] == record.path.split(".", 1)[0]:
        return []
    return [f"it is record {record.sequence} of {record.deployment} in {record.environment}, moved here"]


def _unsigned(path: str, data: bytes, record: Record, keys: Mapping[bytes, TrustedKey]) -> list[str]:
    """Why the signature of a line does not count, for the first line of which that is so."""
    if not path.endswith(SIGNED):
        return ["it is from before records were signed: nothing proves who wrote it"]
    subject = digest(record).removeprefix("sha256:").encode()
    for number, line in enumerate(envelopes(data), start=1):
        try:
            signer = keys[signer_of(line, list(keys), Place(path, number))]
        except BadSignature as error:
            return [error.message]
        refusal = signer.refusal(record.environment, record.times.get("ended", ""))
        if refusal:
            return [refusal]
        if subject not in payload_of(line):
            return ["its bill of materials is about another record"]
    return []


def _unchained(before: Record | None, record: Record) -> list[str]:
    """What breaks the chain between a record and the one before it."""
    number = before.sequence + 1 if before else 1
    said = []
    if record.sequence > number:
        only = record.sequence == number + 1
        missing = (
            f"record {number} before it is" if only else f"records {number} to {record.sequence - 1} before it are"
        )
        said.append(f"{missing} missing")
    elif record.previous != (digest(before) if before else ""):
        said.append("the record before it is not the one that it names")
    if before and record.times.get("ended", "") < before.times.get("ended", ""):
        said.append("it claims to be older than the record before it")
    return said
