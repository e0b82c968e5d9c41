"""What may stand where, read from the grammar: the one place here that knows how the grammar is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mattone.tosca.grammar import ELEMENTS, VERSIONS
from mattone.tosca.source import Key
from mattone.tosca.types import PRIMITIVES

__all__ = ["PRIMITIVES", "SERVICE", "VERSIONS", "Where", "is_required", "keynames", "where"]

SERVICE = "topology_template"  # the section with node templates
_ROOT = "service_template"
_LEAVES = frozenset({"text", "name", "bool", "int", "scalar", "any"})


@dataclass(frozen=True, slots=True)
class Where:
    """One reading of a path.

    shape    what the grammar wants there: a leaf, an element's name, or a bracketed collection
    element  the innermost element on the way, and `keyname` the one of it that was taken; `rest`: the keys after it
    base     path of that element
    """

    shape: str
    element: str = ""
    keyname: str = ""
    base: tuple[Key, ...] = ()
    rest: tuple[Key, ...] = ()

    @property
    def slot(self) -> tuple[str, str]:
        return self.element, self.keyname

    @property
    def is_element(self) -> bool:
        return self.shape not in _LEAVES and self.shape[0] not in "[{<("


@lru_cache(maxsize=1024)
def where(path: tuple[Key, ...]) -> tuple[Where, ...]:
    """Every reading of a path from the top of a service template; none when the grammar has nothing there."""
    found: list[Where] = [Where(_ROOT)]
    for depth, key in enumerate(path):
        found = [then for one in found for then in _step(one, key, path[:depth])]
    return tuple(dict.fromkeys(found))


def _step(one: Where, key: Key, base: tuple[Key, ...]) -> Iterator[Where]:
    shape = one.shape
    if one.is_element:
        known = keynames(shape)
        inner = known.get(str(key)) or known.get("*", "")
        for alternative in _split(inner):
            yield Where(alternative, shape, str(key) if str(key) in known else "*", base)
        return
    for alternative in _inner(shape, key):
        yield Where(alternative, one.element, one.keyname, one.base, (*one.rest, key))


def _inner(shape: str, key: Key) -> tuple[str, ...]:
    """What a collection holds under a key or an index. `(x)` is an item of `<x>`: a mapping of one name to x."""
    if shape == "any":
        return ("any",)
    number = isinstance(key, int) and not isinstance(key, bool)
    if shape[0] == "[" and number:
        return _split(shape[1:-1])
    if shape[0] == "<" and number:
        return (f"({shape[1:-1]})",)
    return _split(shape[1:-1]) if shape[0] in "{(" else ()


@lru_cache(maxsize=256)
def _split(description: str) -> tuple[str, ...]:
    """The alternatives of a description; `|` inside brackets belongs to the inner one."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(description):
        depth += (character in "[{<(") - (character in "]}>)")
        if character == "|" and depth == 0:
            parts.append(description[begin:index])
            begin = index + 1
    return tuple(part for part in [*parts, description[begin:]] if part)


@lru_cache(maxsize=128)
def keynames(element: str) -> dict[str, str]:
    """Keyname to description of an element, required ones first; `*` for all other names."""
    written = sorted(ELEMENTS.get(element, {}).items(), key=lambda pair: "!" not in pair[0])
    return {name.partition("@")[0].removesuffix("!"): description for name, description in written}


def is_required(element: str, keyname: str) -> bool:
    return any(name.partition("@")[0] == f"{keyname}!" for name in ELEMENTS.get(element, {}))
