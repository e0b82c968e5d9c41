"""A record as in-toto statements: what was asked for, what it was made of, what came of it.

One file a record, one signed envelope a line:

1. provenance (https://slsa.dev/provenance/v1); its first subject, `deployment.json`, is the record itself and
   is carried in the statement; its second is the rendered template that the engine was given
2. the bill of materials (https://cyclonedx.org/bom) of everything that the lock names

The provenance is derived from the record: reading compares both, so neither can say what the other does not.

Sources: in-toto Attestation Framework, Statement v1 and ResourceDescriptor v1
(https://github.com/in-toto/attestation/tree/main/spec/v1); SLSA Build Provenance v1.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from mattone import digests
from mattone.errors import InputError, Place
from mattone.records.model import Record, dump, parse

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BILL_OF_MATERIALS = "https://cyclonedx.org/bom"
BUILD_TYPE = "urn:mattone:build-type:deployment:v1"

_DEPLOYMENT = "deployment.json"
_EXTERNAL = (
    "environment", "deployment", "action", "commit", "service", "description", "protected", "provider", "inputs",
    "secrets", "merge_request",
)  # fmt: skip


def provenance(record: Record) -> bytes:
    """The provenance statement of a record, as canonical JSON."""
    content = dump(record)
    subjects: list[dict[str, Any]] = [
        {
            "name": _DEPLOYMENT,
            "digest": _digest(digests.of_bytes(content)),
            "mediaType": "application/json",
            "content": base64.b64encode(content).decode(),
        }
    ]
    if record.template:
        subjects.append({"name": "template.yaml", "digest": _digest(record.template)})
    return _statement(subjects, PROVENANCE, _predicate(record))


def materials(record: Record, bom: bytes) -> bytes:
    """The statement of a bill of materials, about the same subject. `bom` is CycloneDX in JSON."""
    subject = {"name": _DEPLOYMENT, "digest": _digest(digests.of_bytes(dump(record)))}
    return _statement([subject], BILL_OF_MATERIALS, json.loads(bom))


def read_provenance(path: str, payload: bytes) -> Record:
    """The record that a provenance statement carries.

    Raises InputError when it is no such statement, or says other things than the record in it.
    """
    try:
        subject = json.loads(payload)["subject"][0]
        content = base64.b64decode(subject["content"], validate=True)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise InputError("the record is damaged: it holds no provenance statement", place=Place(path)) from error
    record = parse(path, content)
    if dump(record) != content or provenance(record) != payload:
        raise InputError("the statement and the record in it say different things", place=Place(path))
    return record


def _predicate(record: Record) -> dict[str, Any]:
    values = json.loads(dump(record))
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {name: values[name] for name in _EXTERNAL},
            "internalParameters": {"desired": record.desired, "applied_by": record.applied_by},
            "resolvedDependencies": _dependencies(record),
        },
        "runDetails": {
            "builder": {
                "id": f"urn:mattone:engine:{record.engine.get('instance', '')}",
                "version": {"mattone": record.tool, "engine": record.engine.get("version", "")},
            },
            "metadata": {
                "invocationId": record.operation,
                "startedOn": record.times.get("started", ""),
                "finishedOn": record.times.get("ended", ""),
            },
        },
    }


def _dependencies(record: Record) -> list[dict[str, Any]]:
    """Every pin of the lock, the bundle, and the record before: in this order."""
    found: list[dict[str, Any]] = []
    for rows in (record.lock.get("components", ()), record.lock.get("external", ())):
        found += [_pin(row) for row in rows]
    if record.bundle:
        found.append({"name": "bundle", "digest": _digest(record.bundle)})
    if record.previous:
        found.append({"name": "previous record", "digest": _digest(record.previous)})
    return found


def _pin(row: Mapping[str, Any]) -> dict[str, Any]:
    digest = _digest(row["digest"]) if row.get("digest") else {}
    if row.get("commit"):
        digest["gitCommit"] = row["commit"]
    kept = ("kind", "version", "constraint", "required_by", "source", "layer")
    return {
        "name": row.get("component") or row.get("name", ""),
        "digest": digest,
        "annotations": {name: row[name] for name in kept if row.get(name)},
    }


def _digest(text: str) -> dict[str, str]:
    algorithm, _, value = text.partition(":")
    return {algorithm: value}


def _statement(subjects: list[dict[str, Any]], kind: str, predicate: Mapping[str, Any]) -> bytes:
    value = {"_type": STATEMENT, "subject": subjects, "predicateType": kind, "predicate": predicate}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")
