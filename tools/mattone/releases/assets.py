"""What is attached to a published release: its files and, of a service, the bundle with its bill of materials."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from mattone.forges.interface import Asset
from mattone.git import Repository
from mattone.platform.components import ComponentId, Kind
from mattone.platform.site import Site
from mattone.versions import Version


def assets_of(site: Site, component: ComponentId, commit: str, version: Version) -> tuple[Asset, ...]:
    """The files of a component's release, the same bytes whoever makes them.

    Raises InputError, FindingsError, RemoteError and PolicyDenied when the bundle of a service cannot be made.
    """
    name = f"{component.name}-{version}"
    found = [_archive(site.repository, component, commit, name)]
    if component.kind is Kind.SERVICE:
        found += _bundle(site, component, commit, version, name)
    return tuple(found)


def _archive(repository: Repository, component: ComponentId, commit: str, name: str) -> Asset:
    """The component's folder. Of a commit, not of a tree: then the times in the archive are the commit's."""
    with tempfile.TemporaryDirectory(prefix="mattone-release-") as folder:
        file = Path(folder) / f"{name}.tar"
        words = ("archive", "--format=tar", f"--prefix={name}/", f"--output={file}", commit, "--", component.path)
        repository.run(*words)
        return Asset(file.name, "application/x-tar", file.read_bytes())


def _bundle(site: Site, component: ComponentId, commit: str, version: Version, name: str) -> Iterator[Asset]:
    """What a deployment of just this version, locked at the release's commit, would send to an engine."""
    from mattone.pins.complete import make_lock, world_of
    from mattone.pins.csar import make
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import Deployment
    from mattone.tosca.source import load
    from mattone.versions import Range

    releases = Releases(site.repository, commit)
    wish = Deployment(
        group="release",
        name=component.name,
        service=component.name,
        version=Range.parse(str(version)),
        provider="",
        description="",
        protected=False,
        inputs={},
        document=load(component.manifest, b"{}\n"),
    )
    made = make(releases, make_lock(releases, wish, world_of(site)).lock)
    yield Asset(f"{name}.csar", "application/zip", made.data)
    yield Asset(f"{name}.cdx.json", "application/vnd.cyclonedx+json", made.bill)
