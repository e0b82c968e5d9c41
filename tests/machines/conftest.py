"""One host of real machines for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.machines.interface import MachineHost
from mattone.machines.podman import PodmanHost


@pytest.fixture(scope="module")
def machine_host(
    real_machines: None, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PodmanHost]:
    """An empty workspace of real machines; everything in it is removed after the module's tests."""
    host = PodmanHost(tmp_path_factory.mktemp("machines") / "workspace", cache_folder)
    try:
        yield host
    finally:
        host.remove_all()


def as_port(host: PodmanHost) -> MachineHost:
    """Holds for the type checker that the adapter has everything the port asks for."""
    return host
