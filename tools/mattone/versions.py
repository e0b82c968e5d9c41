"""Semantic versions and npm-style ranges.

Sources: Semantic Versioning 2.0.0 (https://semver.org), node-semver's range grammar
(https://github.com/npm/node-semver#ranges): `^1.2`, `~1.2.3`, `1.x`, `*`, `>=1 <3`, `1.0 - 2.1`,
alternatives joined with `||`. A pre-release satisfies a range only when the range itself names a
pre-release of the same version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import total_ordering

from mattone.errors import InputError

_VERSION = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_PARTIAL = re.compile(
    r"v?(?P<major>\d+|[xX*])(?:\.(?P<minor>\d+|[xX*])(?:\.(?P<patch>\d+|[xX*])(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)?)?"
)
_COMPARATOR = re.compile(r"(?P<operator>\^|~>?|>=|<=|>|<|=)?\s*(?P<partial>\S+)")


class Bump(IntEnum):
    """How far a version moves, so that `max` is what several changes demand together (semver 6 to 8)."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version by Semantic Versioning 2.0.0; build metadata is dropped, it does not order."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version:
        """Raises InputError for anything but `MAJOR.MINOR.PATCH[-PRE][+BUILD]`, a leading v allowed."""
        found = _VERSION.fullmatch(text)
        if found is None:
            raise InputError(f"{text!r} is not a semantic version", hint="write MAJOR.MINOR.PATCH, for example 1.4.0")
        major, minor, patch, pre = found.groups()
        return cls(int(major), int(minor), int(patch), tuple(pre.split(".")) if pre else ())

    @property
    def core(self) -> tuple[int, int, int]:
        return self.major, self.minor, self.patch

    def bumped(self, bump: Bump) -> Version:
        """The version after a change: lower parts return to 0, a pre-release is left behind (semver 6 to 8)."""
        match bump:
            case Bump.MAJOR:
                return Version(self.major + 1, 0, 0)
            case Bump.MINOR:
                return Version(self.major, self.minor + 1, 0)
            case Bump.PATCH:
                return Version(self.major, self.minor, self.patch + 1)
            case _:
                return self

    def bump_to(self, other: Version) -> Bump:
        """The highest part in which two versions differ; NONE when only the pre-release does."""
        pairs = zip(self.core, other.core, (Bump.MAJOR, Bump.MINOR, Bump.PATCH), strict=True)
        return next((bump for one, two, bump in pairs if one != two), Bump.NONE)

    def _key(self) -> tuple[object, ...]:
        # Numbers sort before words, and a version with a pre-release before the one without (semver 11).
        marks = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre)
        return (self.core, not self.pre, marks)

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        return f"{text}-{'.'.join(self.pre)}" if self.pre else text


@dataclass(frozen=True, slots=True)
class _Comparator:
    operator: str  # one of >= > < <= =
    version: Version

    def holds(self, version: Version) -> bool:
        match self.operator:
            case ">=":
                return version >= self.version
            case ">":
                return version > self.version
            case "<":
                return version < self.version
            case "<=":
                return version <= self.version
            case _:
                return version == self.version


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions: alternatives, each a list of comparators that must all hold."""

    text: str
    alternatives: tuple[tuple[_Comparator, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Range:
        """Raises InputError when the text is no range."""
        return cls(text, tuple(_alternative(part.strip(), text) for part in text.split("||")))

    def __contains__(self, version: Version) -> bool:
        return any(_satisfied(comparators, version) for comparators in self.alternatives)

    def best(self, versions: tuple[Version, ...]) -> Version | None:
        """The newest of the versions that the range holds."""
        return max((version for version in versions if version in self), default=None)


def _satisfied(comparators: tuple[_Comparator, ...], version: Version) -> bool:
    if not all(comparator.holds(version) for comparator in comparators):
        return False
    if not version.pre:
        return True
    return any(c.version.pre and c.version.core == version.core for c in comparators)


def _alternative(part: str, whole: str) -> tuple[_Comparator, ...]:
    if " - " in part:
        low, high = part.split(" - ", 1)
        return (*_expand(">=", low.strip(), whole), *_expand("<=", high.strip(), whole))
    if not part:
        return _expand("", "*", whole)
    comparators: list[_Comparator] = []
    # `>= 1.2` with a space is one comparator, so operators are glued to what follows first.
    for word in re.sub(r"(\^|~>?|>=|<=|>|<|=)\s+", r"\1", part).split():
        found = _COMPARATOR.fullmatch(word)
        if found is None:
            raise _no_range(whole)
        comparators += _expand(found["operator"] or "", found["partial"], whole)
    return tuple(comparators)


def _expand(operator: str, text: str, whole: str) -> tuple[_Comparator, ...]:
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise _no_range(whole)
    numbers: list[int] = []
    for name in ("major", "minor", "patch"):
        part = found[name]
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    pre = tuple(found["pre"].split(".")) if found["pre"] and len(numbers) == 3 else ()
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    low = Version(major, minor, patch, pre)
    return _comparators(operator, numbers, low)


def _comparators(operator: str, numbers: list[int], low: Version) -> tuple[_Comparator, ...]:
    if not numbers:  # `*`: everything; `<*` and `>*`: nothing
        return (_Comparator("<", Version(0, 0, 0)),) if operator in {"<", ">"} else (_Comparator(">=", low),)
    whole = len(numbers) == 3
    match operator:
        case "^":
            return _between(low, _next(numbers, next((i for i, n in enumerate(numbers) if n), len(numbers) - 1)))
        case "~" | "~>":
            return _between(low, _next(numbers, min(1, len(numbers) - 1)))
        case ">=" | "<":
            return (_Comparator(operator, low),)
        case ">":
            return (_Comparator(">", low),) if whole else (_Comparator(">=", _next(numbers, len(numbers) - 1)),)
        case "<=":
            return (_Comparator("<=", low),) if whole else (_Comparator("<", _next(numbers, len(numbers) - 1)),)
        case _:
            return (_Comparator("=", low),) if whole else _between(low, _next(numbers, len(numbers) - 1))


def _between(low: Version, high: Version) -> tuple[_Comparator, ...]:
    return _Comparator(">=", low), _Comparator("<", high)


def _next(numbers: list[int], index: int) -> Version:
    """The first version after all that share the numbers up to `index`."""
    major, minor, patch = [*numbers[:index], numbers[index] + 1, 0, 0, 0][:3]
    return Version(major, minor, patch)


def _no_range(text: str) -> InputError:
    return InputError(
        f"{text!r} is not a version range",
        hint="for example ^1.2, ~1.2.3, 1.x, >=1.0 <3, 1.0 - 2.1, or alternatives with ||",
    )
