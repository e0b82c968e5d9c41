"""Which engine a site uses: the one that its settings name."""

from __future__ import annotations

from mattone.engines.interface import Engine
from mattone.platform.site import Site


def open_engine(site: Site) -> Engine:
    """The site's engine; nothing is started before its first call."""
    from mattone.engines.infrastructure_manager.adapter import InfrastructureManager
    from mattone.machines.podman import PodmanHost

    return InfrastructureManager(site.workspace, site.cache, PodmanHost(site.workspace, site.cache))
