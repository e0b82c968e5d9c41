"""What a bundle brings from elsewhere: roles, collections and charts, each verified by the digest that is locked.

    roles/<name>_<digest>/...                           a role, other roles in it under their locked names
    collections/ansible_collections/<namespace>/<name>/...
    charts/<name>-<version>-<digest>.tgz

Container images, and charts that lie in a registry, are named by digest and not brought along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mattone import digests
from mattone.errors import InputError, Place
from mattone.pins.external import External, ExternalKind
from mattone.pins.galaxy import Galaxy
from mattone.pins.origins import ArchiveOrigin, Candidate, GitOrigin, Origin
from mattone.pins.sources import GitSource
from mattone.pins.store import Files, Store
from mattone.redact import one_line

Entry = tuple[str, tuple[bool, bytes]]  # path in the bundle, and (executable, content)
Rewrite = Callable[[str, bytes], bytes]

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def role_folder(entry: External) -> str:
    """The name that a role from elsewhere is installed under: no dots, which Ansible takes for a collection's."""
    return f"{_plain(entry.name)}_{digests.short(entry.digest)}"


def files_of(entry: External, store: Store) -> Files:
    """The files of a role or collection, from the store or fetched again.

    Raises InputError when it is not pinned, SourceChanged when the source gives something else, and what
    fetching raises.
    """
    if not entry.pinned:
        raise InputError(
            f"the {entry.kind} {one_line(entry.name, 120)} is not pinned: nothing says what belongs into a bundle",
            hint="run `mattone lock` where its source can be reached",
        )
    return _origin(entry).content(Candidate(entry.version, entry.commit), store, entry.digest).files


def vendored(entry: External, store: Store, prepare: Rewrite) -> Iterator[Entry]:
    """The files of the bundle that an entry of the lock brings.

    prepare  a role's file, by its place for messages and its content, as it goes into the bundle
    """
    if entry.kind is ExternalKind.ROLE:
        folder = role_folder(entry)
        for path, (runs, data) in files_of(entry, store).items():
            if is_of_role(path):
                yield f"roles/{folder}/{path}", (runs, prepare(f"{entry.name}/{path}", data) if is_play(path) else data)
    elif entry.kind is ExternalKind.COLLECTION:
        folder = "/".join(_plain(part) for part in entry.name.split("."))
        for path, content in files_of(entry, store).items():
            yield f"collections/ansible_collections/{folder}/{path}", content
    elif entry.kind is ExternalKind.CHART and entry.pinned and not entry.source.startswith("oci://"):
        name = f"{_plain(entry.name)}-{_plain(entry.version)}-{digests.short(entry.digest)}.tgz"
        yield f"charts/{name}", (False, _chart(entry, store))


def _chart(entry: External, store: Store) -> bytes:
    from mattone.pins.charts import ChartRef, ChartRepositories

    chart = ChartRef(entry.name, entry.constraint, entry.source, Place(entry.name))
    return ChartRepositories().content(chart, entry.version, store, entry.digest)[1]


def is_of_role(path: str) -> bool:
    """Whether a file of a role goes into bundles: all but what only its own tests use."""
    return not path.startswith(("molecule/", "tests/", ".git"))


def is_play(path: str) -> bool:
    """Whether a file of a role may name other roles."""
    return path.split("/", 1)[0] in ("tasks", "handlers", "meta") and path.endswith((".yaml", ".yml"))


def _origin(entry: External) -> Origin:
    if entry.commit:
        return GitOrigin(GitSource.at(entry.source))
    if entry.kind is ExternalKind.COLLECTION and not entry.source.endswith((".tar.gz", ".tgz")):
        return Galaxy(entry.source).collection(entry.name)
    return ArchiveOrigin(entry.source)


def _plain(name: str) -> str:
    return _NOT_PLAIN.sub("_", name)
