"""A record's file: its statements, each in a signed envelope on a line of its own."""

from __future__ import annotations

import base64
import json

from mattone.errors import InputError, Place
from mattone.records.model import Record, parse
from mattone.records.signing import SigningKey, payload_of
from mattone.records.statement import materials, provenance, read_provenance

SIGNED = ".intoto.jsonl"


def seal(record: Record, key: SigningKey, bom: bytes = b"") -> bytes:
    """The file of a record. `bom` is its bill of materials, CycloneDX in JSON, when there is one."""
    statements = [provenance(record), *([materials(record, bom)] if bom else [])]
    return b"".join(key.seal(statement) + b"\n" for statement in statements)


def unseal(path: str, data: bytes) -> Record:
    """The record of a file, its signature unchecked. Raises InputError when it is damaged.

    Files of before records were signed (`.json`) are read too.
    """
    if not path.endswith(SIGNED):
        return parse(path, data)
    try:
        payload = payload_of(envelopes(data)[0])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InputError("the record is damaged: its first line is no envelope", place=Place(path)) from error
    return read_provenance(path, payload)


def content_of(path: str, data: bytes) -> bytes:
    """The `deployment.json` in a record's file, nothing of it checked. Raises ValueError, TypeError, LookupError."""
    if not path.endswith(SIGNED):
        return data
    subject = json.loads(payload_of(envelopes(data)[0]))["subject"][0]
    return base64.b64decode(subject["content"])


def envelopes(data: bytes) -> tuple[bytes, ...]:
    """The envelopes of a file, one a line."""
    return tuple(data.splitlines())
