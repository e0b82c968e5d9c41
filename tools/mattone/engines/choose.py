"""Which engine a site uses, and the machines of the embedded one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mattone import terminal
from mattone.engines.interface import Engine
from mattone.platform.site import Site

if TYPE_CHECKING:
    from mattone.machines.podman import PodmanHost


def open_engine(site: Site) -> Engine:
    """The site's engine; nothing is installed, built or started before its first call."""
    from mattone.engines.infrastructure_manager.adapter import InfrastructureManagerEngine
    from mattone.engines.infrastructure_manager.install import install

    prepare = partial(install, site.cache, say=terminal.note)
    return InfrastructureManagerEngine(site.workspace, machine_host(site), prepare)


def machine_host(site: Site) -> PodmanHost:
    """The machines of a site's workspace."""
    from mattone.machines.podman import PodmanHost

    return PodmanHost(site.workspace / "machines", site.cache, terminal.Trickle())
