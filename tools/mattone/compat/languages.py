"""Is every text that one set of regular expressions matches matched by another: decided, not guessed.

The automata of `tosca.patterns` walk side by side; a text that one accepts and the other does not is the answer's
proof. Characters that no pattern tells apart are tried once. The alphabet is ASCII and characters of each kind
beyond it, so patterns that name other characters are left undecided, as are those that need too many states.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from mattone.tosca import patterns
from mattone.tosca.patterns import Matcher

MAX_PAIRS = 3000
# A letter, a digit, a space and a sign that are not ASCII: all that \w, \d, \s and `.` can tell apart beyond it.
_BEYOND = "\u00e9\u0663\u00a0\u20ac"
_ALPHABET = [chr(code) for code in range(32, 127)] + ["\t", "\n", "\r", "\x0b", "\x00", "\x1c"] + list(_BEYOND)

Texts = tuple[Iterable[str], tuple[int, int | None]]  # patterns that all must match; least and most characters
_State = tuple[tuple[frozenset[int], ...], int]


class _Language:
    """The texts that match all of several patterns and have a length within bounds."""

    def __init__(self, matchers: Sequence[Matcher], least: int, most: int | None) -> None:
        self.matchers = matchers
        self._least, self._most = least, most
        self.limit = max(least, (most if most is not None else least - 1) + 1)

    def begin(self) -> _State:
        return tuple(one.begin() for one in self.matchers), 0

    def step(self, state: _State, character: str) -> _State:
        states, length = state
        moved = tuple(one.step(own, character) for one, own in zip(self.matchers, states, strict=True))
        return moved, min(length + 1, self.limit)

    def accepts(self, state: _State, character: str) -> bool:
        """Whether the text so far and one last character is in the language."""
        states, length = state
        return self._sized(length + 1) and all(
            one.ends(own, character) for one, own in zip(self.matchers, states, strict=True)
        )

    def has_empty(self) -> bool:
        return self._least == 0 and all(one.fullmatch("") for one in self.matchers)

    def alive(self, state: _State) -> bool:
        return all(state[0]) and (self._most is None or state[1] < self._most)

    def _sized(self, length: int) -> bool:
        return length >= self._least and (self._most is None or length <= self._most)


def lost_text(narrow: Texts, wide: Texts, finite: list[Any] | None = None) -> str | None:
    """A text of the narrow set that the wide one lacks; empty when there is none; None when it cannot be told.

    finite  the wide set's only values, where it lists them
    The empty text is no answer here; whoever asks tests it apart.
    """
    own, other = _language(narrow), _language(wide)
    if own is None or other is None:
        return None
    known = frozenset(one for one in finite if isinstance(one, str)) if finite is not None else None
    return _search(own, other, _told_apart([*own.matchers, *other.matchers], known or ()), known)


def _language(texts: Texts) -> _Language | None:
    matchers = []
    for pattern in sorted(texts[0]):
        found, _ = patterns.compiled(pattern)
        if found is None or not pattern.isascii():
            return None
        matchers.append(found)
    return _Language(matchers, *texts[1])


def _told_apart(matchers: Sequence[Matcher], words: Iterable[str]) -> list[str]:
    """One character of each class that no test of the patterns tells apart; all that listed words are made of."""
    letters = {character for word in words for character in word}
    found: dict[tuple[Any, ...], str] = {}
    for character in [*sorted(letters), *_ALPHABET]:
        mark = tuple(one.signature(character) for one in matchers)
        found.setdefault((mark, character if character in letters else ""), character)
    return list(found.values())


def _search(own: _Language, other: _Language, alphabet: list[str], known: frozenset[str] | None) -> str | None:
    """Breadth first, so that the shortest lost text is found; texts are kept only as far as they matter."""
    begin = (own.begin(), other.begin(), "" if known is not None else None)
    seen = {begin}
    waiting = deque([(begin, "")])
    while waiting:
        (mine, yours, prefix), text = waiting.popleft()
        for character in alphabet:
            if own.accepts(mine, character):
                fits = other.accepts(yours, character)
                if not fits or (known is not None and text + character not in known):
                    return text + character
            ahead = own.step(mine, character)
            if not own.alive(ahead):
                continue
            state = (ahead, other.step(yours, character), _prefix(prefix, character, known))
            if state not in seen:
                if len(seen) >= MAX_PAIRS:
                    return None
                seen.add(state)
                waiting.append((state, text + character))
    return ""


def _prefix(prefix: str | None, character: str, known: frozenset[str] | None) -> str | None:
    """The text so far as long as a listed word begins with it, so that states stay finite."""
    if prefix is None or known is None:
        return None
    longer = prefix + character
    return longer if any(word.startswith(longer) for word in known) else None
