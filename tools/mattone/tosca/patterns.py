"""Regular expressions of `pattern` constraints, matched in time linear in the value.

Patterns and values both come from merge requests, and Python's `re` takes years for some pairs
(`(a+)+b` on forty times `a`). `re` parses the pattern here; a set of states walks over the value, so
no pattern can hang a check. Look-around and back-references have no such walk and are refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from re import _constants as c  # type: ignore[attr-defined] # private, but the only parser of `re` there is
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

MAX_LENGTH = 1000  # of a pattern
MAX_STATES = 5000
_CACHED = 20_000  # steps remembered for each pattern

Test = Callable[[str], bool]


class Unsupported(Exception):
    """The pattern is no regular expression, or one that is not matched here; the text says why."""


class Matcher:
    """A compiled pattern. States are numbers; each has a test of one character, or ways on without one."""

    def __init__(self, pattern: str) -> None:
        parsed = _parse(pattern)
        self._tests: list[Test | None] = []
        self._ways: list[list[int]] = []
        self._asserts: dict[int, str] = {}
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        end = self._state()
        self._begin = self._sequence(list(parsed), end)
        self._end = end

    def fullmatch(self, value: str) -> bool:
        """Whether the whole value matches."""
        last = len(value)
        states = self._closure({self._begin}, True, last == 0)
        for index, character in enumerate(value):
            states = self._step(states, character, index + 1 == last)
            if not states:
                return False
        return self._end in states

    def begin(self) -> frozenset[int]:
        """The states before the first character of a text that is not empty."""
        return self._closure({self._begin}, True, False)

    def step(self, states: frozenset[int], character: str) -> frozenset[int]:
        """The states after one more character that is not the last."""
        return self._step(states, character, False)

    def ends(self, states: frozenset[int], character: str) -> bool:
        """Whether a text that led to these states matches with one last character."""
        return self._end in self._step(states, character, True)

    def signature(self, character: str) -> tuple[bool, ...]:
        """Which tests of the pattern a character passes: those with the same signature are matched alike."""
        return tuple(test(character) for test in self._tests if test is not None)

    def _step(self, states: frozenset[int], character: str, at_end: bool) -> frozenset[int]:
        key = (states, character)
        known = None if at_end else self._known.get(key)
        if known is None:
            reached: set[int] = set()
            for state in states:
                test = self._tests[state]
                if test is not None and test(character):
                    reached.update(self._ways[state])
            known = self._closure(reached, False, at_end)
            if not at_end and len(self._known) < _CACHED:
                self._known[key] = known
        return known

    def _closure(self, states: set[int], at_begin: bool, at_end: bool) -> frozenset[int]:
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            needed = self._asserts.get(state)
            if state in found or (needed == "begin" and not at_begin) or (needed == "end" and not at_end):
                continue
            found.add(state)
            if self._tests[state] is None:
                waiting.extend(self._ways[state])
        return frozenset(found)

    def _state(self, test: Test | None = None, *ways: int) -> int:
        if len(self._tests) >= MAX_STATES:
            raise Unsupported("the pattern is too large once its repeats are written out")
        self._tests.append(test)
        self._ways.append(list(ways))
        return len(self._tests) - 1

    def _sequence(self, parts: list[Any], after: int) -> int:
        for operator, argument in reversed(parts):
            after = self._part(operator, argument, after)
        return after

    def _part(self, operator: Any, argument: Any, after: int) -> int:
        if operator is c.SUBPATTERN:
            if argument[1] or argument[2]:
                raise Unsupported("flags inside a pattern are not supported")
            return self._sequence(list(argument[3]), after)
        if operator is c.BRANCH:
            return self._state(None, *(self._sequence(list(branch), after) for branch in argument[1]))
        if operator in (c.MAX_REPEAT, c.MIN_REPEAT):
            least, most, inner = argument
            return self._repeat(least, most, inner, after)
        if operator is c.AT:
            return self._anchor(argument, after)
        return self._state(_character(operator, argument), after)

    def _repeat(self, least: int, most: Any, inner: Any, after: int) -> int:
        parts = list(inner)
        if most is c.MAXREPEAT:
            loop = self._state(None, after)
            self._ways[loop].append(self._sequence(parts, loop))
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._state(None, self._sequence(parts, after), end)
        for _ in range(least):
            after = self._sequence(parts, after)
        return after

    def _anchor(self, where: Any, after: int) -> int:
        needed = {
            c.AT_BEGINNING: "begin",
            c.AT_BEGINNING_STRING: "begin",
            c.AT_END: "end",
            c.AT_END_STRING: "end",
        }.get(where)
        if needed is None:
            raise Unsupported("word boundaries are not supported in a pattern")
        state = self._state(None, after)
        self._asserts[state] = needed
        return state


def _parse(pattern: str) -> Any:
    if len(pattern) > MAX_LENGTH:
        raise Unsupported(f"the pattern is longer than {MAX_LENGTH:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[a--b]` may mean a difference one day
            parsed = sre.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unsupported(f"the pattern is no regular expression: {error}") from error
    if parsed.state.flags & ~re.UNICODE:
        raise Unsupported("flags inside a pattern are not supported")
    return parsed


def _character(operator: Any, argument: Any) -> Test:
    if operator is c.LITERAL:
        literal = chr(argument)
        return lambda character: character == literal
    if operator is c.NOT_LITERAL:
        other = chr(argument)
        return lambda character: character != other
    if operator is c.ANY:
        return lambda character: character != "\n"
    if operator is c.IN:
        negated = argument[0][0] is c.NEGATE
        tests = [_member(*one) for one in argument[negated:]]
        return lambda character: any(test(character) for test in tests) != negated
    name = str(operator).lower().replace("_", " ")
    raise Unsupported(f"look-around, back-references and the like ({name}) are not supported in a pattern")


_CATEGORIES = {
    c.CATEGORY_DIGIT: r"\d",
    c.CATEGORY_NOT_DIGIT: r"\D",
    c.CATEGORY_SPACE: r"\s",
    c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_WORD: r"\w",
    c.CATEGORY_NOT_WORD: r"\W",
}


def _member(operator: Any, argument: Any) -> Test:
    if operator is c.RANGE:
        low, high = argument
        return lambda character: low <= ord(character) <= high
    if operator is c.CATEGORY:
        found = re.compile(_CATEGORIES[argument])
        return lambda character: found.match(character) is not None
    return _character(operator, argument)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> tuple[Matcher | None, str]:
    """The pattern ready to match, or None and the problem."""
    try:
        return Matcher(pattern), ""
    except Unsupported as error:
        return None, str(error)
