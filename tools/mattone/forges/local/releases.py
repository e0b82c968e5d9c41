"""Published releases inside the bare repository: a ref each, leading to a commit that holds it as data.

    refs/mattone/releases/catalog/page/v1.2.0    named like the tag
      release.json                               tag, name, when, and the assets with their media types
      description.md
      assets/<name>

The commit's parent is the commit that the tag names, so that it is never lost. A release is one
ref that is created if it does not exist: there whole, or not at all.
"""

from __future__ import annotations

import json
from typing import Any

from mattone import redact
from mattone.errors import InputError, RemoteError
from mattone.forges.interface import Asset, Release
from mattone.forges.local.objects import blobs
from mattone.forges.local.refs import move_refs
from mattone.git import ZERO, RefChange, RefMoved, Repository

PREFIX = "refs/mattone/releases/"
TAGS = "refs/tags/"

_FORMAT = 1
_RECORD, _DESCRIPTION, _ASSETS = "release.json", "description.md", "assets/"


def publish(repository: Repository, release: Release) -> Release:
    """Store a release, or find it stored. Raises InputError when there is no such tag or a name is no file's."""
    ref = PREFIX + release.tag
    tagged = repository.resolve(TAGS + release.tag)
    if tagged is None:
        raise InputError(f"there is no tag {redact.one_line(release.tag, 80)!r}", hint="push the tag first")
    if repository.resolve(ref) is None:
        commit = repository.write_commit(_tree(repository, release), [tagged], f"release {release.name}\n")
        try:
            move_refs(repository, [RefChange(ref, commit, ZERO)])
        except RefMoved:
            if repository.resolve(ref) is None:
                raise
    return read(repository, release.tag)


def published(repository: Repository) -> frozenset[str]:
    """The tags that have a release."""
    return frozenset(ref.removeprefix(PREFIX) for ref in repository.refs(PREFIX))


def read(repository: Repository, tag: str) -> Release:
    """A stored release. Raises RemoteError when it is damaged."""
    ref = PREFIX + tag
    try:
        record = json.loads(blobs(repository, [f"{ref}:{_RECORD}"])[0])
        return _release(repository, ref, record)
    except (ValueError, KeyError, TypeError) as error:
        raise RemoteError(
            f"the release {tag} is damaged: {redact.one_line(str(error))}",
            hint=f"look at it: git -C {repository.root} show {ref}:{_RECORD}",
        ) from None


def _release(repository: Repository, ref: str, record: dict[str, Any]) -> Release:
    if record.get("format") != _FORMAT:
        raise ValueError(f"format {record.get('format')!r} is not known")
    rows = record["assets"]
    names = [f"{ref}:{_DESCRIPTION}", *(f"{ref}:{_ASSETS}{row['name']}" for row in rows)]
    description, *files = blobs(repository, names)
    assets = (Asset(str(row["name"]), str(row["media_type"]), data) for row, data in zip(rows, files, strict=True))
    return Release(
        tag=ref.removeprefix(PREFIX),
        name=str(record["name"]),
        description=description.decode(),
        released_at=str(record["released_at"]),
        assets=tuple(assets),
    )


def _tree(repository: Repository, release: Release) -> str:
    rows = [{"name": _file(asset.name), "media_type": asset.media_type} for asset in release.assets]
    record = {"format": _FORMAT, "name": release.name, "released_at": release.released_at, "assets": rows}
    files = {_RECORD: (json.dumps(record, indent=2, sort_keys=True) + "\n").encode()}
    files[_DESCRIPTION] = release.description.encode()
    files |= {_ASSETS + asset.name: asset.data for asset in release.assets}
    return repository.write_tree(files)


def _file(name: str) -> str:
    if not name or name in {".", ".."} or any(letter in name for letter in "/\\\0\n:"):
        raise InputError(f"{redact.one_line(name, 80)!r} is no name of a file")
    return name
