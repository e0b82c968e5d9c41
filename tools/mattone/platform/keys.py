"""`federation/keys.yaml`: whose signatures on records count, from when and until when.

It is read from the protected branch alone, so that a key is trusted, rotated or revoked by a
merge request that somebody approves.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mattone.findings import Finding
from mattone.platform.fields import Field, Reader
from mattone.platform.refuse import refuse
from mattone.platform.tree import Tree
from mattone.tosca.source import load

KEYS = "federation/keys.yaml"

KEY_FIELDS = {
    "public": Field(str, True, "the public key, base64 of its 32 bytes, as `mattone keys show` prints it"),
    "owner": Field(str, True, "who or what signs with it"),
    "environments": Field(list, True, "the environments whose records it may sign"),
    "from": Field(str, True, "signatures before this time do not count, RFC 3339 in UTC: 2026-01-31T12:00:00Z"),
    "until": Field(str, False, "signatures from this time on do not count; without the field, for ever"),
    "revoked": Field(str, False, "the key is lost: signatures from this time on do not count, whatever `until` says"),
    "reason": Field(str, False, "why it was revoked"),
}
_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """An ed25519 public key (32 bytes) and when its signatures count; times in RFC 3339, UTC, "" for never."""

    public: bytes
    owner: str
    environments: frozenset[str]
    since: str
    until: str = ""
    revoked: str = ""
    reason: str = ""

    def refusal(self, environment: str, when: str) -> str:
        """Why a signature of a time does not count in an environment; empty when it does."""
        if environment not in self.environments:
            return f"the key of {self.owner} may not sign records of {environment}"
        if self.revoked and when >= self.revoked:
            because = f" ({self.reason})" if self.reason else ""
            return f"the key of {self.owner} was revoked at {self.revoked}{because}"
        if when < self.since:
            return f"the key of {self.owner} counts from {self.since} on"
        if self.until and when >= self.until:
            return f"the key of {self.owner} counted until {self.until}"
        return ""


def load_keys(tree: Tree) -> Mapping[bytes, TrustedKey]:
    """Every trusted key by its public bytes; none when there is no file. Raises FindingsError."""
    keys, findings = read_keys(tree)
    refuse(findings)
    return keys


def read_keys(tree: Tree) -> tuple[dict[bytes, TrustedKey], tuple[Finding, ...]]:
    """The keys that can be read, and every finding on the file."""
    data = tree.read(KEYS)
    if data is None:
        return {}, ()
    document = load(KEYS, data)
    if document.value is None:
        return {}, document.findings
    reader = Reader(document, "FED")
    rows = reader.mapping({"keys": Field(list, True, "one entry a key")}).get("keys", ())
    found: dict[bytes, TrustedKey] = {}
    for index in range(len(rows)):
        key = _key(reader, index)
        if key is None:
            continue
        if key.public in found:
            reader.say(1022, "this key stands here twice", "keys", index, hint="one entry a key: merge the two")
        found[key.public] = key
    return found, (*document.findings, *reader.findings)


def _key(reader: Reader, index: int) -> TrustedKey | None:
    at = ("keys", index)
    row = reader.mapping(KEY_FIELDS, *at)
    if not {name for name, one in KEY_FIELDS.items() if one.required} <= set(row):
        return None
    for name in ("from", "until", "revoked"):
        if name in row and not _is_time(row[name]):
            reader.say(1021, f"{name!r} is no time", *at, name, hint="RFC 3339 in UTC: 2026-01-31T12:00:00Z")
    public = _bytes(row["public"])
    if public is None:
        hint = "`mattone keys show` prints it: 44 characters that end with `=`"
        reader.say(1020, "this is no ed25519 public key", *at, "public", hint=hint)
        return None
    environments = frozenset(str(name) for name in row["environments"])
    times = row["from"], row.get("until", ""), row.get("revoked", "")
    return TrustedKey(public, row["owner"], environments, *times, row.get("reason", ""))


def _bytes(text: str) -> bytes | None:
    try:
        public = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return public if len(public) == 32 else None


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
