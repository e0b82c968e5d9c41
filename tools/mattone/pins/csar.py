"""The bundle as one file: a CSAR (TOSCA Simple Profile 1.3, chapter 6) that needs no network to be deployed.

    TOSCA-Metadata/TOSCA.meta   which file is the service template; no times, no versions of tools
    template.yaml               the service template
    artifacts/..., roles/...    the other files of the bundle
    lock.yaml                   the lock that it was made from
    bom.cdx.json                the bill of materials (CycloneDX 1.6)

Whoever has the commits that the lock names makes the same bytes from it. Two digests name it: that of the
bundle's files, which records keep, and that of the archive with lock and bill.
"""

from __future__ import annotations

from dataclasses import dataclass

from mattone.errors import InputError, Place
from mattone.pins import bom
from mattone.pins.archive import Files, pack
from mattone.pins.bundle import TEMPLATE, Contents, contents, locked_tree
from mattone.pins.lock import Lock, dump, parse
from mattone.pins.releases import Releases

META = "TOSCA-Metadata/TOSCA.meta"
LOCK = "lock.yaml"
BILL = "bom.cdx.json"

_META = f"""\
TOSCA-Meta-File-Version: 1.1
CSAR-Version: 1.1
Created-By: mattone
Entry-Definitions: {TEMPLATE}
"""


@dataclass(frozen=True, slots=True)
class Archive:
    """A CSAR in memory: its bytes, its bill of materials, and the digest of the bundle's files in it."""

    data: bytes
    bill: bytes
    digest: str


def make(releases: Releases, lock: Lock) -> Archive:
    """The CSAR of a lock. Raises what `contents` does."""
    made = contents(releases, lock)
    files = entries(releases, lock, made)
    return Archive(pack(files, first=META), files[BILL][1], made.digest)


def entries(releases: Releases, lock: Lock, made: Contents) -> Files:
    """Every entry of the CSAR of a bundle, by path."""
    bill = bom.make(lock, made.digest, locked_tree(releases, lock))
    return {
        **made.files,
        META: (False, _META.encode()),
        LOCK: (False, dump(lock)),
        BILL: (False, bill),
    }


def read_lock(name: str, files: Files) -> Lock:
    """The lock inside a CSAR of ours. Raises InputError or FindingsError when it has none, or a damaged one."""
    if LOCK not in files:
        raise InputError(f"it has no {LOCK}: it is no bundle of this platform", place=Place(name))
    return parse(f"{name}:{LOCK}", files[LOCK][1])
