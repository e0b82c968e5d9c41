"""Package URLs of what a lock names (ECMA-427): by them scanners and catalogues know a thing again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mattone.pins.external import External, ExternalKind

if TYPE_CHECKING:
    from packageurl import PackageURL


def of_component(group: str, name: str, version: str) -> PackageURL:
    """A component of the platform; where its repository lies is no part of what it is."""
    from packageurl import PackageURL

    return PackageURL("generic", group or None, name, version)


def of_external(entry: External) -> PackageURL:
    """A thing from elsewhere: an image by its digest, a chart by its repository, all else by commit or address."""
    from packageurl import PackageURL

    if entry.kind is ExternalKind.IMAGE:
        where = {"repository_url": entry.name, "tag": entry.version}
        return PackageURL("oci", None, entry.name.rsplit("/", 1)[-1], entry.digest or None, _given(where))
    if entry.kind is ExternalKind.CHART:
        name = entry.name.rsplit("/", 1)[-1]
        return PackageURL("helm", None, name, entry.version or None, {"repository_url": entry.source})
    if entry.commit:
        return _of_commit(entry)
    name = entry.name.rstrip("/").rsplit("/", 1)[-1] or entry.name
    return PackageURL("generic", None, name, entry.version or None, _given({"download_url": entry.source}))


def _of_commit(entry: External) -> PackageURL:
    from packageurl import PackageURL

    parts = _parts(entry.source)
    if parts is not None:
        return PackageURL("github", parts[0], parts[1], entry.commit)
    name = entry.name.rstrip("/").rsplit("/", 1)[-1] or entry.name
    return PackageURL("generic", None, name, entry.version or None, {"vcs_url": f"git+{entry.source}@{entry.commit}"})


def _parts(source: str) -> tuple[str, str] | None:
    """Owner and name of a repository on GitHub, which package URLs have a type of their own for."""
    try:
        url = urlsplit(source)
        host = url.hostname
    except ValueError:
        return None
    parts = url.path.removesuffix(".git").strip("/").split("/")
    return (parts[0], parts[1]) if host == "github.com" and len(parts) == 2 else None


def _given(qualifiers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in qualifiers.items() if value}
