"""What a deployment needs from elsewhere: type files by URL, roles, collections, charts and images, each pinned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mattone.errors import InputError
from mattone.pins.spelling import is_name
from mattone.platform.fields import Field

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ExternalKind(StrEnum):
    """What an entry is; the value stands in the lock."""

    TYPES = "types"
    ROLE = "role"
    COLLECTION = "collection"
    CHART = "chart"
    IMAGE = "image"


# Which layer first asks for something: type files; artifacts of types; playbooks and roles; charts and images.
LAYERS = (1, 2, 3, 4)

FIELDS = {
    "name": Field(
        str, True, "a type file's URL; a role, collection, chart or image by the name under which it is asked for"
    ),
    "kind": Field(str, True, "types, role, collection, chart or image"),
    "constraint": Field(str, True, "the versions asked for, joined by a comma when several did; empty: any"),
    "version": Field(str, True, "the exact version, tag or branch; empty when it has none"),
    "source": Field(str, True, "the URL that it comes from, without user and password"),
    "commit": Field(str, False, "the commit in the source, 40 hex digits, when the source is a git repository"),
    "digest": Field(
        str,
        False,
        "of the file or archive; of a folder's paths, executable bits and contents; of an image's manifest; "
        "without it the entry is not pinned",
    ),
    "pinned": Field(bool, False, "false when nobody could say the digest: what the version means may change"),
    "layer": Field(
        int,
        True,
        "1 type files, 2 artifacts of types, 3 playbooks and roles, 4 charts and images; the lowest that asks",
    ),
    "required_by": Field(list, True, "who asked: files and entries, by path, URL or name"),
}


@dataclass(frozen=True, slots=True)
class External:
    """One thing from elsewhere at one exact version; the fields are those of the lock's file.

    commit  empty unless it comes from a git repository
    digest  empty when nobody could say it: then the entry is not pinned
    """

    name: str
    kind: ExternalKind
    constraint: str
    version: str
    source: str
    commit: str
    digest: str
    layer: int
    required_by: tuple[str, ...]

    @property
    def pinned(self) -> bool:
        return bool(self.digest)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What may stand in a lock once; two charts or images of one name may differ in version."""
        return self.kind.value, self.name, self.version, self.source


def ordered(entries: Iterable[External]) -> tuple[External, ...]:
    """Entries in the order of the lock's file: by kind, name, version and source."""
    return tuple(sorted(entries, key=lambda entry: entry.key))


def as_row(entry: External) -> dict[str, Any]:
    """An entry as plain values; fields without content are left out."""
    return {
        "name": entry.name,
        "kind": entry.kind.value,
        "constraint": entry.constraint,
        "version": entry.version,
        "source": entry.source,
        **({"commit": entry.commit} if entry.commit else {}),
        **({"digest": entry.digest} if entry.digest else {"pinned": False}),
        "layer": entry.layer,
        "required_by": list(entry.required_by),
    }


def from_row(row: Mapping[str, Any]) -> External:
    """The entry of a row that has the right fields. Raises InputError or ValueError for a value that cannot be."""
    digest, commit, layer = row.get("digest", ""), row.get("commit", ""), row["layer"]
    if row.get("pinned", True) is not bool(digest):
        raise InputError(f"{row['name']!r} must have a digest, or `pinned: false`")
    if digest and not _DIGEST.fullmatch(digest):
        raise InputError(f"{digest!r} is not a digest")
    if commit and not _COMMIT.fullmatch(commit):
        raise InputError(f"{commit!r} is not a commit id")
    if row["kind"] in {"role", "collection"} and not is_name(row["name"]):
        raise InputError(f"{row['name']!r} cannot be the name of a {row['kind']}")
    if layer not in LAYERS:
        raise InputError(f"there is no layer {layer}")
    return External(
        name=row["name"],
        kind=ExternalKind(row["kind"]),
        constraint=row["constraint"],
        version=row["version"],
        source=row["source"],
        commit=commit,
        digest=digest,
        layer=layer,
        required_by=tuple(str(name) for name in row["required_by"]),
    )
