"""Worlds for tests of reconciling: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.world import World, use


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.create(tmp_path_factory.mktemp("world") / "made")


@pytest.fixture
def world(first_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A platform that wishes for school/page, which is not applied yet."""
    return use(first_world.copy(tmp_path / "world"), monkeypatch)


@pytest.fixture(scope="session")
def applied_world(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    applied = first_world.copy(tmp_path_factory.mktemp("world") / "applied")
    with pytest.MonkeyPatch.context() as patch:
        assert use(applied, patch).apply() == 0
    return applied


@pytest.fixture
def running(applied_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A platform whose school/page runs."""
    return use(applied_world.copy(tmp_path / "world"), monkeypatch)
