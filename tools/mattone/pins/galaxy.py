"""Ansible Galaxy: where a role's repository is, and which versions of a collection there are.

API: `/api/v1/roles/` for roles, `/api/v3/plugin/ansible/content/published/collections/` for collections
(the OpenAPI description that every Galaxy server gives below `/api/v3/`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urljoin

from mattone import http
from mattone.errors import RemoteError
from mattone.pins.external import External
from mattone.pins.origins import Candidate, Content, GitOrigin, MissingVersion, archive, in_range, version_of
from mattone.pins.sources import GitSource, shown
from mattone.pins.store import SourceChanged, Store
from mattone.platform.settings import GALAXY
from mattone.redact import one_line
from mattone.versions import Version

_LIMIT = 10_000_000  # bytes of an answer
_PAGES = 50  # of a list of versions, 100 a page


@dataclass(frozen=True, slots=True)
class Galaxy:
    """One Galaxy server. It names a role's repository by its owner and name on GitHub alone."""

    address: str = GALAXY
    forge: str = "https://github.com"

    def role(self, name: str) -> GitOrigin:
        """The repository of a role `namespace.name`. Raises MissingVersion when Galaxy has no such role."""
        namespace, _, short = name.partition(".")
        query = urlencode({"owner__username": namespace, "name": short})
        answer = self.get(f"{self.address}/api/v1/roles/?{query}")
        for row in _list(answer, "results"):
            user, repository = row.get("github_user"), row.get("github_repo")
            if row.get("name") == short and _plain(user) and _plain(repository):
                return GitOrigin(GitSource.at(f"{self.forge}/{user}/{repository}"))
        raise MissingVersion(
            f"Galaxy ({shown(self.address)}) has no role {one_line(name, 80)!r}",
            hint="name its repository: `git+https://...,VERSION`",
        )

    def collection(self, name: str) -> CollectionOrigin:
        return CollectionOrigin(self, name)

    def get(self, url: str) -> Any:
        """An answer in JSON. Raises RemoteError."""
        got = http.download(url, limit=_LIMIT, headers={"Accept": "application/json"})
        try:
            return json.loads(got.body)
        except ValueError as error:
            raise RemoteError(f"GET {shown(url.split('?')[0])}: the answer is no JSON") from error


@dataclass(frozen=True)
class CollectionOrigin:
    """The versions of one collection on Galaxy."""

    galaxy: Galaxy
    name: str

    @property
    def source(self) -> str:
        return self.galaxy.address

    @property
    def _index(self) -> str:
        namespace, _, name = self.name.partition(".")
        path = "api/v3/plugin/ansible/content/published/collections/index"
        return f"{self.galaxy.address}/{path}/{namespace}/{name}/versions/"

    @cached_property
    def _releases(self) -> tuple[tuple[Version, Candidate], ...]:
        found: list[tuple[Version, Candidate]] = []
        url: str | None = f"{self._index}?limit=100"
        for _ in range(_PAGES):
            if url is None:
                break
            answer = self._answer(url)
            for row in _list(answer, "data"):
                text = row.get("version")
                if isinstance(text, str) and (version := version_of(text)):
                    found.append((version, Candidate(text)))
            links = answer.get("links")
            following = links.get("next") if isinstance(links, dict) else None
            url = urljoin(url, following) if isinstance(following, str) else None
        return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].version), reverse=True))

    def _answer(self, url: str) -> dict[str, Any]:
        try:
            answer = self.galaxy.get(url)
        except http.StatusError as error:
            if error.download.status == 404:
                raise self._missing("") from error
            raise
        return answer if isinstance(answer, dict) else {}

    def candidates(self, wanted: str) -> tuple[Candidate, ...]:
        if wanted in {"", "*", "latest"}:
            found = in_range(">=0.0.0", self._releases) or in_range("", self._releases)
        else:
            bare = wanted.removeprefix("v")
            exact = tuple(one for _, one in self._releases if one.version == bare)
            found = exact or in_range(wanted, self._releases)
        if not found:
            raise self._missing(wanted)
        return found

    def _missing(self, wanted: str) -> MissingVersion:
        what = f"version {one_line(wanted, 80)!r} of the collection" if wanted else "collection"
        have = ", ".join(one.version for _, one in self._releases[:6]) if wanted else ""
        hint = f"its newest versions: {have}" if have else "name its repository: `git+https://...,VERSION`"
        return MissingVersion(f"Galaxy ({shown(self.source)}) has no {what} {self.name}", hint=hint)

    def check(self, entry: External) -> None:
        if all(one.version != entry.version for _, one in self._releases):
            raise self._missing(entry.version)
        said = self._artifact(entry.version)[1]
        if said != entry.digest:
            raise SourceChanged(
                f"the collection {entry.name} {entry.version} is not what was locked: Galaxy now says {said[:19]}…, "
                f"locked is {entry.digest[:19]}…",
                hint="a published version must never change; ask Galaxy's operators before you lock it anew",
            )

    def _artifact(self, version: str) -> tuple[str, str]:
        """Where the archive of a version is, and its digest."""
        answer = self._answer(f"{self._index}{version}/")
        artifact = answer.get("artifact")
        said = artifact.get("sha256") if isinstance(artifact, dict) else None
        url = answer.get("download_url")
        if not isinstance(url, str) or not isinstance(said, str) or len(said) != 64:
            raise RemoteError(f"Galaxy ({shown(self.source)}) does not say where {self.name} {version} is")
        return urljoin(self._index, url), f"sha256:{said}"

    def content(self, one: Candidate, store: Store, digest: str = "") -> Content:
        if digest and (data := store.get(digest)) is not None:
            from mattone.pins.archives import unpacked

            return Content(digest, unpacked(data, self.name))
        url, said = self._artifact(one.version)
        return archive(url, store, digest or said)


def _list(answer: Any, key: str) -> list[dict[str, Any]]:
    rows = answer.get(key) if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _plain(text: Any) -> bool:
    return isinstance(text, str) and text.replace("-", "").replace("_", "").replace(".", "").isalnum()
