"""Which forge a clone belongs to: the one that its `origin` remote names."""

from __future__ import annotations

from pathlib import Path

from mattone.errors import InputError
from mattone.forges.interface import Forge
from mattone.git import Repository


def open_forge(repository: Repository, kind: str) -> Forge:
    """The forge behind `origin`. Raises InputError when the clone has no origin or it is no forge."""
    result = repository.run("config", "--get", "remote.origin.url", accept=(0, 1))
    url = result.output.strip()
    if not url:
        raise InputError(
            f"{repository.root} has no remote `origin`",
            hint="clone the platform from its forge; `mattone forge create` makes an embedded one",
        )
    if kind != "local":
        raise InputError(f"no forge of kind {kind!r}")
    from mattone.forges.local.forge import LocalForge

    return LocalForge(Path(url.removeprefix("file://")))
