"""Removing all that a clone's workspace holds on this machine: engine, machines, networks, mounts."""

from __future__ import annotations

import shutil
from pathlib import Path

from mattone.engines.choose import machine_host, open_engine
from mattone.platform.site import open_site


def teardown(clone: Path) -> None:
    """Stop the engine, remove every machine of the clone's workspace, then the workspace itself."""
    site = open_site(clone)
    open_engine(site).close()
    machine_host(site).remove_all()
    shutil.rmtree(site.workspace, ignore_errors=True)
