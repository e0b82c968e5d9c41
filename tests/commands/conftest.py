"""Worlds for tests of commands that look at what was applied: the same as for reconciling."""

from tests.reconcile.conftest import applied_world, first_world, running, world

__all__ = ["applied_world", "first_world", "running", "world"]
