"""Installs the Infrastructure Manager into a virtual environment of its own, once per requirements file.

IM is GPL-3.0 software with a dependency tree of its own, so it never enters mattone's environment: it
is installed from `requirements.txt` beside this file, every wheel checked against its hash, into
`<cache>/engine-<digest of that file and of the Python version>`. A virtual environment cannot be
moved, so it is built where it stays, under a lock; the file `complete` inside says that it is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mattone import process
from mattone.errors import HostError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")

_COMPLETE = "complete"
_NEEDED = 400 << 20  # bytes free on the cache's disk before an install begins: twice what it ends up with
_TIME_LIMIT = 900.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A whole environment: its Python interpreter and the IM version that is pinned in it."""

    folder: Path
    python: Path
    version: str


def pinned_version(requirements: Path = REQUIREMENTS) -> str:
    """The version of IM that a requirements file pins."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.lower().startswith("im=="):
            return line.split("==", 1)[1].split()[0]
    raise HostError(f"{requirements.name} does not pin IM", hint="reinstall mattone")


def install(
    cache: Path | None = None, *, requirements: Path = REQUIREMENTS, say: Callable[[str], None] = lambda _: None
) -> Installation:
    """The environment for this requirements file, built first where it is missing.

    cache  where it is kept; by default the cache folder of this user
    say    receives one line when a build begins

    Any number of processes may call this at once: one builds, the others wait for it. A build that
    was killed is thrown away by the next call.

    Raises HostError: no venv module, no space, a download or hash that failed.
    """
    cache = cache or _cache_folder()
    found = _installation(cache, requirements)
    if (found.folder / _COMPLETE).is_file():
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{found.folder.name}.lock"):
            if not (found.folder / _COMPLETE).is_file():
                say(f"installing Infrastructure Manager {found.version}")
                _build(found, requirements)
    except OSError as error:
        raise HostError(
            f"cannot install the engine in {cache}: {error.strerror or error}",
            hint="set MATTONE_CACHE to another folder",
        ) from error
    return found


def _installation(cache: Path, requirements: Path) -> Installation:
    interpreter = f"{sys.version} {os.path.realpath(sys.executable)}"
    key = hashlib.sha256(requirements.read_bytes() + interpreter.encode()).hexdigest()[:16]
    folder = cache / f"engine-{key}"
    return Installation(folder, folder / "bin" / "python", pinned_version(requirements))


def _build(found: Installation, requirements: Path) -> None:
    free = shutil.disk_usage(found.folder.parent).free
    if free < _NEEDED:
        raise HostError(
            f"{found.folder.parent} has {free >> 20} MB free; the engine needs {_NEEDED >> 20} MB",
            hint="free some space, or set MATTONE_CACHE to a folder on another disk",
        )
    shutil.rmtree(found.folder, ignore_errors=True)  # what a killed build left
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        process.run([sys.executable, "-m", "venv", str(found.folder)], env=env, timeout=120)
    except process.CommandFailed as error:
        raise HostError(
            f"cannot make a virtual environment: {error.message}", hint="apt install python3-venv"
        ) from error
    pip = [str(found.python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    try:
        process.run([*pip, "--require-hashes", "-r", str(requirements)], env=env, timeout=_TIME_LIMIT)
    except process.CommandFailed as error:
        raise HostError(
            f"cannot install the engine: {error.message}", hint="is the package registry reachable? then try again"
        ) from error
    (found.folder / _COMPLETE).touch()


def _cache_folder() -> Path:
    from mattone.platform.site import cache_folder

    return cache_folder()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
