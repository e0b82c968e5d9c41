"""What must hold of every comparison: nothing changed in equals, and no detour makes a change smaller than it is."""

from __future__ import annotations

import itertools
import random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mattone.compat.allowed import Fit, allowed, inside
from mattone.versions import Bump
from tests.checks.junk import dump, mutant
from tests.compat.generated import Body, clauses, crossed, libraries, shuffled
from tests.compat.support import compare, document

_SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
_INTEGERS: list[Any] = list(range(-6, 16))
_TEXTS: list[Any] = ["".join(letters) for size in range(6) for letters in itertools.product("abc", repeat=size)]


@_SLOW
@given(libraries(), st.integers(0, 1000))
def test_equal_documents_have_no_change_whatever_the_order_of_their_keys(library: Body, seed: int) -> None:
    found = compare(library, shuffled(library, random.Random(seed)))  # noqa: S311 # no secret
    assert (found.changes, found.unknown) == ((), ())


@_SLOW
@given(libraries(), libraries(), st.integers(0, 1000))
def test_the_order_of_keys_has_no_effect_on_what_is_found(old: Body, new: Body, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 # no secret
    one, other = compare(old, new), compare(shuffled(old, chance), shuffled(new, chance))
    assert {(c.id, c.subject, c.consequences) for c in one.changes} == {
        (c.id, c.subject, c.consequences) for c in other.changes
    }


@_SLOW
@given(libraries(), libraries())
def test_only_equals_are_identical(old: Body, new: Body) -> None:
    found = compare(old, new)
    assert (found.bump is Bump.NONE) == (compare(new, old).bump is Bump.NONE)


@_SLOW
@given(libraries(), libraries(), libraries(), st.integers(0, 10_000))
def test_what_breaks_at_once_breaks_on_every_detour(first: Body, one: Body, other: Body, seed: int) -> None:
    """What does not break is a preorder: who is served by B as by A, and by C as by B, is served by C as by A."""
    chance = random.Random(seed)  # noqa: S311 # no secret
    second = crossed(first, one, chance)
    third = crossed(second, other, chance)
    steps = max(compare(first, second).bump, compare(second, third).bump)
    assert compare(first, third).bump <= steps


@_SLOW
@example(("string", [{"length": 0}], [{"valid_values": [""]}]))
@example(("string", [], [{"pattern": ".*"}]))  # the dot holds no line break
@given(
    st.sampled_from(["integer", "string"]).flatmap(lambda kind: st.tuples(st.just(kind), clauses(kind), clauses(kind)))
)
def test_constraints_are_compared_as_the_sets_that_they_are(case: tuple[str, list[Body], list[Body]]) -> None:
    kind, narrow, wide = case
    one, other = (allowed(kind, [next(iter(clause.items())) for clause in side]) for side in (narrow, wide))
    values = _INTEGERS if kind == "integer" else _TEXTS
    lost = [value for value in values if one.holds(value) and not other.holds(value)]
    found = inside(one, other)
    if lost:
        assert found.fit is not Fit.HELD, lost[:3]
    elif found.fit is Fit.LOST:  # then what is lost is beyond the values tried: a great number, a letter but a to c
        assert any(one.holds(value) and not other.holds(value) for value in _beyond(kind)), found


def _beyond(kind: str) -> list[Any]:
    if kind == "integer":
        return [10**6, -(10**6)]
    return ["d", "dd", "ddd", "dddd", "ddddd", "a" * 9, "ab" * 9, "c" * 9, "d" * 9, " ", "0", "é", "\n"]


@_SLOW
@given(libraries(), st.integers(0, 10_000))
def test_destroyed_documents_are_compared_without_a_crash(library: Body, seed: int) -> None:
    broken = dump(mutant(library, seed))
    for one, other in ((document(library), broken), (broken, document(library)), (broken, broken)):
        compare(one, other)


def test_a_clause_with_keys_of_two_kinds_is_compared_without_a_crash() -> None:
    broken = [("in_range", {None: 1, "a": 2})]
    assert inside(allowed("integer", broken), allowed("integer", broken)).fit is Fit.HELD
