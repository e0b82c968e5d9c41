"""Public libraries and templates, where they lie beside the repository: no crash on any pair, and equals are equal."""

from __future__ import annotations

import csv
import random
from functools import lru_cache
from pathlib import Path

import pytest

from mattone.checks.registry import rule_ids
from mattone.compat.compare import compare_sides
from mattone.compat.library import Files, Side
from mattone.tosca.files import FileResolver
from mattone.tosca.garbage import without_collector

_CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"

pytestmark = pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="no ../shared/corpus beside the repository: 211 public files are not compared"
)


@lru_cache(maxsize=1)
def sides() -> dict[str, Side]:
    """Every file of the corpus, read."""
    with (_CORPUS / "IMPORT_MAP.tsv").open(encoding="utf-8") as file:
        resolver = FileResolver(
            _CORPUS, {row["url"]: row["local_path"] for row in csv.DictReader(file, delimiter="\t")}
        )
    paths = sorted(path.relative_to(_CORPUS).as_posix() for path in _CORPUS.rglob("*.y*ml"))
    with without_collector():
        return {path: Side(Files(resolver, {"": path})) for path in paths}


def test_every_public_file_equals_itself() -> None:
    read = sides()
    assert len(read) == 211
    assert [path for path, side in read.items() if compare_sides(side, side).changes] == []


def test_pairs_of_public_files_are_compared_without_a_crash() -> None:
    """Each file with three others, the same ones each time."""
    read = sides()
    chance = random.Random(7)  # noqa: S311 # the same pairs each time
    known = set(rule_ids())
    for one in read.values():
        for other in chance.sample(sorted(read), 3):
            found = compare_sides(one, read[other])
            assert {change.id for change in found.changes} <= known
            assert all(change.old or change.new for change in found.changes)
