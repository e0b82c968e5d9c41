"""The engine contract, kept by both engines and by the double that reconciling is tested with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattone.engines.infrastructure_manager.adapter import InfrastructureManagerEngine
from mattone.engines.infrastructure_manager.install import Installation
from mattone.engines.infrastructure_manager.supervisor import Supervisor
from mattone.engines.interface import Engine, Phase, Submission
from tests.doubles.engine import EngineDouble
from tests.doubles.indigo_orchestrator.server import running
from tests.engines.bundle import Bundle
from tests.engines.contract import NAME, EngineContract
from tests.engines.hosts import DoubleHost
from tests.engines.indigo_orchestrator import site


class TestIndigoOrchestrator(EngineContract):
    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with running() as double:
            yield site.engine(double)

    def submission(self, operation: str, name: str = NAME, **inputs: Any) -> Submission:
        return site.submission(operation, site.template(**inputs), name=name)


class TestDouble(EngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        return EngineDouble(tmp_path / "engine.json")

    def submission(self, operation: str, name: str = NAME, **inputs: Any) -> Submission:
        return Submission(name, operation, site.template(**inputs), Path("/nowhere"))


@pytest.mark.engine
class TestInfrastructureManager(EngineContract):
    """Through a real one, over a double of the machine host; nothing to configure, so it is ready at once."""

    files: Bundle

    @pytest.fixture
    def engine(
        self, workspace: Path, installation: Installation, supervisor: Supervisor, bundle: Bundle, tmp_path: Path
    ) -> Iterator[Engine]:
        self.files = bundle
        made = InfrastructureManagerEngine(workspace, DoubleHost(tmp_path), lambda: installation)
        yield made
        for name in (NAME, "school/other"):
            for remote in made.find(name):
                made.destroy(remote.id)

    def test_what_is_destroyed_while_it_is_added_does_not_come_back(self, engine: Engine) -> None:
        """IM gives the id away before it has stored the template, and a thread of its own may store it once more."""
        for number in range(10):
            remote = engine.submit(self.submission(f"op-{number}"))
            engine.destroy(remote)
            assert engine.observe(remote).phase is Phase.GONE
            assert engine.find(NAME) == ()

    def submission(self, operation: str, name: str = NAME, **inputs: Any) -> Submission:
        return self.files.submission(name, operation, self.files.bare(**inputs))
