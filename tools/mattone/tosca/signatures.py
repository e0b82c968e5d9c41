"""The built-in functions of TOSCA 2.0 as data: what each takes and gives (2.0, 10.2).

An argument is named by what it may be; `KINDS` says which primitive types that means. Functions whose first
arguments are a TOSCA path (10.2.1) are not here: what they give depends on the graph.
"""

from __future__ import annotations

from typing import NamedTuple


class Signature(NamedTuple):
    """What a function takes and gives.

    arguments  what each must be, in order; `optional`: what may follow
    rest       what any number of further arguments must be; empty when there may be none
    result     the primitive type of its result; empty where the arguments decide
    """

    arguments: tuple[str, ...]
    rest: str = ""
    result: str = ""
    optional: tuple[str, ...] = ()


KINDS: dict[str, frozenset[str]] = {
    "boolean": frozenset({"boolean"}),
    "ordered": frozenset({"integer", "float", "string", "timestamp", "scalar", "version"}),
    "string": frozenset({"string"}),
    "sequence": frozenset({"string", "list"}),
    "collection": frozenset({"list", "map"}),
    "sized": frozenset({"string", "list", "map", "bytes"}),
    "list": frozenset({"list"}),
    "map": frozenset({"map"}),
    "number": frozenset({"integer", "float", "scalar"}),
    "factor": frozenset({"integer", "float"}),
    "whole": frozenset({"integer", "scalar"}),
    "integer": frozenset({"integer"}),
    "float": frozenset({"float", "integer"}),
}
_PAIR = Signature(("ordered", "ordered"), result="boolean")

BUILT_IN: dict[str, Signature] = {
    # 10.2.2.1
    "and": Signature(("boolean", "boolean"), "boolean", "boolean"),
    "or": Signature(("boolean", "boolean"), "boolean", "boolean"),
    "not": Signature(("boolean",), result="boolean"),
    "xor": Signature(("boolean", "boolean"), result="boolean"),
    # 10.2.2.2
    "equal": Signature(("any", "any"), result="boolean"),
    "greater_than": _PAIR,
    "greater_or_equal": _PAIR,
    "less_than": _PAIR,
    "less_or_equal": _PAIR,
    "valid_values": Signature(("any", "list"), result="boolean"),
    "matches": Signature(("string", "string"), result="boolean"),
    # 10.2.2.3
    "has_suffix": Signature(("sequence", "sequence"), result="boolean"),
    "has_prefix": Signature(("sequence", "sequence"), result="boolean"),
    "contains": Signature(("sequence", "sequence"), result="boolean"),
    "has_entry": Signature(("collection", "any"), result="boolean"),
    "has_key": Signature(("map", "any"), result="boolean"),
    "has_all_entries": Signature(("collection", "list"), result="boolean"),
    "has_all_keys": Signature(("map", "list"), result="boolean"),
    "has_any_entry": Signature(("collection", "list"), result="boolean"),
    "has_any_key": Signature(("map", "list"), result="boolean"),
    # 10.2.3
    "length": Signature(("sized",), result="integer"),
    "concat": Signature(("sequence",), "sequence"),
    "join": Signature(("list",), result="string", optional=("string",)),
    "token": Signature(("string", "string", "integer"), result="string"),
    # 10.2.4
    "union": Signature(("list",), "list", "list"),
    "intersection": Signature(("list",), "list", "list"),
    # 10.2.5
    "sum": Signature(("number",), "number"),
    "difference": Signature(("number", "number")),
    "product": Signature(("number", "factor"), "factor"),
    "quotient": Signature(("number", "factor")),
    "remainder": Signature(("whole", "integer")),
    "round": Signature(("float",), result="integer"),
    "floor": Signature(("float",), result="integer"),
    "ceil": Signature(("float",), result="integer"),
    # 10.2.1.6 and 10.2.1.7
    "node_index": Signature((), result="integer"),
    "relationship_index": Signature((), result="integer"),
}
PATHS = frozenset({"get_property", "get_attribute", "get_artifact", "available_allocation"})
