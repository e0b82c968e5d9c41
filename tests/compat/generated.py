"""Random type libraries and service templates, small enough that two of them meet in the same names."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Body = dict[str, Any]

_NUMBERS = st.integers(-3, 12)
_WORDS = st.sampled_from(["a", "b", "ab", "abc", ""])
_PATTERNS = st.sampled_from(["a*", "[ab]+", "a|b|ab", "[a-c]{0,3}", "(ab)*", ".*", "^ab?$"])


def clauses(primitive: str) -> st.SearchStrategy[list[Body]]:
    """Lists of well-formed clauses on a primitive type."""
    ordered = st.one_of(
        st.tuples(st.sampled_from(["greater_than", "greater_or_equal", "less_than", "less_or_equal"]), _NUMBERS),
        st.tuples(_NUMBERS, _NUMBERS).map(lambda pair: ("in_range", sorted(pair))),
        _NUMBERS.map(lambda low: ("in_range", [low, "UNBOUNDED"])),
        st.lists(_NUMBERS, min_size=1, max_size=4).map(lambda values: ("valid_values", values)),
        _NUMBERS.map(lambda value: ("equal", value)),
    )
    texts = st.one_of(
        st.tuples(st.sampled_from(["length", "min_length", "max_length"]), st.integers(0, 4)),
        st.lists(_WORDS, min_size=1, max_size=4).map(lambda values: ("valid_values", values)),
        _PATTERNS.map(lambda pattern: ("pattern", pattern)),
        _WORDS.map(lambda value: ("equal", value)),
    )
    one = texts if primitive == "string" else ordered
    return st.lists(one.map(lambda pair: {pair[0]: pair[1]}), max_size=3)


@st.composite
def definitions(draw: st.DrawFn) -> Body:
    """A property or attribute definition."""
    kind = draw(st.sampled_from(["integer", "float", "string", "e.D", "e.E", "list"]))
    made: Body = {"type": kind}
    if kind in ("integer", "string") and (constraints := draw(clauses(kind))):
        made["constraints"] = constraints
    if kind == "list" and draw(st.booleans()):
        made["entry_schema"] = {"type": draw(st.sampled_from(["integer", "string", "e.D"]))}
    if draw(st.booleans()):
        made["required"] = draw(st.booleans())
    if draw(st.booleans()):
        made["default"] = draw(st.sampled_from([1, 1.0, True, "a", None]))
    if draw(st.integers(0, 9)) == 0:
        made["status"] = "deprecated"
    return made


def _members(names: str, one: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    return st.dictionaries(st.sampled_from(list(names)), one, max_size=3)


@st.composite
def _requirement(draw: st.DrawFn) -> Body:
    made: Body = {"capability": draw(st.sampled_from(["tosca.capabilities.Node", "tosca.capabilities.Attachment"]))}
    if draw(st.booleans()):
        made["occurrences"] = [draw(st.integers(0, 1)), draw(st.sampled_from([1, 3, "UNBOUNDED"]))]
    if draw(st.booleans()):
        made["node"] = draw(st.sampled_from(["tosca.nodes.Root", "tosca.nodes.Compute", "e.A"]))
    return made


@st.composite
def _capability(draw: st.DrawFn) -> Body:
    made: Body = {"type": draw(st.sampled_from(["tosca.capabilities.Node", "tosca.capabilities.Attachment"]))}
    if draw(st.booleans()):
        made["valid_source_types"] = draw(st.lists(st.sampled_from(["tosca.nodes.Root", "e.A", "e.B"]), max_size=2))
    if draw(st.booleans()):
        made["properties"] = draw(_members("xy", definitions()))
    return made


@st.composite
def node_types(draw: st.DrawFn, parents: tuple[str, ...]) -> Body:
    """A node type with some of everything."""
    made: Body = {"derived_from": draw(st.sampled_from(parents))}
    sections: dict[str, st.SearchStrategy[Any]] = {
        "properties": _members("xyz", definitions()),
        "attributes": _members("xy", definitions()),
        "capabilities": _members("cd", _capability()),
        "requirements": _members("rs", _requirement()).map(lambda found: [{name: one} for name, one in found.items()]),
        "artifacts": _members("pq", st.sampled_from([{"type": "tosca.artifacts.File", "file": "a"}, "b"])),
        "interfaces": _members(
            "op", st.sampled_from(["a.yaml", {"implementation": "b.yaml"}, {"description": "."}])
        ).map(lambda operations: {"Standard": operations}),
    }
    for name, strategy in sections.items():
        if draw(st.booleans()):
            made[name] = draw(strategy)
    return made


@st.composite
def libraries(draw: st.DrawFn) -> Body:
    """A document with data and node types, and the inputs of a topology; some types are left out at times."""
    data: Body = {
        "e.D": {"derived_from": "tosca.datatypes.Root", "properties": draw(_members("xy", _scalar()))},
        "e.E": {"derived_from": draw(st.sampled_from(["e.D", "tosca.datatypes.Root"]))},
    }
    nodes: Body = {"e.A": draw(node_types(("tosca.nodes.Root",)))}
    if draw(st.booleans()):
        nodes["e.B"] = draw(node_types(("e.A", "tosca.nodes.Root")))
    if draw(st.booleans()):
        nodes["e.C"] = draw(node_types(("e.A", "e.B") if "e.B" in nodes else ("e.A",)))
    made: Body = {"data_types": data, "node_types": nodes}
    if draw(st.booleans()):
        made["topology_template"] = {"inputs": draw(_members("ijk", definitions()))}
    return made


@st.composite
def _scalar(draw: st.DrawFn) -> Body:
    kind = draw(st.sampled_from(["integer", "string"]))
    return {"type": kind, "constraints": draw(clauses(kind)), "required": draw(st.booleans())}


def shuffled(value: Any, chance: Any) -> Any:
    """The same value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(one, chance) for one in value] if isinstance(value, list) else value


def crossed(one: Body, other: Body, chance: Any) -> Body:
    """A copy of one document with one or two parts taken from another: small steps, as people make them."""
    made = copy.deepcopy(one)
    for path in chance.sample(paths := list(_paths(other)), min(len(paths), chance.choice((1, 1, 2)))):
        inner, value = made, other
        for key in path[:-1]:
            if key not in inner:  # a definition that is new comes whole: a part of one would be no definition
                inner[key] = copy.deepcopy(value[key])
            inner, value = inner[key], value[key]
            if not isinstance(inner, dict):
                break
        else:
            inner[path[-1]] = copy.deepcopy(value[path[-1]])
    return made


def _paths(value: Body, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the definitions of a document stand, and what they are made of."""
    for key, inner in value.items():
        if len(above) >= 2:
            yield (*above, key)
        if isinstance(inner, dict) and key not in ("default",):
            yield from _paths(inner, (*above, key))
