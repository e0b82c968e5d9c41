"""Scalar units, versions, ranges, timestamps and constraints: what is a value, and how values compare."""

from __future__ import annotations

import math

import pytest

from mattone.tosca import units
from mattone.tosca.constraints import of_type, operand_problem, violation


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("scalar-unit.size", "4 GB", 4e9),
        ("scalar-unit.size", "4GiB", 4 * 2**30),
        ("scalar-unit.size", "10 mb", 1e7),
        ("scalar-unit.size", "1.5 TB", 1.5e12),
        ("scalar-unit.time", "2 h", 7200.0),
        ("scalar-unit.time", "5 us", 5e-6),
        ("scalar-unit.frequency", "2.4 GHz", 2.4e9),
        ("scalar-unit.bitrate", "1 Mbps", 1e6),
        ("scalar-unit.bitrate", "1 MBps", 8e6),
        ("scalar-unit.size", "4", None),
        ("scalar-unit.size", "GB", None),
        ("scalar-unit.size", "4 h", None),
        ("scalar-unit.size", 4, None),
        ("scalar-unit.time", "1 fortnight", None),
    ],
)
def test_scalar_units(kind: str, text: object, value: float | None) -> None:
    found = units.scalar_unit(kind, text)
    assert found is None if value is None else math.isclose(found or 0, value)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("1.0", "1.1"),
        ("1.9", "1.10"),
        ("1.0.0.alpha", "1.0.0"),
        ("1.0.0.alpha-1", "1.0.0.alpha-2"),
        (1.2, "1.3"),
        (2, "2.1"),
    ],
)
def test_versions_are_ordered(earlier: object, later: object) -> None:
    first, second = units.version(earlier), units.version(later)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize("value", ["latest", "1.x", "", None, True, [1], "1.2.3.4.5", "-1", "18.0.a", "1..2"])
def test_what_is_no_version(value: object) -> None:
    assert units.version(value) is None


def test_ranges_and_timestamps() -> None:
    assert units.bounds([1, 4]) == (1, 4)
    assert units.bounds([1, "UNBOUNDED"]) == (1, math.inf)
    assert units.bounds([4, 1]) is None
    assert units.bounds([1]) is None
    assert units.bounds("1-4") is None
    earlier, later = units.timestamp("2024-05-01T10:00:00+02:00"), units.timestamp("2024-05-01 09:00:00")
    assert earlier is not None
    assert later is not None
    assert earlier < later
    assert units.timestamp("tomorrow") is None


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2001-12-14t21:59:43.10-05:00", "2001-12-15T02:59:43.100000"),
        ("2001-12-14 21:59:43.10 -5", "2001-12-15T02:59:43.100000"),
        ("2001-12-15 2:59:43.10", "2001-12-15T02:59:43.100000"),
        ("2001-12-15T02:59:43.1Z", "2001-12-15T02:59:43.100000"),
        ("2002-12-14", "2002-12-14T00:00:00"),
    ],
)
def test_timestamps_have_every_form_of_yaml(text: str, utc: str) -> None:
    found = units.timestamp(text)
    assert found is not None
    assert found.isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize("text", ["2001-13-14", "2001-12-14 25:00:00", "2001-12-14 21:59", "0001-01-01 00:00:00 +5"])
def test_what_is_no_timestamp(text: str) -> None:
    assert units.timestamp(text) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", "a", 1),
        ("integer", 1, 1.5),
        ("integer", -3, True),
        ("float", 1, "1"),
        ("boolean", False, 0),
        ("list", [], {}),
        ("map", {}, []),
        ("range", [1, 2], [2, 1]),
        ("version", "1.2", "one"),
        ("timestamp", "2024-05-01", "May"),
        ("null", None, 0),
    ],
)
def test_primitive_types(kind: str, good: object, bad: object) -> None:
    assert of_type(kind, good)
    assert not of_type(kind, bad)


@pytest.mark.parametrize(
    ("operator", "operand", "kind", "keeps", "breaks"),
    [
        ("equal", 2, "integer", 2, 3),
        ("equal", "2 GB", "scalar-unit.size", "2000 MB", "2 GiB"),
        ("greater_than", 2, "integer", 3, 2),
        ("greater_or_equal", "1 GB", "scalar-unit.size", "1000 MB", "999 MB"),
        ("less_than", 1.5, "float", 1, 1.5),
        ("less_or_equal", "1.10", "version", "1.9", "1.11"),
        ("in_range", [1, 4], "integer", 4, 5),
        ("in_range", [1, "UNBOUNDED"], "integer", 10**6, 0),
        ("in_range", [1, 65535], "range", [80, 90], [0, 90]),
        ("valid_values", ["a", "b"], "string", "b", "c"),
        ("valid_values", ["1 GB"], "scalar-unit.size", "1000 MB", "2 GB"),
        ("length", 2, "string", "ab", "abc"),
        ("min_length", 1, "list", [1], []),
        ("max_length", 1, "map", {"a": 1}, {"a": 1, "b": 2}),
        ("pattern", "[a-z]+", "string", "abc", "abc1"),
    ],
)
def test_every_operator(operator: str, operand: object, kind: str, keeps: object, breaks: object) -> None:
    assert operand_problem(operator, operand, kind) == ""
    assert violation(operator, operand, kind, keeps) == ""
    assert violation(operator, operand, kind, breaks).startswith("must ")


@pytest.mark.parametrize(
    ("operator", "operand", "kind"),
    [
        ("at_least", 2, "integer"),
        ("greater_than", 2, "string"),
        ("greater_than", "two", "integer"),
        ("in_range", [1], "integer"),
        ("in_range", [3, 1], "integer"),
        ("in_range", "1-3", "integer"),
        ("valid_values", "a", "string"),
        ("valid_values", ["a", 1], "string"),
        ("length", -1, "string"),
        ("min_length", "1", "string"),
        ("min_length", 1, "integer"),
        ("pattern", "(", "string"),
        ("pattern", 1, "string"),
        ("equal", "x", "integer"),
    ],
)
def test_malformed_clauses_say_what_is_wrong(operator: str, operand: object, kind: str) -> None:
    assert operand_problem(operator, operand, kind)
