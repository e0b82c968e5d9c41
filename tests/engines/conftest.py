"""A real Infrastructure Manager for the tests: installed once a cache, started once a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.engines.infrastructure_manager.install import Installation, install
from mattone.engines.infrastructure_manager.supervisor import Supervisor
from tests.engines.bundle import Bundle, write_bundle


@pytest.fixture(scope="session")
def installation(cache_folder: Path) -> Installation:
    return install(cache_folder)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def supervisor(workspace: Path, installation: Installation) -> Iterator[Supervisor]:
    made = Supervisor(workspace, lambda: installation)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_bundle(tmp_path_factory.mktemp("bundle"))
