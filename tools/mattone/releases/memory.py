"""Comparisons that were made before, kept by everything that they read.

Beside a demand stands each file that the comparison read on either side, with the id of its blob, and each
folder that it listed; when all of that is the same again, so is the answer. One small file a component and
repository, in the cache folder; one that cannot be read or written is the same as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mattone
from mattone.errors import Place
from mattone.platform.components import ComponentId
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.model import Demand, Reason
from mattone.versions import Bump

_CODE = ("compat", "platform", "releases", "tosca", "checks")  # the folders whose code decides an answer
_READ, _LISTED = "read", "listed"

Seen = dict[str, str]  # "read PATH" or "listed FOLDER" -> what it was


@dataclass
class _Watched:
    """A tree that notes what is asked of it."""

    tree: RevisionTree
    seen: Seen = field(default_factory=dict)

    def files(self, under: str = "") -> tuple[str, ...]:
        found = self.tree.files(under)
        self.seen[f"{_LISTED} {under}"] = _listing(found)
        return found

    def read(self, path: str) -> bytes | None:
        self.seen[f"{_READ} {path}"] = self.tree.blob_of(path)
        return self.tree.read(path)


class Memory:
    """Remembers the demands of one repository's components. `folder` is made when it is missing."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._about = f"{_code()}\0{root.absolute()}"

    def demand(
        self, old: RevisionTree, new: RevisionTree, component: ComponentId, compare: Callable[[Tree, Tree], Demand]
    ) -> Demand:
        """What was found before for the same contents, or what `compare` finds now."""
        file = self._folder / hashlib.sha256(f"{self._about}\0{component}".encode()).hexdigest()
        known = _load(file, old, new)
        if known is not None:
            return known
        sides = _Watched(old), _Watched(new)
        found = compare(*sides)
        self._keep(file, [side.seen for side in sides], found)
        return found

    def _keep(self, file: Path, seen: Sequence[Seen], demand: Demand) -> None:
        text = json.dumps({"seen": seen, "demand": asdict(demand)})
        temporary = file.with_name(f"{file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(text, "utf-8", "surrogatepass")
            temporary.replace(file)


def _load(file: Path, old: RevisionTree, new: RevisionTree) -> Demand | None:
    try:
        value = json.loads(file.read_text("utf-8", "surrogatepass"))
        if all(_holds(seen, tree) for seen, tree in zip(value["seen"], (old, new), strict=True)):
            return _demand(value["demand"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _holds(seen: Seen, tree: RevisionTree) -> bool:
    for what, state in seen.items():
        how, _, path = what.partition(" ")
        if state != (tree.blob_of(path) if how == _READ else _listing(tree.files(path))):
            return False
    return True


def _demand(value: Any) -> Demand:
    reasons = tuple(
        Reason(one["rule"], Bump(one["bump"]), one["message"], Place(*one["place"]) if one["place"] else None)
        for one in value["reasons"]
    )
    return Demand(reasons, tuple(value["unknown"]))


def _listing(paths: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(paths).encode(errors="surrogateescape")).hexdigest()


def _code() -> str:
    """What changes when the code that compares does."""
    package = Path(mattone.__file__).parent
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted(os.scandir(package / folder), key=lambda entry: entry.name):
            if file.name.endswith((".py", ".yaml")):
                status = file.stat()
                digest.update(f"{file.path} {status.st_size} {status.st_mtime_ns}\0".encode(errors="replace"))
    return digest.hexdigest()
