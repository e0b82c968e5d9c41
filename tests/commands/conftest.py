"""Worlds for tests of commands that look at what was applied: the same as for reconciling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mattone.cli import main
from tests.doubles.world import World
from tests.reconcile.conftest import applied_world, first_world, running, world

__all__ = ["Say", "applied_world", "first_world", "running", "say", "world"]

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command in a world: its exit code, and all that it printed."""

    def run(world: World, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*words, "--repo", str(world.root)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run
