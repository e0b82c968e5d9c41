"""Comparisons are remembered by what they read, and forgotten when any of that changes; real git."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mattone.platform.components import TYPES
from mattone.platform.tree import RevisionTree, Tree
from mattone.releases.demands import compare
from mattone.releases.memory import Memory
from mattone.releases.model import Demand
from tests.releases.workshop import LIBRARY, PAGE, Workshop
from tests.small import FILES

PATH = f"{LIBRARY}/page.yaml"
WORD = '      word: {type: string, default: ""}\n'


class Asked:
    """Compares, and counts how often it had to."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self.count = 0
        self._workshop = workshop
        self.memory = Memory(folder, workshop.root)

    def __call__(self, old: str, new: str = "HEAD") -> Demand:
        trees = [
            RevisionTree(self._workshop.repository, str(self._workshop.repository.resolve(one))) for one in (old, new)
        ]
        return self.memory.demand(trees[0], trees[1], TYPES, self._compare)

    def _compare(self, old: Tree, new: Tree) -> Demand:
        self.count += 1
        return compare(old, new, TYPES)


@pytest.fixture
def asked(workshop: Workshop, tmp_path: Path) -> Asked:
    workshop.change("fix: no word", files={PATH: FILES[PATH].replace(WORD, "")})
    return Asked(tmp_path / "cache", workshop)


def test_the_same_contents_are_compared_once(asked: Asked, workshop: Workshop) -> None:
    first = asked(f"{LIBRARY}/v1.0.0")
    workshop.change("docs: elsewhere", "docs/words.md", f"{PAGE}/README.md")
    assert asked(f"{LIBRARY}/v1.0.0") == first == compare(*trees(workshop), TYPES)
    assert first.reasons
    assert asked.count == 1


def trees(workshop: Workshop) -> tuple[RevisionTree, RevisionTree]:
    tag, head = (str(workshop.repository.resolve(one)) for one in (f"{LIBRARY}/v1.0.0", "HEAD"))
    return RevisionTree(workshop.repository, tag), RevisionTree(workshop.repository, head)


@pytest.mark.parametrize(
    "files",
    [
        {PATH: FILES[PATH]},
        {f"{LIBRARY}/new.yaml": "tosca_definitions_version: tosca_simple_yaml_1_3\n"},
        {PATH: None},
        {f"{LIBRARY}/library.yaml": "name: tosca-types\nversion: 1.0.1\ndescription: Other.\n"},
    ],
)
def test_what_changes_is_compared_again(asked: Asked, workshop: Workshop, files: dict[str, str | None]) -> None:
    asked(f"{LIBRARY}/v1.0.0")
    workshop.change("change", files=files)
    assert asked(f"{LIBRARY}/v1.0.0") == compare(*trees(workshop), TYPES)
    assert asked.count == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seen": [], "demand": {}}', '{"seen": [{}, {}], "demand": 1}'])
def test_a_damaged_memory_is_none(asked: Asked, tmp_path: Path, text: str) -> None:
    expected = asked(f"{LIBRARY}/v1.0.0")
    for file in (tmp_path / "cache").iterdir():
        file.write_text(text)
    assert asked(f"{LIBRARY}/v1.0.0") == expected
    assert asked.count == 2


def test_a_memory_that_cannot_be_written_is_none(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    workshop.change("fix: no word", files={PATH: FILES[PATH].replace(WORD, "")})
    asked = Asked(tmp_path / "cache", workshop)
    assert asked(f"{LIBRARY}/v1.0.0") == asked(f"{LIBRARY}/v1.0.0")
    assert asked.count == 2
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
