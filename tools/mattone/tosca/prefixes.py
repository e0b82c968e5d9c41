"""Namespace prefixes in one document: every type goes by the name that it is defined under (1.3, 3.6.8 and 3.1.3).

A prefix is how one document calls the types of another. Where all of them become one document there is nothing left to
tell apart, so `prefix:name` becomes `name` again. Two different types of one name cannot both be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.tosca.types import KINDS, Scope

_VALUES = ("properties", "attributes")  # of templates; types hold definitions there


def own_names(scope: Scope) -> dict[str, str]:
    """The prefixed names that a document sees types under, with the name that each is defined under."""
    return {
        seen: definition.name
        for kind in KINDS
        for seen, definition in scope.own(kind).items()
        if seen != definition.name and str(seen).endswith(f":{definition.name}")
    }


def without_prefixes(value: Any, names: Mapping[str, str], template: bool = False) -> Any:
    """A copy of a definition or topology in which types go by the names of `own_names`.

    template  it is a topology: what its `properties` and `attributes` hold are values, which are left alone
    """
    if not names:
        return value
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [without_prefixes(item, names, template) for item in value]
    if not isinstance(value, dict):
        return value
    kept = _VALUES if template else ()
    return {
        key: _functions(inner, names) if key in kept else without_prefixes(inner, names, template)
        for key, inner in value.items()
    }


def _functions(value: Any, names: Mapping[str, str]) -> Any:
    """Values, in which only a function can name a type (1.3, 4.7.1)."""
    if isinstance(value, dict):
        return {
            key: names.get(inner, inner)
            if key == "get_nodes_of_type" and isinstance(inner, str)
            else _functions(inner, names)
            for key, inner in value.items()
        }
    return [_functions(item, names) for item in value] if isinstance(value, list) else value
