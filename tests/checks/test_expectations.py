"""tosca-parser's own tests as a second opinion: every disagreement is explained.

A checkout of tosca-parser, named by MATTONE_TOSCA_PARSER, is needed: no package brings the data of its tests.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.checks.expectations import gather, render, sections

_CHECKOUT = Path(os.environ.get("MATTONE_TOSCA_PARSER", ""))
_PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "second-opinion.md"


@pytest.mark.skipif(
    not (_CHECKOUT / "toscaparser" / "tests").is_dir(),
    reason="MATTONE_TOSCA_PARSER names no checkout of tosca-parser: its tests' expectations are not compared",
)
def test_every_disagreement_with_the_tests_of_tosca_parser_is_explained() -> None:
    found, failed, tests = gather(_CHECKOUT)
    assert tests > 300
    assert len(found) > 300, failed
    page = _PAGE.read_text("utf-8")
    unexplained = [one for one in found if not one.agrees and f"`{one.test.rpartition('.')[2]}`" not in page]
    assert unexplained == [], render(found, failed, tests)


def test_types_go_to_the_section_of_what_they_derive_from() -> None:
    types = {
        "a.Node": {"derived_from": "a.Base"},
        "a.Base": {"derived_from": "tosca.nodes.Root"},
        "a.Link": {"valid_target_types": []},
        "a.Data": {"properties": {}},
        "a.Loop": {"derived_from": "a.Loop", "requirements": []},
    }
    found = {name: section for section, names in sections(types).items() for name in names}
    assert found == {
        "a.Node": "node_types",
        "a.Base": "node_types",
        "a.Link": "relationship_types",
        "a.Data": "data_types",
        "a.Loop": "node_types",
    }
