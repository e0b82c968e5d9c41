"""From YAML text to a node tree with marks, and from the tree to plain values and findings."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mattone.errors import Place
from mattone.findings import Finding, finding
from mattone.redact import one_line
from mattone.tosca import scalars
from mattone.tosca.garbage import without_collector
from mattone.tosca.limits import MAX_DEPTH, MAX_VALUES

__all__ = ["Node", "children", "compose", "compose_or_problem", "construct"]

_PREFIX = "tag:yaml.org,2002:"
_STR = _PREFIX + "str"
_MERGE = _PREFIX + "merge"
_RESOLVERS = yaml.resolver.Resolver.yaml_implicit_resolvers
_DEFAULT: dict[type[Node], str] = {SequenceNode: _PREFIX + "seq", MappingNode: _PREFIX + "map"}


class _TooDeep(Exception):
    pass


class _Composer(CParser):
    """libyaml's composer; the hooks it calls for each node bound the depth and guess plain scalars."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def descend_resolver(self, _parent: Node | None, _index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: type[Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is not ScalarNode:
            return _DEFAULT[kind]
        if implicit[0]:
            for tag, pattern in _RESOLVERS.get(value[:1], ()):
                if pattern.match(value):
                    return str(tag)
        return _STR


def compose(text: str) -> Node | None:
    """The node tree of text that was composed before without a problem."""
    with without_collector():
        return _Composer(text).get_single_node()


def compose_or_problem(path: str, text: str) -> tuple[Node | None, Finding | None]:
    """The node tree (None for an empty file), or what keeps the text from being YAML."""
    try:
        return compose(text), None
    except _TooDeep:
        line = _deep_line(text)
        return None, finding("YAML1005", f"values are nested deeper than {MAX_DEPTH} levels", Place(path, line, 1))
    except yaml.reader.ReaderError:
        return None, _unprintable(path, text)
    except yaml.MarkedYAMLError as error:
        return None, _syntax(path, error)


def _deep_line(text: str) -> int:
    """The line with the deepest flow nesting or indentation: near enough for a defect that is all over."""
    depth = deepest = 0
    line = 1
    for number, content in enumerate(text.split("\n"), 1):
        depth += content.count("[") + content.count("{") - content.count("]") - content.count("}")
        level = depth + len(content) - len(content.lstrip(" -"))
        if level > deepest:
            deepest, line = level, number
    return line


def _unprintable(path: str, text: str) -> Finding:
    found = re.search("[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]", text)
    position = found.start() if found else 0
    before = text[:position]
    place = Place(path, before.count("\n") + 1, position - before.rfind("\n"))
    code = ord(found.group()) if found else 0
    return finding("YAML1001", f"control character U+{code:04X} is not allowed in YAML", place, "Remove it.")


def _syntax(path: str, error: yaml.MarkedYAMLError) -> Finding:
    mark = error.problem_mark or error.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path, 1, 1)
    problem = one_line(str(error.problem or error.context or "not YAML"))
    if "but found another document" in problem or "single document" in str(error.context):
        return finding(
            "YAML1007", "the file holds more than one document", place, "Remove everything from this `---` on."
        )
    if "undefined alias" in problem:
        return finding("YAML1001", problem.replace("found ", ""), place, "Define the anchor before its first alias.")
    return finding("YAML1001", problem, place, _syntax_hint(error, problem))


def _syntax_hint(error: yaml.MarkedYAMLError, problem: str) -> str:
    if "'\\t'" in problem:
        return "Indent with spaces; YAML does not allow tabs there."
    if "mapping values are not allowed" in problem:
        return "Quote a value that contains `: `, or check the indentation."
    if "could not find expected ':'" in problem:
        return "A key needs `: ` after it; a text of several lines needs `|` or quotes."
    if error.context_mark and error.context:
        return f"{one_line(str(error.context))}, which began at line {error.context_mark.line + 1}."
    return ""


def children(node: Node) -> dict[Any, tuple[Node, Node]]:
    """Key to (key node, value node) of a mapping, merge keys followed; index to (item, item) of a list."""
    if isinstance(node, SequenceNode):
        return {index: (item, item) for index, item in enumerate(node.value)}
    if not isinstance(node, MappingNode):
        return {}
    found: dict[Any, tuple[Node, Node]] = {}
    merged: list[Node] = []
    for key, value in node.value:
        if key.tag == _MERGE:
            merged.extend(value.value if isinstance(value, SequenceNode) else [value])
        elif isinstance(key, ScalarNode):
            found[scalars.plain(key.tag, key.value)] = (key, value)
    for other in merged:
        for name, pair in children(other).items():
            found.setdefault(name, pair)
    return found


