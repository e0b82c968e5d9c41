"""The repository that planning releases is measured with, and python-semantic-release's word on its versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.bench.releases import folders, generate, theirs
from mattone.git import Repository
from mattone.releases.model import Plan
from mattone.releases.plan import make_plan
from mattone.releases.source import open_source

COMMITS = 400


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    made = generate(tmp_path_factory.mktemp("bench") / "platform", COMMITS)
    made.run("remote", "add", "origin", "https://git.example.org/group/platform.git")
    yield made
    made.close()


@pytest.fixture(scope="module")
def plan(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATTONE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return make_plan(open_source(repository, "HEAD")[0])


def test_it_has_as_many_commits_and_components_as_it_says(repository: Repository) -> None:
    assert repository.run("rev-list", "--count", "HEAD").output.strip() == str(COMMITS)
    source, _ = open_source(repository, "HEAD")
    assert sorted(str(one) for one in source.lineages) == sorted(folders())


def test_it_is_the_same_every_time(repository: Repository, tmp_path: Path) -> None:
    assert generate(tmp_path / "again", COMMITS).resolve("HEAD") == repository.resolve("HEAD")


def test_where_commits_decide_python_semantic_release_comes_to_the_same_versions(
    repository: Repository, plan: Plan, tmp_path: Path
) -> None:
    sample = [one for one in plan.releases if one.claimed >= one.demanded and not one.ranges][:3]
    assert len(sample) == 3
    for release in sample:
        assert theirs(repository.root, str(release.component), tmp_path)[1] == str(release.version)
