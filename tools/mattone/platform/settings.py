"""`mattone.toml`: the few settings of a platform repository."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError, Place
from mattone.platform.fields import did_you_mean, is_label
from mattone.platform.tree import Tree

FILE = "mattone.toml"

_KEYS = {"environment", "engine", "forge", "merge"}  # `merge` is the forge's own table
_ENGINES = ("infrastructure-manager",)
_FORGES = ("local",)


@dataclass(frozen=True, slots=True)
class Settings:
    """environment: the name under which records are kept; engine and forge: which adapter."""

    environment: str = "production"
    engine: str = "infrastructure-manager"
    forge: str = "local"


def load_settings(tree: Tree) -> Settings:
    """The settings of a tree, defaults where it has none. Raises InputError with the place."""
    data = tree.read(FILE)
    if data is None:
        return Settings()
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", place=Place(FILE), hint="see https://toml.io") from error
    for key in table:
        if key not in _KEYS:
            raise InputError(f"unknown setting {key!r}", place=Place(FILE), hint=did_you_mean(key, _KEYS))
    environment = table.get("environment", Settings().environment)
    if not isinstance(environment, str) or not is_label(environment):
        raise InputError("`environment` must be a DNS label", place=Place(FILE), hint='for example "production"')
    return Settings(environment, _kind(table, "engine", _ENGINES), _kind(table, "forge", _FORGES))


def _kind(table: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    section = table.get(name, {})
    kind = section.get("kind", known[0]) if isinstance(section, dict) else section
    if kind not in known:
        raise InputError(f"{name}.kind cannot be {kind!r}", place=Place(FILE), hint=f"known: {', '.join(known)}")
    return str(kind)
