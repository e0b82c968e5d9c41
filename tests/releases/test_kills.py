"""Releases that are killed at any instant, and releases that run at once: never half of one, never two."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dev.report import ROOT
from mattone.forges.local import LocalForge
from mattone.git import Repository, environment
from mattone.platform.site import open_site
from mattone.releases.make import release
from mattone.releases.targets import open_target
from tests.forges.site import git
from tests.releases.workshop import BASE, EVERY, LIBRARY, PAGE, WEB, Workshop
from tests.small import closing

RELEASED = {f"{WEB}/v1.1.0", f"{LIBRARY}/v2.0.0", f"{PAGE}/v1.0.1"}
_ENV = {**environment(), "PYTHONPATH": os.pathsep.join([str(ROOT / "tools"), str(ROOT)])}


def changed(folder: Path) -> Workshop:
    """A platform in which three components are to be released."""
    made = Workshop(folder)
    made.git("config", "user.name", "alice")
    made.git("config", "user.email", "alice@example.org")
    made.change("feat: more", f"{WEB}/tasks/main.yml")
    made.change("feat!: other", f"{LIBRARY}/page.yaml")
    return made


def command(folder: Path, *start: str) -> list[str]:
    return [sys.executable, "-P", "-m", *start, "release", "--repo", str(folder)]


def killed_at(folder: Path, number: int) -> int:
    """The exit code of a release that kills itself after so many steps; it ends well when it has fewer."""
    words = command(folder, "tests.releases.killed", str(number))
    return subprocess.run(words, env=_ENV, capture_output=True).returncode


def new_tags(repository: Repository) -> dict[str, str]:
    refs = repository.refs("refs/tags/")
    return {ref.removeprefix("refs/tags/"): at for ref, at in refs.items() if not ref.endswith("/v1.0.0")}


def again(folder: Path) -> None:
    repository = Repository(folder)
    release(open_site(folder), open_target(repository, "local"), (), "", lambda _: None)
    repository.close()


def require_whole(repository: Repository) -> None:
    """Exactly one release, all of it, at the end of main."""
    tags = new_tags(repository)
    assert set(tags) == RELEASED
    assert set(tags.values()) == {repository.resolve("refs/heads/main")}
    subjects = repository.run("log", "--format=%s", "refs/heads/main").output.splitlines()
    assert [subject.startswith("chore(release)") for subject in subjects] == [True] + [False] * (len(subjects) - 1)


def test_a_release_in_a_clone_killed_at_any_instant_is_done_or_undone_by_the_next_run(tmp_path: Path) -> None:
    with closing(changed(tmp_path / "start")) as start:
        states = set()
        number, ended = 1, -signal.SIGKILL  # how a run ends that did not reach its end
        while ended == -signal.SIGKILL:
            folder = tmp_path / "platform"
            shutil.copytree(start.root, folder)
            ended = killed_at(folder, number)
            repository = Repository(folder)
            tags = new_tags(repository)
            assert set(tags) in (set(), RELEASED), f"half of a release after step {number}"
            states.add((bool(tags), repository.is_clean()))
            again(folder)
            require_whole(repository)
            assert repository.is_clean()
            repository.close()
            shutil.rmtree(folder)
            number += 1
        assert ended == 0
        assert states == {(False, True), (True, False), (True, True)}  # the work tree may be behind, and is brought up


def test_a_release_on_a_forge_killed_at_any_instant_is_done_or_undone_by_the_next_run(tmp_path: Path) -> None:
    with closing(changed(tmp_path / "start")) as start:
        assert isinstance(start, Workshop)
        on_forge(tmp_path / "site", start)[0].close_reader()
        number, ended = 1, -signal.SIGKILL
        while ended == -signal.SIGKILL:
            shutil.copytree(tmp_path / "site", tmp_path / "copy")
            forge, folder = LocalForge(tmp_path / "copy/forge.git"), tmp_path / "copy/clone"
            git(folder, "remote", "set-url", "origin", forge.url)
            ended = killed_at(folder, number)
            assert set(new_tags(forge.repository)) in (set(), RELEASED), f"half of a release after step {number}"
            again(folder)
            require_whole(forge.repository)
            assert forge.published() == RELEASED | {f"{BASE}/v1.0.0"}
            forge.close_reader()
            shutil.rmtree(tmp_path / "copy")
            number += 1
        assert ended == 0


def on_forge(folder: Path, workshop: Workshop) -> tuple[LocalForge, Path]:
    """A forge with the workshop's branch and tags, and a clone of it."""
    forge = LocalForge.create(folder / "forge.git", workshop.repository)
    git(workshop.root, "push", "--quiet", forge.url, "refs/tags/*:refs/tags/*")
    Repository.clone(forge.url, folder / "clone")
    return forge, folder / "clone"


@pytest.mark.parametrize("done", [0, 1, 2])
def test_tags_that_a_killed_git_left_out_are_made_by_the_next_run(tmp_path: Path, done: int) -> None:
    """What git leaves when it is killed while it writes: the branch, and the first of the tags."""
    with closing(changed(tmp_path / "platform")) as workshop:
        assert isinstance(workshop, Workshop)
        again(workshop.root)
        for tag in sorted(RELEASED)[done:]:
            workshop.git("tag", "--delete", tag)
        again(workshop.root)
        require_whole(workshop.repository)
        assert workshop.git("cat-file", "-t", f"{WEB}/v1.1.0").stdout == "tag\n"


def test_tags_that_a_killed_server_left_out_are_made_by_the_next_run_from_any_clone(tmp_path: Path) -> None:
    with closing(changed(tmp_path / "start")) as start:
        assert isinstance(start, Workshop)
        forge, clone = on_forge(tmp_path / "site", start)
        again(clone)
        for tag in sorted(RELEASED)[1:]:
            forge.repository.run("update-ref", "-d", f"refs/tags/{tag}")
            forge.repository.run("update-ref", "-d", f"refs/mattone/releases/{tag}")
        Repository.clone(forge.url, tmp_path / "other")
        again(tmp_path / "other")
        require_whole(forge.repository)
        assert forge.published() == RELEASED | {f"{BASE}/v1.0.0"}
        forge.close_reader()


def start_all(folders: Sequence[Path]) -> list[subprocess.Popen[bytes]]:
    return [
        subprocess.Popen(command(folder, "mattone"), env=_ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for folder in folders
    ]


def test_runs_at_once_on_one_forge_release_once(tmp_path: Path) -> None:
    with closing(changed(tmp_path / "start")) as start:
        assert isinstance(start, Workshop)
        forge, first = on_forge(tmp_path / "site", start)
        clones = [first, *(tmp_path / f"clone-{number}" for number in range(3))]
        for folder in clones[1:]:
            Repository.clone(forge.url, folder)
        running = start_all(clones)
        outputs = [run.communicate() for run in running]
        assert [run.returncode for run in running] == [0] * len(clones), outputs
        require_whole(forge.repository)
        assert forge.published() == RELEASED | {f"{BASE}/v1.0.0"}
        forge.close_reader()


def test_runs_at_once_in_one_clone_release_once(tmp_path: Path) -> None:
    with closing(changed(tmp_path / "platform")) as workshop:
        running = start_all([workshop.root] * 3)
        outputs = [run.communicate() for run in running]
        assert [run.returncode for run in running] == [0] * 3, outputs
        require_whole(workshop.repository)
        assert sum(b"released" in output for output, _ in outputs) == 1
        assert workshop.repository.is_clean()


def test_every_component_of_the_platform_is_meant_by_these_tests() -> None:
    assert {tag.rpartition("/v")[0] for tag in RELEASED} < set(EVERY)
