"""Is a document what the grammar of its version says: keynames, kinds of values, required keynames."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from mattone.tosca.dialects import Dialect, dialect_of
from mattone.tosca.functions import function_of
from mattone.tosca.grammar import VERSIONS
from mattone.tosca.source import Document, Key
from mattone.tosca.spots import Collector, Spot, did_you_mean, show


class _Shape(NamedTuple):
    """One alternative of a description: a leaf kind, a collection of an inner description, or an element."""

    kind: str  # leaf, list, map, named (list of one-name mappings), element
    inner: str
    classes: frozenset[type]  # of the values that it describes


class _Element(NamedTuple):
    keys: dict[str, str]
    required: tuple[str, ...]
    since: dict[str, str]
    others: str


_LEAVES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "name": (str,),
    "bool": (bool,),
    "int": (int,),
    "scalar": (str, int, float, bool),
    "any": (str, int, float, bool, dict, list),
}
_COLLECTIONS = {"[": "list", "{": "map", "<": "named"}
_WORDS = {
    "text": "a text",
    "name": "a name",
    "bool": "true or false",
    "int": "a whole number",
    "scalar": "a single value",
    "list": "a list",
    "map": "a mapping",
    "named": "a list of `- name: ...`",
    "element": "a mapping",
}


@lru_cache(maxsize=512)
def _shapes(description: str) -> tuple[_Shape, ...]:
    """The alternatives of a description; `|` inside brackets belongs to the inner description."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(description):
        depth += (character in "[{<") - (character in "]}>")
        if character == "|" and depth == 0:
            parts.append(description[begin:index])
            begin = index + 1
    return tuple(_shape(part) for part in [*parts, description[begin:]])


@lru_cache(maxsize=2048)
def _fitting(description: str, kind: type) -> tuple[_Shape, ...]:
    """The alternatives of a description that a value of this class can be."""
    return tuple(shape for shape in _shapes(description) if kind in shape.classes)


def _shape(part: str) -> _Shape:
    if part[0] in _COLLECTIONS:
        return _Shape(_COLLECTIONS[part[0]], part[1:-1], frozenset({dict if part[0] == "{" else list}))
    if part in _LEAVES:
        return _Shape("leaf", part, frozenset(_LEAVES[part]))
    return _Shape("element", part, frozenset({dict}))


@lru_cache(maxsize=128)
def _element(dialect: Dialect, name: str) -> _Element:
    keys, required, since = {}, [], {}
    for written, description in dialect.elements[name].items():
        keyname, _, version = written.partition("@")
        if keyname.endswith("!"):
            required.append(keyname[:-1])
        keyname = keyname.rstrip("!+")
        if version:
            since[keyname] = version
        keys[keyname] = description
    others = keys.pop("*", "")
    return _Element(keys, tuple(required), since, others)


def check_structure(document: Document, out: Collector) -> bool:
    """Report what the grammar does not allow; False when the document is no TOSCA at all."""
    spot = Spot(document)
    if document.broken:
        return False
    if not isinstance(document.value, dict):
        out.add("TOSCA1008", "the file is no TOSCA service template: it must be a mapping", spot.place())
        return False
    written = document.value.get("tosca_definitions_version")
    if written is None:
        message = "`tosca_definitions_version` is missing"
        out.add("TOSCA1001", message, spot.place(), "Begin with `tosca_definitions_version: tosca_simple_yaml_1_3`.")
        written = "tosca_simple_yaml_1_3"
    elif not isinstance(written, str) or written not in VERSIONS:
        place = spot.place("tosca_definitions_version")
        hint = did_you_mean(written, [name for name in VERSIONS if name.startswith("tosca_")])
        out.add("TOSCA1001", f"TOSCA version `{show(written)}` is not supported", place, hint)
        return False
    dialect = dialect_of(document.value)
    _Walker(document, dialect, VERSIONS[written], out).element(dialect.root, document.value, ())
    if dialect.sigil:
        _check_file_2_0(document, out)
    return True


def _check_file_2_0(document: Document, out: Collector) -> None:
    """What 2.0 says of a file as a whole: its first line (6.2), profiles (6.7.1), imports (6.8.1)."""
    spot, value = Spot(document), document.value
    if next(iter(value)) != "tosca_definitions_version":
        message = "`tosca_definitions_version` must be the first keyname of the file"
        out.add("TOSCA1001", message, spot.key_place("tosca_definitions_version"))
    if "profile" in value and "service_template" in value:
        message = "a file that defines a profile cannot have a service template"
        out.add("TOSCA1015", message, spot.key_place("service_template"), "Put it into a file of its own.")
    imports = value.get("imports")
    for index, one in enumerate(imports if isinstance(imports, list) else ()):
        if isinstance(one, dict) and (one.get("url") is None) == (one.get("profile") is None):
            message = "an import names either a `url` or a `profile`"
            out.add("TOSCA1004", message, spot.place("imports", index))


