"""Namespace prefixes in one document: every type goes by the name that it is defined under (1.3, 3.6.8 and 3.1.3).

A prefix is how one document calls the types of another. Where all of them become one document there is nothing left to
tell apart, so `prefix:name` becomes `name` again. Two different types of one name cannot both be in it.
"""

from __future__ import annotations

from typing import Any

from mattone.tosca.functions import bare, is_call
from mattone.tosca.types import KINDS, Scope

_VALUES = ("properties", "attributes")  # of templates; types hold definitions there


class Names:
    """The names that a document sees types and functions under, and the one that each is defined under."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def get(self, seen: str) -> str:
        """The name of a type without its prefixes; any other text as it is."""
        if ":" not in seen:
            return seen
        for kind in KINDS:
            found = self.scope.find(kind, seen)
            if found is not None and seen.endswith(f":{found.name}"):
                return found.name
        return seen

    def key(self, seen: Any) -> Any:
        """The same for a key, which may call a function of 2.0 under a prefix (2.0, 10.4)."""
        if not isinstance(seen, str) or not is_call(seen) or ":" not in seen:
            return seen
        return f"${seen.rpartition(':')[2]}" if self.scope.function(bare(seen)) is not None else seen


def own_names(scope: Scope) -> Names | None:
    """The names that a document sees; None when it imports nothing under a prefix."""
    return Names(scope) if scope.has_prefixes else None


def without_prefixes(value: Any, names: Names | None, template: bool = False) -> Any:
    """A copy of a definition or topology in which types go by the names of `own_names`.

    template  it is a topology: what its `properties` and `attributes` hold are values, which are left alone
    """
    if names is None:
        return value
    if isinstance(value, str):
        return names.get(value)
    if isinstance(value, list):
        return [without_prefixes(item, names, template) for item in value]
    if not isinstance(value, dict):
        return value
    kept = _VALUES if template else ()
    return {
        names.key(key): _functions(inner, names) if key in kept else without_prefixes(inner, names, template)
        for key, inner in value.items()
    }


def _functions(value: Any, names: Names) -> Any:
    """Values, in which only a function can name a type (1.3, 4.7.1) or another function (2.0, 10.4)."""
    if isinstance(value, dict):
        return {
            names.key(key): names.get(inner)
            if key == "get_nodes_of_type" and isinstance(inner, str)
            else _functions(inner, names)
            for key, inner in value.items()
        }
    return [_functions(item, names) for item in value] if isinstance(value, list) else value
