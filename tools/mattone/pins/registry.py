"""Container registries: the digest that a tag stands for now.

API: OCI Distribution Specification 1.1, "Pulling manifests"; tokens as in distribution's "Token Authentication
Specification" (`WWW-Authenticate: Bearer realm=...,service=...,scope=...`), anonymous.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from mattone import digests, http, process
from mattone.errors import RemoteError

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
_LIMIT = 4 << 20  # bytes of a manifest, which registries must not exceed (Distribution Specification)
_SECONDS = 30.0
_AT_ONCE = 8  # manifests that are asked for at once
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Registries:
    """Asks registries, each manifest once; what went wrong is remembered too."""

    _known: dict[tuple[str, str, str], str | RemoteError] = field(default_factory=dict)

    def digest(self, registry: str, path: str, tag: str) -> str:
        """The digest of the manifest that a tag stands for.

        registry  host, with a port where it has one; this machine's are spoken to without encryption

        Raises RemoteError: unreachable, private, or without such a tag (then `StatusError` with 404).
        """
        found = self._ask((registry, path, tag))
        if isinstance(found, RemoteError):
            raise found
        return found

    def ask_ahead(self, wanted: Iterable[tuple[str, str, str]]) -> None:
        """Ask for (registry, path, tag) of several at once; `digest` then knows what each said."""
        new = [key for key in dict.fromkeys(wanted) if key not in self._known]
        if len(new) > 1:
            with process.parallel(_AT_ONCE) as workers:
                for key in new:
                    workers.start(self._ask, key)

    def _ask(self, key: tuple[str, str, str]) -> str | RemoteError:
        registry, path, tag = key
        if key not in self._known:
            try:
                self._known[key] = _digest(_address(registry), path, tag)
            except RemoteError as error:
                self._known[key] = error
        return self._known[key]


def _address(registry: str) -> str:
    host = "registry-1.docker.io" if registry == "docker.io" else registry
    scheme = "http" if http.is_this_host(f"http://{host}") else "https"
    return f"{scheme}://{host}"


def _digest(address: str, path: str, tag: str) -> str:
    url = f"{address}/v2/{path}/manifests/{tag}"
    headers = {"Accept": _MANIFESTS}
    try:
        got = http.download(url, limit=_LIMIT, headers=headers, seconds=_SECONDS)
    except http.StatusError as error:
        challenge = error.download.headers.get("www-authenticate", "")
        if error.download.status != 401 or not challenge.lower().startswith("bearer "):
            raise
        token = _token(address, path, challenge)
        headers["Authorization"] = f"Bearer {token}"
        got = http.download(url, limit=_LIMIT, headers=headers, seconds=_SECONDS)
    found = digests.of_bytes(got.body)
    said = got.headers.get("docker-content-digest", found)
    if said != found and said.startswith("sha256:"):
        raise RemoteError(f"{urlsplit(address).netloc} sent a manifest of {path} that it calls {said[:19]}…, "
                          f"and that has {found[:19]}…")  # fmt: skip
    if not _is_manifest(got.body):
        raise RemoteError(f"what {urlsplit(address).netloc} sent for {path}:{tag} is no manifest of an image")
    return found


def _token(address: str, path: str, challenge: str) -> str:
    """An anonymous token for pulling. The realm is the registry's choice; it must be as well encrypted as itself."""
    said = dict(_PARAMETER.findall(challenge))
    realm = said.get("realm", "")
    if not realm.startswith("https://") and not (http.is_this_host(address) and http.is_this_host(realm)):
        raise RemoteError(f"the registry {urlsplit(address).netloc} wants a token from a place without encryption")
    query = {"service": said.get("service", ""), "scope": f"repository:{path}:pull"}
    got = http.download(f"{realm}?{urlencode({name: text for name, text in query.items() if text})}",
                        limit=_LIMIT, seconds=_SECONDS)  # fmt: skip
    try:
        answer = json.loads(got.body)
    except ValueError:
        answer = None
    token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
    if not isinstance(token, str) or not re.fullmatch(r"[\w.~+/=-]+", token):
        raise RemoteError(f"the registry {urlsplit(address).netloc} gives no token to somebody unknown")
    return token


def _is_manifest(body: bytes) -> bool:
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("schemaVersion") == 2 and ("manifests" in value or "config" in value)
