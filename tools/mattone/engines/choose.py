"""Which engine a site uses, and the machines of the embedded one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from mattone import terminal
from mattone.engines.interface import Engine
from mattone.platform.orchestrator import OrchestratorSettings
from mattone.platform.site import Site

if TYPE_CHECKING:
    from mattone.engines.indigo_orchestrator.client import Client
    from mattone.engines.indigo_orchestrator.tokens import TokenSource
    from mattone.machines.podman import PodmanHost


def open_engine(site: Site) -> Engine:
    """The site's engine; nothing is installed, built, started or connected to before its first call."""
    if site.settings.orchestrator is not None:
        return _orchestrator(site, site.settings.orchestrator)
    from mattone.engines.infrastructure_manager.adapter import InfrastructureManagerEngine
    from mattone.engines.infrastructure_manager.install import install

    prepare = partial(install, site.cache, say=terminal.note)
    return InfrastructureManagerEngine(site.workspace, machine_host(site), prepare)


def machine_host(site: Site) -> PodmanHost:
    """The machines of a site's workspace."""
    from mattone.machines.podman import PodmanHost

    return PodmanHost(site.workspace / "machines", site.cache, terminal.Trickle())


def greeting(site: Site) -> str:
    """What an engine elsewhere says when it is asked who it is and what it has; "" for the embedded one.

    Raises what its calls raise: it does not answer, it does not take the token, the group is not the account's.
    """
    settings = site.settings.orchestrator
    if settings is None:
        return ""
    engine = _orchestrator(site, settings)
    held = len(_client(site, settings).deployments(settings.group))
    return f"{engine.version()}, {held} deployments in {settings.group}"


def _orchestrator(site: Site, settings: OrchestratorSettings) -> Engine:
    from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine

    return IndigoOrchestratorEngine(settings, _client(site, settings))


def _client(site: Site, settings: OrchestratorSettings) -> Client:
    from mattone.engines.indigo_orchestrator.client import Client

    return Client(settings.url, _tokens(site, settings))


def _tokens(site: Site, settings: OrchestratorSettings) -> TokenSource:
    """The one source of tokens that the settings name; secrets are read when they are needed."""
    from mattone.engines.indigo_orchestrator.tokens import AgentToken, EndpointToken, GivenToken
    from mattone.secrets.environment import EnvironmentStore
    from mattone.secrets.resolve import resolve

    def secret(reference: str) -> str:
        return str(resolve({"engine": {"secret": reference}}, [EnvironmentStore(site.folder())]).inputs["engine"])

    def grant() -> Mapping[str, str]:
        """RFC 6749, 4.4.2 and 6, with the client's credentials in the body (2.3.1)."""
        wanted = {"client_id": settings.client_id, "scope": settings.scope}
        if settings.client_secret:
            wanted["client_secret"] = secret(settings.client_secret)
        if settings.refresh_token:
            return {**wanted, "grant_type": "refresh_token", "refresh_token": secret(settings.refresh_token)}
        return {**wanted, "grant_type": "client_credentials"}

    if settings.oidc_agent:
        return AgentToken(settings.oidc_agent)
    return (
        EndpointToken(settings.token_url, grant) if settings.token_url else GivenToken(lambda: secret(settings.token))
    )
