"""Public templates, where they lie beside the repository: no crash, and every one accepted or refused with a reason."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mattone.checks.registry import rule_ids
from mattone.checks.template import check_templates
from mattone.findings import Severity
from mattone.tosca.files import FileResolver

_CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


@pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="no ../shared/corpus beside the repository: 211 public templates unchecked"
)
def test_211_public_templates_are_checked_without_a_crash() -> None:
    with (_CORPUS / "IMPORT_MAP.tsv").open(encoding="utf-8") as file:
        urls = {row["url"]: row["local_path"] for row in csv.DictReader(file, delimiter="\t")}
    paths = sorted(path.relative_to(_CORPUS).as_posix() for path in _CORPUS.rglob("*.y*ml"))
    assert len(paths) >= 200
    found = check_templates(paths, FileResolver(_CORPUS, urls))
    assert {one.rule for one in found} <= set(rule_ids())
    assert all(one.place.line >= 1 and one.message for one in found)
    refused = {one.place.path for one in found if one.severity is Severity.ERROR}
    assert len(refused) < len(paths) / 2, "a checker that refuses most of the field's templates is wrong, not they"
