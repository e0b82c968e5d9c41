"""Public templates, where they lie beside the repository: no crash, and every one accepted or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.checks.registry import rule_ids
from mattone.findings import Severity
from tests.checks import corpus

_CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


_there = pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="no ../shared/corpus beside the repository: 211 public templates unchecked"
)


@_there
def test_211_public_templates_are_judged_as_the_documentation_says() -> None:
    paths, found = corpus.check(_CORPUS)
    assert len(paths) == 211
    assert {one.rule for one in found} <= set(rule_ids())
    assert all(one.place.line >= 1 and one.message for one in found)
    refused = {one.place.path for one in found if one.severity is Severity.ERROR}
    assert len(refused) < len(paths) / 2, "a checker that refuses most of the field's templates is wrong, not they"
    assert corpus.written() == corpus.tables(_CORPUS), "write docs/explanation/corpus.md anew, and read what changed"


@_there
def test_mutants_of_public_templates_are_checked_without_a_crash() -> None:
    assert corpus.destroyed(_CORPUS, [1], every=4) >= 50
