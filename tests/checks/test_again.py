"""A memory finds what a check from the beginning finds, whatever changed, and checks nothing else."""

from __future__ import annotations

import random

import pytest

from mattone.checks import again
from mattone.checks.again import Memory
from mattone.checks.template import check_document, check_templates
from mattone.tosca.imports import Workspace
from mattone.tosca.source import Document
from mattone.tosca.spots import Collector
from tests.checks.test_affected import BASE, FILES
from tests.tosca.support import resolver


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []

    def noting(workspace: Workspace, document: Document, out: Collector) -> None:
        paths.append(document.path)
        check_document(workspace, document, out)

    monkeypatch.setattr(again, "check_document", noting)
    return paths


def test_only_what_a_change_has_an_effect_on_is_checked_again(checked: list[str]) -> None:
    memory, files = Memory(), dict(FILES)
    memory.check(files, resolver(files))
    assert sorted(checked) == sorted(files)
    checked.clear()
    memory.check(files, resolver(files))
    assert checked == []
    files["other.yaml"] += "description: changed\n"
    memory.check(files, resolver(files))
    assert checked == ["other.yaml"]
    checked.clear()
    files["lib/more.yaml"] += "description: changed\n"
    memory.check(files, resolver(files))
    assert sorted(checked) == ["addon.yaml", "lib/more.yaml", "page.yaml"]


def test_a_memory_finds_what_a_check_from_the_beginning_finds() -> None:
    chance = random.Random(11)  # noqa: S311 # a seed that anybody can repeat is the point
    memory, files = Memory(), dict(FILES)
    for _ in range(150):
        path = chance.choice(sorted(FILES))
        _change(chance, files, path)
        names = list(FILES)
        assert memory.check(names, resolver(files)) == check_templates(names, resolver(files))


def _change(chance: random.Random, files: dict[str, str], path: str) -> None:
    """Take a file away, bring it back, break it, or exchange a word."""
    kind = chance.randrange(5)
    if kind == 0:
        files.pop(path, None)
    elif kind == 1:
        files[path] = f"{BASE}node_types: [\n"
    elif kind == 2:
        lines = FILES[path].splitlines(keepends=True)
        del lines[chance.randrange(len(lines))]
        files[path] = "".join(lines)
    else:
        files[path] = FILES[path]
