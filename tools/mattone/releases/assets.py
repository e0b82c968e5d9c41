"""What is attached to a published release."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mattone.forges.interface import Asset
from mattone.git import Repository
from mattone.platform.components import ComponentId
from mattone.versions import Version


def assets_of(repository: Repository, component: ComponentId, commit: str, version: Version) -> tuple[Asset, ...]:
    """The files of a component's release: its folder as an archive, the same bytes whoever makes it."""
    name = f"{component.name}-{version}"
    with tempfile.TemporaryDirectory(prefix="mattone-release-") as folder:
        file = Path(folder) / f"{name}.tar"
        # Of a commit, not of a tree: then the times in the archive are the commit's.
        words = ("archive", "--format=tar", f"--prefix={name}/", f"--output={file}", commit, "--", component.path)
        repository.run(*words)
        return (Asset(file.name, "application/x-tar", file.read_bytes()),)
