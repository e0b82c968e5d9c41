"""Seeded destruction of YAML files: any value or key replaced by something that does not belong there."""

from __future__ import annotations

import copy
import random
from typing import Any

import yaml

JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    3.5,
    "",
    "text",
    "SELF",
    "tosca.nodes.Root",
    [],
    {},
    [None],
    [[]],
    [{}],
    ["a", "b"],
    {"a": 1},
    {"a": {"b": []}},
    {1: 2},
    {"get_input": None},
    {"get_input": ["a", {}]},
    {"get_property": ["SELF"]},
    {"get_property": [{}, []]},
    {"get_attribute": ["SELF", "host", "x", 0]},
    {"concat": "x"},
    {"token": [1, 2, 3]},
    {"join": [[{}], {}]},
    {"get_nodes_of_type": []},
    {"$get_input": 1},
    {"type": []},
    {"type": "list", "entry_schema": []},
    "10 GB",
    "1.2.3",
    [1, "UNBOUNDED"],
)


def _paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [above] if above else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += _paths(inner, (*above, key))
    return found


def mutant(value: Any, seed: int) -> Any:
    """A copy with one to three places destroyed: replaced, removed, renamed, doubled or moved."""
    chance = random.Random(seed)  # noqa: S311 # a seed that anybody can repeat is the point
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 3))):
        paths = _paths(value)
        if not paths:
            return value
        *above, last = chance.choice(paths)
        parent = value
        for key in above:
            parent = parent[key]
        _destroy(parent, last, chance, value, paths)
    return value


def _destroy(parent: Any, last: Any, chance: random.Random, root: Any, paths: list[tuple[Any, ...]]) -> None:
    way = chance.choice(("junk", "junk", "junk", "remove", "rename", "other"))
    if way == "junk":
        parent[last] = copy.deepcopy(chance.choice(JUNK))
    elif way == "remove":
        del parent[last]
    elif way == "rename" and isinstance(parent, dict):
        parent[chance.choice((str(last) + "x", 12, None, True, "type", "properties"))] = parent.pop(last)
    else:
        other = root
        for key in chance.choice(paths):
            other = other[key]
        parent[last] = copy.deepcopy(other)


def dump(value: Any) -> str:
    """The mutant as YAML text."""
    return yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
