"""The names nearest to a misspelt one: what `difflib.get_close_matches` gives, without comparing with each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import heapify, heappop

_CUTOFF = 0.6  # how alike two names must be, from 0 to 1, as difflib measures it
_COMPARED = 100  # names that are compared letter by letter with one, those first that share most letters with it
_LONGEST = 200  # characters of a name; nobody mistypes a longer one


def nearest(name: str, known: Iterable[str], most: int = 1, besides: str | None = None) -> list[str]:
    """The known names that are most like one, best first: at most so many, each at least 0.6 alike.

    besides  a known name that is not asked for; so the same names can serve many questions

    Always the same for the same names. Where more than 100 share enough letters with it, those that share fewest
    are not looked at.
    """
    if len(name) > _LONGEST:
        return []
    from difflib import SequenceMatcher

    matcher = SequenceMatcher()
    matcher.set_seq2(name)
    found: list[tuple[float, str]] = []
    candidates = (one for one in _index(frozenset(known)).candidates(name) if one[1] != besides)
    for number, (bound, other) in enumerate(candidates):
        if number == _COMPARED or (len(found) == most and bound < found[-1][0]):
            break
        matcher.set_seq1(other)
        found.append((matcher.ratio(), other))
        found = sorted((one for one in found if one[0] >= _CUTOFF), reverse=True)[:most]
    return [other for _, other in found]


class _Index:
    """Names by their letters. A set of letters, each as often as it stands there, is one bit a letter: those that two
    names share, in whatever order, are counted by one instruction. It is never fewer than difflib counts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._bits: dict[tuple[int, int], int] = {}
        self._groups: dict[tuple[int, int], list[str]] = {}
        for name in sorted(names):
            if len(name) <= _LONGEST:
                self._groups.setdefault((self._letters(name), len(name)), []).append(name)

    def candidates(self, name: str) -> Iterator[tuple[float, str]]:
        """The most that each name can be alike, and the name: falling, and only what can reach the cutoff."""
        letters, length = self._letters(name), len(name)
        waiting = [
            (-bound, names)
            for (mask, size), names in self._groups.items()
            if (bound := 2.0 * (mask & letters).bit_count() / ((length + size) or 1)) >= _CUTOFF
        ]
        heapify(waiting)
        while waiting:
            bound, names = heappop(waiting)
            for one in names:
                yield -bound, one

    def _letters(self, name: str) -> int:
        """One bit for each letter and how often it stood before. Letters beyond ASCII may count as one, so that the
        bits are few whatever is written."""
        counts: dict[int, int] = {}
        mask = 0
        for letter in name:
            kind = ord(letter) % 128
            number = counts[kind] = counts.get(kind, -1) + 1
            mask |= 1 << self._bits.setdefault((kind, number), len(self._bits))
        return mask


@lru_cache(maxsize=32)
def _index(names: frozenset[str]) -> _Index:
    return _Index(names)
