"""Boolean expressions of TOSCA 2.0 on values that are known, and on those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mattone.tosca.definitions import Schema
from mattone.tosca.dialects import dialect_of
from mattone.tosca.expressions import UNKNOWN, evaluate
from mattone.tosca.imports import read_template
from mattone.tosca.measures import measure_of
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope
from tests.checks.samples_2_0 import PROFILE_PATH, find

TYPES = """\
tosca_definitions_version: tosca_2_0
data_types:
  Length:
    derived_from: scalar
    units: {m: 1}
    prefixes: {"": 1, k: 1000, c: 0.01}
  Whole:
    derived_from: scalar
    data_type: integer
    units: {B: 1, KiB: 1024}
  Range:
    properties:
      low: {type: integer}
      high: {type: integer}
"""


def scope() -> Scope:
    workspace, document = read_template(PROFILE_PATH, find({PROFILE_PATH: TYPES}))
    assert document is not None
    return workspace.scope(document)


SCOPE = scope()


def schema(name: str) -> Schema:
    some = SCOPE.find("data", "Range")
    assert some is not None
    return Schema(name, SCOPE, Spot(some.spot.document))


CASES: list[tuple[str, Any, Any, Any]] = [
    ("integer", {"$greater_than": ["$value", 3]}, 4, True),
    ("integer", {"$greater_than": [{"$value": []}, 3]}, 3, False),
    ("integer", {"$and": [{"$greater_or_equal": ["$value", 1]}, {"$less_than": ["$value", 9]}]}, 9, False),
    ("integer", {"$or": [{"$equal": ["$value", 1]}, {"$get_property": ["SELF", "x"]}]}, 1, True),
    ("integer", {"$or": [{"$equal": ["$value", 1]}, {"$get_property": ["SELF", "x"]}]}, 2, UNKNOWN),
    ("integer", {"$and": [{"$equal": ["$value", 1]}, {"$get_property": ["SELF", "x"]}]}, 2, False),
    ("integer", {"$xor": [{"$equal": ["$value", 1]}, {"$equal": ["$value", 2]}]}, 2, True),
    ("integer", {"$not": [{"$equal": ["$value", 1]}]}, 1, False),
    ("integer", {"$valid_values": ["$value", [1, 2]]}, 3, False),
    ("integer", {"$equal": [{"$remainder": ["$value", 2]}, 0]}, 4, True),
    ("integer", {"$less_or_equal": [{"$product": ["$value", 2, 3]}, 12]}, 2, True),
    ("integer", {"$equal": [{"$round": [{"$quotient": ["$value", 2]}]}, 3]}, 7, True),
    ("integer", {"$unheard_of": ["$value"]}, 1, UNKNOWN),
    ("string", {"$matches": ["$value", "b+"]}, "abbc", True),
    ("string", {"$matches": ["$value", "^b+$"]}, "abbc", False),
    ("string", {"$has_suffix": ["$value", "bc"]}, "abbc", True),
    ("string", {"$has_suffix": ["$value", "longer than it"]}, "abbc", False),
    ("string", {"$contains": ["$value", "bb"]}, "abbc", True),
    ("string", {"$equal": ["$value", "$$a"]}, "$$a", True),
    ("string", {"$less_or_equal": [{"$length": ["$value"]}, 3]}, "abbc", False),
    ("string", {"$equal": [{"$concat": ["$value", "!"]}, "a!"]}, "a", True),
    ("string", {"$greater_than": ["$value", 3]}, "a", UNKNOWN),
    ("list", {"$has_entry": ["$value", 2]}, [1, 2], True),
    ("list", {"$has_any_entry": ["$value", [3, 4]]}, [1, 2], False),
    ("list", {"$equal": [{"$length": [{"$union": ["$value", [1]]}]}, 2]}, [1, 2, 1], True),
    ("list", {"$contains": ["$value", [2, 3]]}, [1, 2, 3], True),
    ("map", {"$has_all_keys": ["$value", ["a"]]}, {"a": 1}, True),
    ("map", {"$has_key": ["$value", "b"]}, {"a": 1}, False),
    ("version", {"$greater_than": ["$value", "1.9.0"]}, "1.10.0", True),
    ("timestamp", {"$less_than": ["$value", "2024-01-01T00:00:00Z"]}, "2023-12-31T23:30:00-02:00", False),
    ("Length", {"$less_than": ["$value", "15 cm"]}, "0.1 m", True),
    ("Length", {"$less_than": ["$value", "15 cm"]}, "1 km", False),
    ("Length", {"$greater_or_equal": ["$value", 0.0]}, "-1 m", False),
    ("Range", {"$greater_or_equal": [{"$value": ["high"]}, {"$value": ["low"]}]}, {"low": 2, "high": 1}, False),
    ("Range", {"$greater_or_equal": [{"$value": ["high"]}, {"$value": ["low"]}]}, {"low": 2}, UNKNOWN),
]


@pytest.mark.parametrize(("kind", "expression", "value", "wanted"), CASES)
def test_an_expression_says_what_the_standard_says(kind: str, expression: Any, value: Any, wanted: Any) -> None:
    assert evaluate(expression, value, schema(kind)) is wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
CALLS = st.recursive(
    JSON | st.just("$value"),
    lambda inner: st.builds(
        lambda name, arguments: {f"${name}": arguments},
        st.sampled_from(sorted(dialect_of({"tosca_definitions_version": "tosca_2_0"}).functions)),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(CALLS, JSON)
def test_any_expression_on_any_value_is_true_false_or_unknown(expression: Any, value: Any) -> None:
    for kind in ("integer", "string", "list", "map", "Length", "Range"):
        assert evaluate(expression, value, schema(kind)) in (True, False, UNKNOWN)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_lengths_compare_as_their_measures_do(left: int, right: int) -> None:
    assume(left * 100 != right)  # a multiplier of 0.01 is no exact number
    found = evaluate({"$less_than": ["$value", f"{right} cm"]}, f"{left} m", schema("Length"))
    assert found is (left * 100 < right)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("3 KiB", ""),
        ("0x10 B", ""),
        ("0o17 B", ""),
        ("-3 B", ""),
        ("3KiB", "a number, a space and a unit"),
        ("3 kib", "has the unit `kib`"),
        ("3.5 B", "a whole number"),
        ("many B", "must begin with a number"),
        (3, "a number, a space and a unit"),
    ],
)
def test_a_scalar_is_a_number_with_a_unit_of_its_type(value: Any, problem: str) -> None:
    measure = measure_of(schema("Whole"))
    assert measure is not None
    assert problem in measure.problem(value)
    assert bool(problem) == bool(measure.problem(value))
