"""YAML bytes to plain values, with the place of every key and value and every trap found on the way.

Any file of the platform goes through `load`: templates, type libraries, deployments, service
metadata. Values are what YAML 1.1 says, as every TOSCA tool reads them; what YAML 1.1 reads
otherwise than people mean it is a finding. libyaml composes the tree (a few times faster than the
Python parsers that keep places, and it is the dialect that orchestrators use).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mattone.errors import Place
from mattone.findings import Finding, finding
from mattone.tosca.limits import MAX_BYTES

if TYPE_CHECKING:
    from mattone.tosca.nodes import Node

Value = dict[Any, Any] | list[Any] | str | int | float | bool | None
Key = str | int | float | bool | None | tuple[Any, ...]  # TOSCA 2.0 has lists as keys (15.2)


class Tree:
    """The node tree of one text; composed when the first place is asked for."""

    __slots__ = ("_known", "_text", "root")

    def __init__(self, text: str, root: Node | None) -> None:
        self._text = text
        self.root = root
        self._known: dict[int, dict[Key, tuple[Node, Node]]] = {}

    def find(self, keys: tuple[Key, ...]) -> tuple[Node | None, Node | None, bool]:
        """Key node, value node and whether the whole path exists; else those of the nearest ancestor."""
        from mattone.tosca import nodes

        if self.root is None and self._text:
            self.root = nodes.compose(self._text)
        key_node: Node | None = None
        node = self.root
        for key in keys:
            pair = self._step(node, key)
            if pair is None:
                return key_node, node, False
            key_node, node = pair
        return key_node, node, True

    def _step(self, node: Node | None, key: Key) -> tuple[Node, Node] | None:
        from mattone.tosca import nodes

        if node is None:
            return None
        pairs = self._known.get(id(node))
        if pairs is None:
            pairs = self._known[id(node)] = nodes.children(node)
        return pairs.get(key)


class Document(NamedTuple):
    """One YAML file: its plain value, its findings, and where everything stands.

    value     dict, list, str, int, float, bool or None; None too when the file could not be read
    findings  syntax errors (then `broken`), duplicate keys, YAML 1.1 traps, limits
    """

    path: str
    value: Any
    findings: tuple[Finding, ...]
    broken: bool = False
    text: str = ""
    tree: Tree = Tree("", None)

    def __repr__(self) -> str:
        return f"<document {self.path}>"

    def place(self, *keys: Key) -> Place:
        """Where the value at this key path begins.

        List items are named by their index. A path that does not exist gives the key (or the
        list item) of its nearest ancestor that does, so that a missing thing is shown where it
        should have been.
        """
        key_node, node, whole = self.tree.find(keys)
        return self._at(node if whole else (key_node or node))

    def key_place(self, *keys: Key) -> Place:
        """Where the key itself stands; for a list item, the item. Falls back as `place` does."""
        key_node, node, _ = self.tree.find(keys)
        return self._at(key_node or node)

    def has(self, *keys: Key) -> bool:
        """Whether something stands at this key path."""
        return self.tree.find(keys)[2]

    def span(self, *keys: Key) -> tuple[int, int]:
        """Begin and end of the value in `text`, as character offsets; (0, 0) where there is none."""
        _, node, whole = self.tree.find(keys)
        return (node.start_mark.index, node.end_mark.index) if whole and node is not None else (0, 0)

    def _at(self, node: Node | None) -> Place:
        if node is None:
            return Place(self.path, 1, 1)
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)


def load(path: str, data: bytes) -> Document:
    """Read YAML bytes; never raises for what the bytes hold.

    path  how the user names the file; it becomes the path of every place
    data  UTF-8, with or without BOM, LF or CRLF; at most `limits.MAX_BYTES`
    """
    if len(data) > MAX_BYTES:
        text = f"the file has {len(data):,} bytes; the limit is {MAX_BYTES:,}"
        return _broken(
            path, finding("YAML1004", text, Place(path, 1, 1), "Split it into files that import each other.")
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(path, _undecodable(path, data, error))
    return _load_text(path, text)


def _load_text(path: str, text: str) -> Document:
    from mattone.tosca import nodes

    root, problem = nodes.compose_or_problem(path, text)
    if problem is not None:
        return _broken(path, problem, text)
    value, findings, broken = nodes.construct(path, root, text)
    return Document(path, None if broken else value, tuple(findings), broken, text, Tree(text, root))


def _broken(path: str, problem: Finding, text: str = "") -> Document:
    return Document(path, None, (problem,), True, text)


def _undecodable(path: str, data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    message = f"byte 0x{data[error.start]:02x} is not UTF-8"
    return finding("YAML1002", message, Place(path, line, column), "Save the file as UTF-8.")
