"""Comparisons as a whole: places, verdicts, what is unknown, and components of a repository."""

from __future__ import annotations

from mattone.compat.changes import Grade
from mattone.errors import Place
from mattone.versions import Bump
from tests.compat.support import compare, ids

BEFORE = """\
tosca_definitions_version: tosca_simple_yaml_1_3
node_types:
  example.A:
    derived_from: tosca.nodes.Root
    properties:
      port: {type: integer, constraints: [{in_range: [1, 10]}]}
      name: {type: string, required: false}
"""


def test_a_change_names_both_places_why_and_the_bump() -> None:
    found = compare(BEFORE, BEFORE.replace("[1, 10]", "[1, 8]"))
    (one,) = found.changes
    assert (one.id, one.severity, one.bump) == ("COMPAT1114", Grade.BREAKING, Bump.MAJOR)
    assert one.subject == "node type example.A, property port"
    assert one.why == "no longer allowed: `9`, `10`"
    assert one.old == one.new == Place("types.yaml", 6, 7)
    assert (found.verdict, found.bump) == ("breaking", Bump.MAJOR)


def test_what_is_gone_has_no_new_place_and_what_is_new_no_old_one() -> None:
    without = BEFORE.replace("      name: {type: string, required: false}\n", "")
    (gone,), (came,) = compare(BEFORE, without).changes, compare(without, BEFORE).changes
    assert (gone.old, gone.new) == (Place("types.yaml", 7, 7), None)
    assert (came.old, came.new) == (None, Place("types.yaml", 7, 7))
    assert (gone.bump, came.bump) == (Bump.MAJOR, Bump.MINOR)


def test_equal_documents_are_identical() -> None:
    found = compare(BEFORE, BEFORE)
    assert (found.changes, found.unknown, found.verdict, found.bump) == ((), (), "identical", Bump.NONE)


def test_what_cannot_be_read_makes_the_answer_unknown_and_never_compatible() -> None:
    floating = BEFORE + "imports: [https://example.org/g/types/raw/main/base.yaml]\n"
    found = compare(floating, floating)
    assert found.verdict == "unknown"
    assert [one.rule for one in found.unknown] == ["TOSCA1005"]


def test_an_unread_import_that_is_pinned_alike_on_both_sides_is_no_difference() -> None:
    pinned = BEFORE + "imports: [https://example.org/g/types/raw/v1.2.0/base.yaml]\n"
    assert compare(pinned, pinned).verdict == "identical"
    assert compare(pinned, pinned.replace("v1.2.0", "v1.3.0")).verdict == "unknown"


def test_a_breaking_change_beside_unknown_ones_is_breaking() -> None:
    floating = BEFORE + "imports: [https://example.org/g/types/raw/main/base.yaml]\n"
    assert compare(floating, floating.replace("port:", "port_number:")).verdict == "breaking"
    assert "COMPAT1101" in ids(compare(floating, floating.replace("port:", "port_number:")))
