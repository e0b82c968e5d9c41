"""A double of Ansible Galaxy, whose server cannot be installed beside tests: it keeps Galaxy's paths and answers.

Roles as `/api/v1/roles/` lists them, collections as `/api/v3/plugin/ansible/content/published/collections/index/`
does, with pages, `artifact.sha256` and `download_url`; archives are real ones, made here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tests.web import Handler, Page, Web

INDEX = "/api/v3/plugin/ansible/content/published/collections/index"


def archive(files: Mapping[str, str], top: str = "") -> bytes:
    """A .tar.gz of these files, the same bytes each time."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path, text in sorted(files.items()):
            member = tarfile.TarInfo(f"{top}/{path}" if top else path)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(made.getvalue(), mtime=0)


class GalaxyDouble:
    """What a Galaxy server knows, served by a `Web`."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.roles: dict[str, tuple[str, str]] = {}  # namespace.name to owner and repository
        self.page = 100
        web.pages["/api/v1/roles/"] = self._roles

    def add_role(self, name: str, owner: str, repository: str) -> None:
        self.roles[name] = (owner, repository)

    def add_collection(self, name: str, version: str, dependencies: Mapping[str, str] | None = None) -> bytes:
        """Publish a version; returns its archive."""
        info = {"collection_info": {"name": name, "version": version, "dependencies": dict(dependencies or {})}}
        data = archive({"MANIFEST.json": json.dumps(info), "plugins/a.py": f"# {name} {version}\n"})
        namespace, _, short = name.partition(".")
        base = f"{INDEX}/{namespace}/{short}/versions/"
        known = self._versions.setdefault(base, [])
        known.insert(0, version)
        self.web.pages[base] = lambda handler: self._list(handler, base)
        file = f"/download/{namespace}-{short}-{version}.tar.gz"
        self.web.pages[file] = data
        artifact = {"filename": file[10:], "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        answer = {"version": version, "download_url": f"{self.web.url}{file}", "artifact": artifact}
        self.web.pages[f"{base}{version}/"] = Page(json.dumps(answer).encode(), kind="application/json")
        return data

    @property
    def _versions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.__dict__.setdefault("versions", {})
        return found

    def _list(self, handler: Handler, base: str) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        start = int(query.get("offset", ["0"])[0])
        rows = self._versions[base]
        end = start + min(self.page, int(query.get("limit", ["10"])[0]))
        following = f"{base}?limit={self.page}&offset={end}" if end < len(rows) else None
        answer = {"meta": {"count": len(rows)}, "links": {"next": following},
                  "data": [{"version": version} for version in rows[start:end]]}  # fmt: skip
        handler.say(Page(json.dumps(answer).encode(), kind="application/json"))

    def _roles(self, handler: Handler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        name = f"{query['owner__username'][0]}.{query['name'][0]}"
        rows = [{"name": name.partition(".")[2], "github_user": self.roles[name][0], "github_repo": self.roles[name][1]}
                ] if name in self.roles else []  # fmt: skip
        handler.say(Page(json.dumps({"count": len(rows), "results": rows}).encode(), kind="application/json"))
