"""Which roles a playbook or a role's metadata names, and the same text with other names in their place.

A role is installed under a name that holds its digest, so that many versions live side by side
and a playbook runs with exactly the one that the lock names. Only the names change: positions come
from the YAML parser, everything between them stays byte for byte, comments and tags included.

Sources: Ansible's playbook guide, "Roles" (`roles:`, `include_role`, `import_role`, and
`dependencies` in `meta/main.yml`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattone.errors import InputError, Place

if TYPE_CHECKING:
    from yaml.nodes import Node, ScalarNode

_INCLUDES = re.compile(r"(ansible\.builtin\.|ansible\.legacy\.)?(include|import)_role")
_ANCHOR_OR_TAG = re.compile(r"(?:[&!]\S*\s+)+")
_BOM = "\ufeff"
_BLOCKS = frozenset({"tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"})


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role's name where it stands: offsets into the text, and its place."""

    name: str
    start: int
    end: int
    place: Place


def role_names(path: str, text: str) -> tuple[RoleName, ...]:
    """Every role that a playbook, a task file or a role's `meta/main.yml` names, in order.

    Raises InputError when the text is no YAML, or names a role in a way in which it cannot be
    locked: as a template that only the run would know, in one string with other arguments, or by
    an address.
    """
    import yaml

    try:
        root = yaml.compose(text.removeprefix(_BOM), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise InputError(f"not YAML: {error.problem}", place=place) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError("not YAML that can be read", place=Place(path)) from error
    reader = _Reader(path, text)
    # An alias leads to the node of its anchor: each stands in the text once.
    found = {role.start: role for role in map(reader.named, reader.nodes(root))} if root is not None else {}
    return tuple(found[start] for start in sorted(found))


def rewrite(path: str, text: str, names: Callable[[str], str | None]) -> str:
    """The text with each role's name replaced.

    Raises InputError for a role for which `names` has None: the lock does not name it.
    """
    for role in reversed(role_names(path, text)):
        new = names(role.name)
        if new is None:
            raise InputError(
                f"the role {role.name!r} is not in the lock",
                place=role.place,
                hint="name it under `roles:` of the service or role that uses it, and run `mattone lock`",
            )
        text = f"{text[: role.start]}{new}{text[role.end :]}"
    return text


@dataclass(frozen=True, slots=True)
class _Reader:
    """Finds the nodes that name roles in one file."""

    path: str
    text: str

    def named(self, node: ScalarNode) -> RoleName:
        if "{{" in node.value or "{%" in node.value:
            raise self._error("a role's name must be written out: one that only the run knows cannot be locked", node)
        skipped = len(_BOM) if self.text.startswith(_BOM) else 0
        start, end = node.start_mark.index + skipped, node.end_mark.index + skipped
        written = self.text[start:end]
        marks = _ANCHOR_OR_TAG.match(written)
        # A block scalar ends where the next line begins; what is after the name stays.
        return RoleName(
            node.value.strip(), start + (marks.end() if marks else 0), start + len(written.rstrip()), self._place(node)
        )

    def nodes(self, root: Node) -> Iterator[ScalarNode]:
        from yaml.nodes import MappingNode, SequenceNode

        if isinstance(root, MappingNode):  # meta/main.yml, or an argument file
            for key, value in _pairs(root):
                if key == "dependencies" and isinstance(value, SequenceNode):
                    yield from self._list(value)
        elif isinstance(root, SequenceNode):
            yield from self._plays_or_tasks(root)

    def _plays_or_tasks(self, sequence: Node) -> Iterator[ScalarNode]:
        from yaml.nodes import MappingNode, SequenceNode

        for item in sequence.value:
            for key, value in _pairs(item) if isinstance(item, MappingNode) else ():
                if key == "roles" and isinstance(value, SequenceNode):
                    yield from self._list(value)
                elif key in _BLOCKS and isinstance(value, SequenceNode):
                    yield from self._plays_or_tasks(value)
                elif _INCLUDES.fullmatch(key):
                    yield self._included(value)

    def _included(self, value: Node) -> ScalarNode:
        found = _scalar(value, "name", "role")
        if found is None:
            raise self._error("write the included role as `name: ROLE` below it: else it cannot be locked", value)
        return found

    def _list(self, sequence: Node) -> Iterator[ScalarNode]:
        from yaml.nodes import ScalarNode

        for item in sequence.value:
            # A dependency with an address is used under its `name`, else under that which follows from the address.
            found = item if isinstance(item, ScalarNode) else _scalar(item, "role", "name", "src")
            if found is None:
                raise self._error("write the role as `role: NAME`", item)
            yield found

    def _place(self, node: Node) -> Place:
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _error(self, message: str, node: Node) -> InputError:
        return InputError(message, place=self._place(node))


def _pairs(mapping: Node) -> Iterator[tuple[str, Node]]:
    """Key and value of a mapping, those of `<<` merged in included; keys that are no scalars left out."""
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    for key, value in mapping.value:
        if not isinstance(key, ScalarNode):
            continue
        if key.value != "<<":
            yield key.value, value
            continue
        for one in value.value if isinstance(value, SequenceNode) else [value]:
            if isinstance(one, MappingNode):
                yield from _pairs(one)


def _scalar(mapping: Node, *keys: str) -> ScalarNode | None:
    """The scalar at the first of the keys that the mapping has."""
    from yaml.nodes import MappingNode, ScalarNode

    if not isinstance(mapping, MappingNode):
        return None
    found = {key: value for key, value in _pairs(mapping) if isinstance(value, ScalarNode)}
    return next((found[key] for key in keys if key in found), None)
