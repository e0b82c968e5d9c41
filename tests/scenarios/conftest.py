"""Worlds for scenarios without machines: the same as for reconciling."""

from __future__ import annotations

from tests.commands.conftest import say
from tests.reconcile.conftest import applied_world, first_world, running, world

__all__ = ["applied_world", "first_world", "running", "say", "world"]