class _Walker:
    def __init__(self, document: Document, dialect: Dialect, version: str, out: Collector) -> None:
        self.spot = Spot(document)
        self.dialect = dialect
        self.version = version
        self.out = out

    def value(self, description: str, value: Any, keys: tuple[Key, ...]) -> None:
        if value is None or description == "any":
            return  # an empty keyname holds nothing, and nothing wrong
        fitting = _fitting(description, value.__class__)
        if not fitting:
            self._wrong_kind(_shapes(description), value, keys)
            return
        chosen = fitting[0] if len(fitting) == 1 else self._closest(fitting, value)
        if chosen.kind == "leaf":
            return
        if chosen.kind == "element":
            self.element(chosen.inner, value, keys)
        elif chosen.kind == "list":
            for index, item in enumerate(value):
                self.value(chosen.inner, item, (*keys, index))
        elif chosen.kind == "map":
            for name, item in value.items():
                self.value(chosen.inner, item, (*keys, name))
        elif chosen.kind == "named":
            self._named(chosen.inner, value, keys)

    def element(self, name: str, value: dict[Any, Any], keys: tuple[Key, ...]) -> None:
        element = _element(self.dialect, name)
        for key, inner in value.items():
            description = element.keys.get(key) or element.others
            if not description:
                hint = did_you_mean(key, element.keys)
                message = f"{_title(name)} has no keyname `{show(key)}`"
                self.out.add("TOSCA1002", message, self.spot.key_place(*keys, key), hint)
                continue
            since = element.since.get(key)
            if since is not None and since > self.version:
                message = f"keyname `{key}` came with TOSCA {since}, and this is {self.version}"
                self.out.add("TOSCA2010", message, self.spot.key_place(*keys, key))
            if inner is None and name in self.dialect.whole and _shapes(description)[0].kind != "leaf":
                message = f"`{show(key)}` is empty, and must be a mapping or a list"
                self.out.add("TOSCA1003", message, self.spot.key_place(*keys, key), "Fill it, or remove it.")
            self.value(description, inner, (*keys, key))
        for key in element.required:
            if value.get(key) is None and (*keys, key) != ("tosca_definitions_version",):
                message = f"{_title(name)} `{show(keys[-1])}` lacks `{key}`" if keys else f"`{key}` is missing"
                self.out.add("TOSCA1004", message, self.spot.key_place(*keys))

    def _closest(self, shapes: tuple[_Shape, ...], value: Any) -> _Shape:
        """Of several shapes of a mapping, the first element that has its required keynames, or some of its keynames."""
        elements = [shape for shape in shapes if shape.kind == "element"]
        for shape in elements:
            required = _element(self.dialect, shape.inner).required
            if required and all(key in value for key in required):
                return shape
        without = [shape for shape in shapes if shape.kind != "element"]
        known = [shape for shape in elements if any(key in _element(self.dialect, shape.inner).keys for key in value)]
        return (known or without or elements)[0]

    def _named(self, inner: str, value: list[Any], keys: tuple[Key, ...]) -> None:
        for index, item in enumerate(value):
            if not isinstance(item, dict) or len(item) != 1:
                message = f"each item here is one name with what it holds, not {_given(item)}"
                hint = (
                    "Indent everything after the first line deeper."
                    if isinstance(item, dict)
                    else "Write `- name: ...`."
                )
                self.out.add("TOSCA1003", message, self.spot.place(*keys, index), hint)
                continue
            name, body = next(iter(item.items()))
            self.value(inner, body, (*keys, index, name))

    def _wrong_kind(self, shapes: tuple[_Shape, ...], value: Any, keys: tuple[Key, ...]) -> None:
        if self.dialect.sigil and function_of(value, self.dialect):
            return  # a function may stand for any value
        words = dict.fromkeys(_WORDS[shape.inner if shape.kind == "leaf" else shape.kind] for shape in shapes)
        message = f"`{show(keys[-1])}` must be {' or '.join(words)}, not {_given(value)}"
        self.out.add("TOSCA1003", message, self.spot.place(*keys))


def _title(element: str) -> str:
    name = element.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _given(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else f"`{show(value)}`"
