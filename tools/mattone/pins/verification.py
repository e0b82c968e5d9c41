"""A bundle that somebody hands over, against what its lock makes here: each byte that differs is named."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from mattone.errors import InputError, Place
from mattone.pins import bom
from mattone.pins.archive import Files, pack, unpack
from mattone.pins.bundle import TEMPLATE, contents, role_folders
from mattone.pins.csar import BILL, LOCK, META, entries, read_lock
from mattone.pins.lock import Lock
from mattone.pins.releases import Releases


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as the lock makes it: an entry of the archive, and what of it."""

    path: str
    problem: str


def compare(releases: Releases, name: str, data: bytes) -> tuple[Lock, tuple[Difference, ...]]:
    """The lock inside a CSAR, and how the CSAR differs from what that lock makes here; without differences, in no byte.

    name  what messages call the CSAR

    Raises InputError or FindingsError when the CSAR cannot be read, or its lock cannot be followed here.
    """
    files = unpack(name, data)
    lock = read_lock(name, files)
    found = _pin_problems(releases, lock, name)
    expected = entries(releases, lock, contents(releases, lock, _folders(lock, files)))
    for path in sorted(expected.keys() | files.keys()):
        if expected.get(path) != files.get(path):
            found.append(Difference(path, _problem(path, expected.get(path), files.get(path))))
    if not found and pack(expected, first=META) != data:
        found.append(
            Difference(name, "the entries are right, but packed in another way: order, times, modes or remarks")
        )
    return lock, tuple(found)


def _pin_problems(releases: Releases, lock: Lock, name: str) -> list[Difference]:
    """The pins whose content in the repository is not what the lock in the CSAR says."""
    found = []
    for which, pin in lock.pins.items():
        if releases.repository.resolve(pin.commit) is None:
            raise InputError(
                f"the commit {pin.commit[:12]} that {which} is locked to is not in this repository",
                place=Place(f"{name}:{LOCK}"),
                hint="fetch all history and tags (`git fetch --tags --unshallow`)",
            )
        version, digest = releases.manifest(which, pin.commit).version, releases.digest(which, pin.commit)
        if (version, digest) != (pin.version, pin.digest):
            says = f"the lock says {which} {pin.version} with {pin.digest[:19]}…"
            found.append(Difference(LOCK, f"{says}, commit {pin.commit[:12]} holds {version} with {digest[:19]}…"))
    return found


def _folders(lock: Lock, files: Files) -> dict[str, str]:
    """The roles' folder names as the CSAR has them: files can be compared though somebody edited the lock."""
    there = {path.split("/")[1] for path in files if path.startswith("roles/")}
    named = {}
    for role, folder in role_folders(lock).items():
        likely = [one for one in there if one.rpartition("_")[0] == role]
        named[role] = likely[0] if folder not in there and len(likely) == 1 else folder
    return named


def _problem(path: str, expected: tuple[bool, bytes] | None, found: tuple[bool, bytes] | None) -> str:
    what = _what(path)
    if found is None:
        return f"{what} is missing"
    if expected is None:
        return "the lock makes no such file"
    if expected[1] == found[1]:
        return f"{what} {'lacks' if expected[0] else 'has'} the right to be executed"
    if path == BILL:
        names = bom.differing(expected[1], found[1])
        return f"{what} is not that of the lock: {', '.join(names) or 'it differs outside of its components'}"
    return f"{what} is not what the lock makes, from line {_line(expected[1], found[1])} on"


def _what(path: str) -> str:
    known = {META: "the archive's metadata", LOCK: "the lock", BILL: "the bill of materials", TEMPLATE: "the template"}
    top, _, rest = path.partition("/")
    role = f"the file of the role {rest.partition('/')[0].rpartition('_')[0]!r}" if top == "roles" else ""
    return known.get(path) or role or "the file of the types"


def _line(one: bytes, other: bytes) -> int:
    """The first line, from 1, in which two contents differ."""
    rows = zip(one.split(b"\n"), other.split(b"\n"), strict=False)
    return sum(1 for _ in takewhile(lambda row: row[0] == row[1], rows)) + 1
