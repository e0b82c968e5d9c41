"""An adapter over a double, and submissions for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine, Patience
from mattone.engines.indigo_orchestrator.client import Client
from mattone.engines.indigo_orchestrator.tokens import GivenToken, TokenSource
from mattone.engines.interface import Observation, Phase, Placement, Submission
from mattone.platform.orchestrator import OrchestratorSettings
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.doubles.indigo_orchestrator.templates import COMPUTE

NAME = "school/page"
PLACEMENT = Placement("local", "one", "north")
PATIENCE = Patience(busy=600.0, poll=1.0, lost=(0.0, 1.0, 1.0))


def settings(double: OrchestratorDouble, **more: Any) -> OrchestratorSettings:
    return replace(OrchestratorSettings(double.url, "school", token="env:TOKEN"), **more)


def client(double: OrchestratorDouble, tokens: TokenSource | None = None, timeout: float = 10.0) -> Client:
    """A client whose waiting moves the double's clock."""
    return Client(double.url, tokens or given(double), timeout=timeout, sleep=double.pass_time)


def given(double: OrchestratorDouble, **about: Any) -> GivenToken:
    token = double.state.issue(**about)
    return GivenToken(lambda: token)


def engine(double: OrchestratorDouble, using: Client | None = None, **more: Any) -> IndigoOrchestratorEngine:
    """An adapter that knows no other time than the double's."""
    return IndigoOrchestratorEngine(
        settings(double, **more),
        using or client(double),
        PATIENCE,
        clock=lambda: double.state.clock.now,
        sleep=double.pass_time,
    )


def template(count: int = 1, **inputs: Any) -> dict[str, Any]:
    """A rendered template: values of inputs are their defaults."""
    values = {"title": "Hello", **inputs}
    definitions: dict[str, Any] = {name: {"type": "string", "default": value} for name, value in values.items()}
    definitions["note"] = {"type": "string", "required": False}
    return {
        "tosca_definitions_version": "tosca_simple_yaml_1_3",
        "description": "A page on a machine.",
        "metadata": {"display_name": "Page"},
        "topology_template": {
            "inputs": definitions,
            "node_templates": {
                "page": {
                    "type": "example.Page",
                    "properties": {"title": {"get_input": "title"}, "note": {"get_input": "note"}},
                    "requirements": [{"host": "server"}],
                },
                "server": {
                    "type": COMPUTE,
                    "capabilities": {
                        "host": {"properties": {"num_cpus": 2}},
                        "scalable": {"properties": {"count": count}},
                    },
                },
            },
            "outputs": {
                "address": {"value": {"get_attribute": ["server", "public_address", 0]}},
                "title": {"value": {"get_input": "title"}},
            },
        },
    }


def submission(operation: str = "op-1", made: dict[str, Any] | None = None, name: str = NAME) -> Submission:
    return Submission(name, operation, made or template(), Path("/nowhere"), placement=PLACEMENT)


def settled(engine: IndigoOrchestratorEngine, remote: str) -> Observation:
    """What it says once nothing is at work; each look takes the double a second."""
    for _ in range(100):
        seen = engine.observe(remote)
        if seen.phase not in {Phase.PENDING, Phase.DELETING}:
            return seen
    raise AssertionError(f"never settled: {seen}")
