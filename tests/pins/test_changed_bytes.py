"""One changed byte in anything that a lock names is found when it is fetched again, and what changed is named."""

from __future__ import annotations

import random
from pathlib import Path

from mattone.errors import MattoneError
from mattone.pins.complete import obtain
from mattone.pins.lock import Lock
from mattone.pins.store import Store
from tests.pins.test_charts_and_images import HELM, index
from tests.pins.world import LIBRARY, Site, collection, role
from tests.small import TEMPLATE

_TIMES = 12  # bytes that are changed in each source


def refused(site: Site, lock: Lock, name: str) -> str:
    """The message when a lock is fetched into an empty store; empty when nothing is wrong."""
    try:
        obtain(lock, site.world(store=Store(site.folder / f"empty-{name}")))
    except MattoneError as error:
        return f"{error.place}: {error.message}"
    return ""


def flipped(data: bytes, chance: random.Random) -> bytes:
    position = chance.randrange(len(data))
    return data[:position] + bytes([data[position] ^ (1 << chance.randrange(8))]) + data[position + 1 :]


def test_a_changed_byte_in_any_source_is_found_and_named(site: Site) -> None:
    url = f"{site.web.url}/raw/v1.0/all.yaml"
    site.web.pages["/raw/v1.0/all.yaml"] = LIBRARY.encode()
    site.galaxy.add_collection("amazon.aws", "4.5.0")
    index(site.web, "app", "1.2.0")
    site.types(collection("amazon.aws,4.5.0"))
    site.platform.commit({
        "catalog/page/template.yaml": TEMPLATE.replace("imports: [", f"imports: ['{url}', "),
        "ansible-roles/web/tasks/main.yml": HELM + f"app --repo {site.web.url}/charts --version 1.2.0\n",
    })  # fmt: skip
    lock = site.make().lock
    assert {entry.kind.value for entry in lock.external} == {"types", "collection", "chart"}
    assert refused(site, lock, "good") == ""
    sources = {
        "/raw/v1.0/all.yaml": "/raw/v1.0/all.yaml",
        "/download/amazon-aws-4.5.0.tar.gz": "amazon-aws-4.5.0.tar.gz",
        "/charts/app-1.2.0.tgz": "the chart app 1.2.0",
    }
    chance = random.Random(4)  # noqa: S311 - no secret
    for path, named in sources.items():
        good = site.web.pages[path]
        assert isinstance(good, bytes)
        for time in range(_TIMES):
            site.web.pages[path] = flipped(good, chance)
            message = refused(site, lock, f"{path.strip('/').replace('/', '-')}-{time}")
            assert message.startswith("deployments/school/page.lock.yaml: "), (path, time, message)
            assert named in message
        site.web.pages[path] = good


def test_a_changed_byte_in_a_git_repository_is_found_and_the_repository_named(site: Site) -> None:
    far = site.role("far", "v1.0.0")
    site.types(role(f"git+{far.url},v1.0.0"))
    lock = site.make().lock
    entry = lock.external[0]
    blob = far.folder / ".git/objects"
    chance = random.Random(5)  # noqa: S311 - no secret
    files = sorted(path for path in blob.rglob("*") if path.is_file() and len(path.name) == 38)
    wanted = [path for path in files if needed(path, far.folder, entry.commit)]
    assert len(wanted) >= 4  # the commit, two trees, a file
    for number, path in enumerate(wanted):
        good = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(flipped(good, chance))
        try:
            cached = site.folder / "cache/git"
            cached.rename(site.folder / f"old-{number}")
            assert far.url in refused(site, lock, f"git-{number}"), path.name
        finally:
            path.write_bytes(good)
    assert refused(site, lock, "git-good") == ""


def needed(path: Path, repository: Path, commit: str) -> bool:
    """Whether an object is part of a commit's own state: the commit, its trees and files."""
    from tests.forges.site import git

    inside = git(repository, "rev-list", "--objects", "--no-walk", commit).stdout
    return f"{path.parent.name}{path.name}" in inside
