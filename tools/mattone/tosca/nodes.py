"""From YAML text to a node tree with marks, and from the tree to plain values and findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_COLLECTIONS = frozenset(_DEFAULT.values())


class _TooDeep(Exception):
    pass


class _Tags(dict[str, str]):
    """The tag of each plain scalar met so far: a template says the same few words over and over."""

    def __missing__(self, value: str) -> str:
        fitting = (tag for tag, pattern in _RESOLVERS.get(value[:1], ()) if pattern.match(value))
        tag = self[value] = str(next(fitting, _STR))
        return tag


class _Composer(CParser):
    """libyaml's composer; the hooks it calls for each node bound the depth and guess plain scalars.

    They are closures, not methods: called three times a node, that is a seventh of all the time.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        tags = _Tags()
        depth = 0

        def descend(_parent: Node | None, _index: object) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooDeep

        def ascend() -> None:
            nonlocal depth
            depth -= 1

        def resolve(kind: type[Node], value: str, implicit: tuple[bool, bool]) -> str:
            if kind is ScalarNode:
                return tags[value] if implicit[0] else _STR
            return _DEFAULT[kind]

        self.descend_resolver, self.ascend_resolver, self.resolve = descend, ascend, resolve


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
        elif _is_list_key(key):
            found[tuple(_plain(item) for item in key.value)] = (key, value)
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
    """Turns one node tree without aliases into plain values."""

    def __init__(self, path: str, list_keys: bool = False) -> None:
        self.path = path
        self.list_keys = list_keys
        self.findings: list[Finding] = []
        self.broken = False

    def value(self, node: Node, key: object) -> Any:
        if node.__class__ is ScalarNode:
            return node.value if node.tag == _STR else self._scalar(node, key)
        return self.collection(node, key)

    def collection(self, node: Node, key: object) -> Any:
        if node.tag not in _COLLECTIONS:
            self._bad_tag(node)
        if node.__class__ is MappingNode:
            return self._mapping(node)
        return [self.value(child, key) for child in node.value]

    def _mapping(self, node: MappingNode) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _STR and key_node.__class__ is ScalarNode:
                key = key_node.value
            elif key_node.tag == _MERGE:
                merged.append(value_node)
                continue
            elif key_node.__class__ is ScalarNode:
                key = self._key(key_node)
            elif self.list_keys and _is_list_key(key_node):
                key = tuple(self._scalar(item, None, warn=False) for item in key_node.value)
            else:
                self._error(
                    "YAML1008", "a list or mapping cannot be a key", key_node, "Quote it if `{` or `[` is text."
                )
                continue
            made[key] = self.value(value_node, key)
        if len(made) + len(merged) < len(node.value):
            self._duplicates(node)
        return self._merge(made, merged) if merged else made

    def _merge(self, made: dict[Any, Any], merged: list[Node]) -> dict[Any, Any]:
        sources: list[Node] = []
        for node in merged:
            sources.extend(node.value if isinstance(node, SequenceNode) else [node])
        for node in sources:
            other = self.value(node, None)
            if not isinstance(other, dict):
                self._error("YAML1010", "`<<` merges mappings, and this is none", node, "Write `<<: *anchor`.")
                continue
            made = {**made, **{key: value for key, value in other.items() if key not in made}}
        return made

    def _duplicates(self, mapping: MappingNode) -> None:
        """Report every key that was there before, with the line where it stood last."""
        lines: dict[Any, int] = {}
        for node, _ in mapping.value:
            if node.__class__ is not ScalarNode or node.tag == _MERGE:
                continue
            key = _plain(node)
            if key in lines:
                message = f"key `{one_line(str(node.value), 80)}` is given twice; the first is at line {lines[key]}"
                hint = "Keep one: readers silently use only the last."
                self.findings.append(finding("YAML1003", message, self.at(node), hint))
            lines[key] = node.start_mark.line + 1

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


class _AliasConstructor(_Constructor):
    """The same for a tree with aliases, which share the value of their anchor: circles and explosions are refused."""

    def __init__(self, path: str, list_keys: bool = False) -> None:
        super().__init__(path, list_keys)
        self.done: dict[int, Any] = {}  # values of collections, by node
        self.sizes: dict[int, int] = {}  # how many values there are in each
        self.open: set[int] = set()

    def collection(self, node: Node, key: object) -> Any:
        if id(node) in self.done:
            return self.done[id(node)]
        if id(node) in self.open:
            raise _Refused(finding("YAML1006", "an alias refers to a value that contains it", self.at(node)))
        self.open.add(id(node))
        value = self.done[id(node)] = super().collection(node, key)
        self.open.discard(id(node))
        self.sizes[id(node)] = size = 1 + sum(self.sizes.get(id(child), 1) for child in _inner(node))
        if size > MAX_VALUES:
            message = f"aliases expand this to more than {MAX_VALUES:,} values"
            raise _Refused(finding("YAML1006", message, self.at(node)))
        return value


def _inner(node: Node) -> Iterator[Node]:
    """The values in a collection; of lists that it merges, theirs."""
    if isinstance(node, SequenceNode):
        yield from node.value
        return
    for key, value in node.value:
        if key.tag == _MERGE and isinstance(value, SequenceNode):
            yield from value.value
        else:
            yield value


def _plain(node: ScalarNode) -> Any:
    try:
        return scalars.plain(node.tag, node.value)
    except scalars.NotPlain:
        return node.value


def _is_list_key(node: Node) -> bool:
    return isinstance(node, SequenceNode) and all(item.__class__ is ScalarNode for item in node.value)


def _has_list_keys(root: Node) -> bool:
    """Whether a file is one of TOSCA 2.0, where a list may be a key: in the mappings of a substitution (15.2)."""
    pairs = root.value if isinstance(root, MappingNode) else ()
    return any(key.value == "tosca_definitions_version" and value.value == "tosca_2_0" for key, value in pairs)


def construct(path: str, root: Node | None, text: str) -> tuple[Any, list[Finding], bool]:
    """Plain value, findings, and whether the value cannot be used, of the node tree of a text."""
    if root is None:
        return None, [], False
    list_keys = "tosca_2_0" in text and _has_list_keys(root)
    maker = _AliasConstructor(path, list_keys) if "*" in text else _Constructor(path, list_keys)
    with without_collector():
        try:
            value = maker.value(root, None)
        except _Refused as refused:
            return None, [*maker.findings, refused.problem], True
    return value, maker.findings, maker.broken
