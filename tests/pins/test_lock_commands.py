"""`mattone lock` and `mattone outdated` as processes, with things from elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mattone
from tests.checks.test_commands import run
from tests.pins.world import Site, role
from tests.small import FILES, SERVICE, wish


@pytest.fixture
def asked(site: Site) -> Callable[..., tuple[int, str, str]]:
    """Runs `mattone` in the platform, which has one deployment and a role from elsewhere."""
    site.platform.commit({"deployments/school/page.yaml": wish(), "mattone.toml": FILES["mattone.toml"] + (
        f"[lock]\ngalaxy = \"{site.web.url}\"\n")})  # fmt: skip

    def command(*words: str) -> tuple[int, str, str]:
        done = run(site.platform.root, *words)
        return done.returncode, done.stdout, done.stderr

    return command


LOCK = "deployments/school/page.lock.yaml"


def test_lock_locked_frozen_and_upgrade(site: Site, asked: Callable[..., tuple[int, str, str]]) -> None:
    far = site.role("far", "v1.0.0")
    site.types(role(f"git+{far.url},^1.0"))
    assert asked("lock", "--locked")[0] == asked("lock", "--frozen")[0] == 1
    assert asked("lock") == (0, "school/page: locked: 4 components, 1 from elsewhere\n", "")
    text = (site.platform.root / LOCK).read_text()
    assert asked("lock")[1] == "school/page: no change\n"
    assert asked("lock", "--locked") == (0, "school/page: the lock fits\n", "")
    assert asked("lock", "--frozen") == (0, "school/page: as locked: 4 components, 1 from elsewhere\n", "")
    far.commit({"VERSION": "2"}, "v1.1.0")
    assert asked("lock", "--locked")[0] == 0
    assert "far   role  v1.0.0   v1.1.0    v1.1.0" in asked("outdated")[1].replace("school/page  ", "")
    assert json.loads(asked("outdated", "--output", "json")[1])["outdated"][0]["in_range"] == "v1.1.0"
    assert asked("lock", "--upgrade-component", "far") == (
        0,
        "school/page: changed: 4 components, 1 from elsewhere\n",
        "",
    )
    assert (site.platform.root / LOCK).read_text() != text
    assert asked("outdated")[1] == "everything is as new as it can be\n"
    code, _, errors = asked("lock", "--upgrade-component", "fra")
    assert (code, "did you mean 'far'?" in errors) == (1, True)


def test_a_lock_that_is_out_of_date_says_in_what(site: Site, asked: Callable[..., tuple[int, str, str]]) -> None:
    far, more = site.role("far", "v1.0.0"), site.role("more", "v1.0.0")
    site.types(role(f"git+{far.url},^1.0"))
    asked("lock")
    site.platform.commit({"catalog/page/requirements.yml": f"- 'git+{more.url}'\n"})
    site.types(role(f"git+{far.url},^1.0"), role(f"git+{more.url},v1.0.0"))
    code, _, errors = asked("lock", "--locked")
    assert code == 0, errors  # the types are locked to an older commit, which asks for nothing more
    asked("lock", "--upgrade")
    text = (site.platform.root / LOCK).read_text()
    start, end = text.index("- name: more"), len(text)
    (site.platform.root / LOCK).write_text(text[:start] + text[end:])
    code, _, errors = asked("lock", "--locked")
    assert code == 1
    assert f"{LOCK}: the lock is out of date: role more is new" in errors
    (site.platform.root / LOCK).write_text(text.replace("^1.0\n  version: v1.0.0", "^1.1\n  version: v1.0.0"))
    code, _, errors = asked("lock", "--locked")
    assert code == 1
    assert "role far differs in constraint" in errors


def test_frozen_works_without_sources_once_the_store_has_it(
    site: Site, asked: Callable[..., tuple[int, str, str]]
) -> None:
    far = site.role("far", "v1.0.0")
    site.types(role(f"git+{far.url},^1.0"))
    asked("lock")
    far.folder.rename(far.folder.with_name("gone"))
    assert asked("lock", "--frozen")[0] == 0
    code, _, errors = asked("lock", "--locked")
    assert code == 1
    assert "cannot read the git repository" in errors


def test_policy_refuses_what_is_not_pinned(site: Site, asked: Callable[..., tuple[int, str, str]]) -> None:
    site.platform.commit({"catalog/page/compose.yml": "services: {a: {image: '127.0.0.1:1/x:1'}}\n"})
    code, output, errors = asked("lock")
    assert (code, output) == (0, "school/page: locked: 4 components, 1 from elsewhere\n")
    assert "note: catalog/page/compose.yml:1:23: the image 127.0.0.1:1/x:1 is not pinned" in errors
    settings = (site.platform.root / "mattone.toml").read_text()
    site.platform.commit({"mattone.toml": settings + 'unpinned = "refuse"\n'})
    for mode in ((), ("--locked",)):
        code, _, errors = asked("lock", *mode)
        assert (code, "needs what is not pinned" in errors) == (4, True)


def test_the_service_manifest_is_no_source_of_images(site: Site) -> None:
    site.platform.commit({"catalog/page/service.yaml": SERVICE + "metadata: {image: 'a/b:1'}\n"})
    assert site.make().lock.external == ()


def test_a_lock_edited_to_something_else_does_not_pass(site: Site, asked: Callable[..., tuple[int, str, str]]) -> None:
    """Somebody asks to merge a lock alone, which leads to another commit, another repository or other content."""
    far, other = site.role("far", "v1.0.0"), site.role("other", "v1.0.0")
    evil = far.commit({"tasks/main.yml": "- evil\n"})
    site.types(role(f"git+{far.url},v1.0.0"))
    asked("lock")
    lock = site.platform.root / LOCK
    good = lock.read_text()
    commit, digest = far.head("v1.0.0"), good[good.rindex("digest: ") :].split()[1]
    for old, new, message in (
        (commit, evil, "was moved"),
        (far.url, other.url, "out of date: role far"),
        (digest, "sha256:" + "0" * 64, "is not what was locked"),
        ("version: v1.0.0", "version: main", "out of date: role far moves from main to v1.0.0"),
    ):
        lock.write_text(good.replace(old, new))
        code, output, errors = asked("lock", "--locked")
        assert (code, output) == (1, ""), old
        assert message in errors
    lock.write_text(good)
    assert asked("lock", "--locked")[0] == 0


def test_many_runs_at_once_with_an_empty_store_agree(site: Site) -> None:
    far = [site.role(f"far{number}", "v1.0.0") for number in range(3)]
    site.platform.commit({"deployments/school/page.yaml": wish()})
    site.types(*(role(f"git+{one.url},^1.0") for one in far))
    command = [sys.executable, "-m", "mattone", "lock"]
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    running = [
        subprocess.Popen(
            command, cwd=site.platform.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ended = [(child.communicate(timeout=120)[1], child.returncode) for child in running]
    assert ended == [(b"", 0)] * 4
    assert run(site.platform.root, "lock", "--frozen").returncode == 0


@pytest.mark.parametrize("mode", ["--locked", "--frozen"])
def test_what_writes_nothing_moves_nothing(site: Site, asked: Callable[..., tuple[int, str, str]], mode: str) -> None:
    code, _, errors = asked("lock", mode, "--upgrade-component", "tosca-types")
    assert code == 1
    assert f"{mode} writes nothing" in errors