class _Refused(Exception):
    """The tree holds something that has no plain value; the finding says what."""

    def __init__(self, problem: Finding) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Constructor:
    """Turns one node tree into plain values; aliases share the value of their anchor."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.done: dict[int, tuple[Any, int]] = {}  # of collections, by node: value and number of values in it
        self.open: set[int] = set()
        self.broken = False

    def value(self, node: Node, key: object) -> tuple[Any, int]:
        if node.__class__ is ScalarNode:
            if node.tag == _STR:
                return node.value, 1
            return self._scalar(node, key), 1
        known = self.done.get(id(node))
        if known is None:
            known = self._collection(node, key)
            self.done[id(node)] = known
        return known

    def _collection(self, node: Node, key: object) -> tuple[Any, int]:
        if id(node) in self.open:
            raise _Refused(finding("YAML1006", "an alias refers to a value that contains it", self.at(node)))
        self.open.add(id(node))
        if node.tag not in (_DEFAULT[MappingNode], _DEFAULT[SequenceNode]):
            self._bad_tag(node)
        made = self._mapping(node) if node.__class__ is MappingNode else self._sequence(node, key)
        self.open.discard(id(node))
        if made[1] > MAX_VALUES:
            message = f"aliases expand this to more than {MAX_VALUES:,} values"
            raise _Refused(finding("YAML1006", message, self.at(node)))
        return made

    def _sequence(self, node: Node, key: object) -> tuple[list[Any], int]:
        size = 1
        items = []
        for child in node.value:
            item, count = self.value(child, key)
            items.append(item)
            size += count
        return items, size

    def _mapping(self, node: Node) -> tuple[dict[Any, Any], int]:
        size = 1
        made: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged.append(value_node)
                continue
            if key_node.tag == _STR and key_node.__class__ is ScalarNode:
                key = key_node.value
            elif key_node.__class__ is ScalarNode:
                key = self._key(key_node)
            else:
                self._error(
                    "YAML1008", "a list or mapping cannot be a key", key_node, "Quote it if `{` or `[` is text."
                )
                continue
            if key in made:
                self._duplicate(key_node, lines[key])
            lines[key] = key_node.start_mark.line + 1
            made[key], count = self.value(value_node, key)
            size += count
        return (self._merge(made, size, merged)) if merged else (made, size)

    def _merge(self, made: dict[Any, Any], size: int, merged: list[Node]) -> tuple[dict[Any, Any], int]:
        sources: list[Node] = []
        for node in merged:
            sources.extend(node.value if isinstance(node, SequenceNode) else [node])
        for node in sources:
            other, count = self.value(node, None)
            if not isinstance(other, dict):
                self._error("YAML1010", "`<<` merges mappings, and this is none", node, "Write `<<: *anchor`.")
                continue
            size += count
            made = {**made, **{key: value for key, value in other.items() if key not in made}}
        return made, size

    def _duplicate(self, node: Node, line: int) -> None:
        message = f"key `{one_line(str(node.value), 80)}` is given twice; the first is at line {line}"
        self.findings.append(
            finding("YAML1003", message, self.at(node), "Keep one: readers silently use only the last.")
        )

    def _key(self, node: ScalarNode) -> Any:
        value = self._scalar(node, None, warn=False)
        if isinstance(value, bool) or value is None:
            word = {True: "true", False: "false", None: "null"}[value]
            message = f"the key `{node.value}` is read as {word}, not as text"
            self.findings.append(finding("YAML2001", message, self.at(node), f'Write `"{node.value}"`.'))
        return value

    def _scalar(self, node: ScalarNode, key: object, warn: bool = True) -> Any:
        try:
            value = scalars.plain(node.tag, node.value)
        except scalars.NotPlain as error:
            self._bad_tag(node, str(error))
            return node.value
        trap = scalars.trap(node.tag, node.value, value, key) if warn and not node.style else None
        if trap is not None:
            self.findings.append(finding(trap.rule, trap.message, self.at(node), trap.hint))
        return value

    def _bad_tag(self, node: Node, problem: str = "") -> None:
        tag = one_line(node.tag.replace(_PREFIX, "!!"), 80)
        self._error("YAML1009", problem or f"tag `{tag}` is not supported", node, "Only plain values are allowed.")

    def _error(self, rule: str, message: str, node: Node, hint: str) -> None:
        self.broken = True
        self.findings.append(finding(rule, message, self.at(node), hint))

    def at(self, node: Node) -> Place:
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)


def construct(path: str, root: Node | None) -> tuple[Any, list[Finding], bool]:
    """Plain value, findings, and whether the value cannot be used, of a node tree."""
    if root is None:
        return None, [], False
    maker = _Constructor(path)
    with without_collector():
        try:
            value, _ = maker.value(root, None)
        except _Refused as refused:
            return None, [*maker.findings, refused.problem], True
    return value, maker.findings, maker.broken
