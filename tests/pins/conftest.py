from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.galaxy import GalaxyDouble
from tests.pins.registries import WHY, Registry, program, registry
from tests.pins.world import Site
from tests.small import Platform, closing
from tests.web import serving


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with closing(Platform(tmp_path / "platform")) as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path / "cache"))
    with closing(Platform(tmp_path / "platform")) as platform, serving() as web:
        yield Site(platform, web, GalaxyDouble(web), tmp_path)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = program(tmp_path_factory.mktemp("package"))
    if found is None:
        pytest.skip(WHY)
    with registry(found, tmp_path_factory.mktemp("registry")) as running:
        yield running
