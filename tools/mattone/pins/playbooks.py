"""Which roles a playbook or a role's metadata names, and the same text with other names in their place.

A role is installed under a name that holds its digest, so that many versions live side by side
and a playbook runs with exactly the one that the lock names. Only the names change: positions come
from the YAML parser, everything between them stays byte for byte, comments and tags included.

Sources: Ansible's playbook guide, "Roles" (`roles:`, `include_role`, `import_role`, and
`dependencies` in `meta/main.yml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattone.errors import InputError, Place

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node, ScalarNode

_INCLUDES = re.compile(r"(ansible\.builtin\.|ansible\.legacy\.)?(include|import)_role")
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

    Raises InputError when the text is no YAML, or a role's name is a template that only the run
    would know: such a role could not be locked.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise InputError(f"not YAML: {error.problem}", place=place) from error
    found = [_named(path, node) for node in _nodes(root)] if root is not None else []
    return tuple(sorted(found, key=lambda role: role.start))


def rewrite(path: str, text: str, names: Mapping[str, str]) -> str:
    """The text with each role's name replaced.

    Raises InputError for a role that `names` does not have: the lock does not name it.
    """
    for role in reversed(role_names(path, text)):
        new = names.get(role.name)
        if new is None:
            raise InputError(
                f"the role {role.name!r} is not in the lock",
                place=role.place,
                hint="name it under `roles:` of the service or role that uses it, and run `mattone lock`",
            )
        text = f"{text[: role.start]}{new}{text[role.end :]}"
    return text


def _named(path: str, node: ScalarNode) -> RoleName:
    place = Place(path, node.start_mark.line + 1, node.start_mark.column + 1)
    if "{{" in node.value or "{%" in node.value:
        raise InputError("a role's name must be written out: one that only the run knows cannot be locked", place=place)
    return RoleName(node.value, node.start_mark.index, node.end_mark.index, place)


def _nodes(root: Node) -> Iterator[ScalarNode]:
    from yaml.nodes import MappingNode, SequenceNode

    if isinstance(root, MappingNode):  # meta/main.yml, or an argument file
        for key, value in root.value:
            if key.value == "dependencies" and isinstance(value, SequenceNode):
                yield from _list(value)
    elif isinstance(root, SequenceNode):
        for item in root.value:
            if isinstance(item, MappingNode):
                yield from _play_or_task(item)


def _play_or_task(item: MappingNode) -> Iterator[ScalarNode]:
    from yaml.nodes import MappingNode, SequenceNode

    for key, value in item.value:
        if key.value == "roles" and isinstance(value, SequenceNode):
            yield from _list(value)
        elif key.value in _BLOCKS and isinstance(value, SequenceNode):
            for task in value.value:
                if isinstance(task, MappingNode):
                    yield from _play_or_task(task)
        elif _INCLUDES.fullmatch(str(key.value)) and isinstance(value, MappingNode):
            yield from _values(value, "name")


def _list(sequence: Node) -> Iterator[ScalarNode]:
    from yaml.nodes import MappingNode, ScalarNode

    for item in sequence.value:
        if isinstance(item, ScalarNode):
            yield item
        elif isinstance(item, MappingNode):
            yield from _values(item, "role", "name")


def _values(mapping: MappingNode, *keys: str) -> Iterator[ScalarNode]:
    """The scalar at the first of the keys that the mapping has."""
    from yaml.nodes import ScalarNode

    for wanted in keys:
        for key, value in mapping.value:
            if key.value == wanted and isinstance(value, ScalarNode):
                yield value
                return
