"""A double of the orchestrator for each test, and an adapter over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble, running
from tests.engines.indigo_orchestrator import site


@pytest.fixture
def double() -> Iterator[OrchestratorDouble]:
    with running() as made:
        yield made


@pytest.fixture
def engine(double: OrchestratorDouble) -> IndigoOrchestratorEngine:
    return site.engine(double)
