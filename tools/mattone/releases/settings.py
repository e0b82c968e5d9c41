"""`release/`: which kinds of components are released, how commits are read, how a changelog looks.

The table `semantic_release` of `semantic-release.toml` is python-semantic-release's own
(https://python-semantic-release.readthedocs.io/en/stable/configuration/configuration.html);
of it, the keys below are used, and others are refused rather than silently without effect.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError, Place
from mattone.platform.components import TYPES, ComponentId, Kind, names
from mattone.platform.fields import Field, Reader, did_you_mean
from mattone.platform.refuse import refuse
from mattone.platform.tree import Tree
from mattone.tosca.source import load

COMPONENTS = "release/components.yaml"
SETTINGS = "release/semantic-release.toml"
TEMPLATE = "release/changelog.md.j2"

_ENTRY = {
    "kind": Field(str, True, "service, types or role"),
    "path": Field(str, True, "the folder; a `*` stands for the component's name"),
    "tag": Field(str, True, "what the tags begin with, as in `catalog/*/v`"),
}
_PARSER_KEYS = ("minor_tags", "patch_tags", "other_allowed_tags")
_COMMIT_TYPE = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """What `release/` states.

    kinds      the kinds of components that are released
    types      commit types: those that claim a minor version, a patch, and no release
    template   the text of the template of one section of a changelog (Jinja, in a sandbox)
    """

    kinds: tuple[Kind, ...]
    minor: tuple[str, ...]
    patch: tuple[str, ...]
    other: tuple[str, ...]
    template: str

    @property
    def types(self) -> tuple[str, ...]:
        """Every commit type that is known."""
        return (*self.minor, *self.patch, *self.other)

    def components(self, tree: Tree) -> tuple[ComponentId, ...]:
        """The components of a tree that are released, by path."""
        found = [ComponentId(kind, name) for kind in self.kinds if kind is not Kind.TYPES for name in names(tree, kind)]
        if Kind.TYPES in self.kinds and tree.read(TYPES.manifest) is not None:
            found.append(TYPES)
        return tuple(sorted(found, key=lambda component: component.path))


CONVENTIONAL = ReleaseSettings(
    kinds=tuple(Kind),
    minor=("feat",),
    patch=("fix", "perf", "revert"),
    other=("build", "chore", "ci", "docs", "refactor", "style", "test"),
    template="",
)  # how commits are read in repositories that do not say it


def load_release_settings(tree: Tree) -> ReleaseSettings:
    """Read `release/`. Raises InputError or FindingsError with the place of what is wrong."""
    kinds = _kinds(tree)
    options = _parser_options(tree)
    template = _read(tree, TEMPLATE).decode("utf-8", "replace")
    minor, patch, other = (options[key] for key in _PARSER_KEYS)
    return ReleaseSettings(kinds, minor, patch, other, template)


def _read(tree: Tree, path: str) -> bytes:
    data = tree.read(path)
    if data is None:
        raise InputError("the file is missing", place=Place(path), hint="release/README.md says what it is for")
    return data


def _kinds(tree: Tree) -> tuple[Kind, ...]:
    document = load(COMPONENTS, _read(tree, COMPONENTS))
    reader = Reader(document, "REL", list(document.findings))
    entries = reader.mapping({"components": Field(list, True, "one entry a kind")}).get("components", [])
    found = []
    for index in range(len(entries)):
        entry = reader.mapping(_ENTRY, "components", index)
        if len(entry) == len(_ENTRY):
            found.append(_kind(entry, document.place("components", index)))
    refuse(reader.findings)
    return tuple(dict.fromkeys(found))


def _kind(entry: Mapping[str, str], place: Place) -> Kind:
    known = {str(kind): kind for kind in Kind}
    kind = known.get(entry["kind"])
    if kind is None:
        hint = did_you_mean(entry["kind"], known)
        raise InputError(f"there is no kind of component {entry['kind']!r}", place=place, hint=hint)
    model = TYPES.path if kind is Kind.TYPES else ComponentId(kind, "*").path
    for key, expected in (("path", model), ("tag", f"{model}/v")):
        if entry[key] != expected:  # locks find releases by these very names
            message = f"{key!r} of the kind {kind} must be {expected!r}, not {entry[key]!r}"
            raise InputError(message, place=place, hint="locks find the releases of a component by its folder's name")
    return kind


def _parser_options(tree: Tree) -> dict[str, tuple[str, ...]]:
    text = _read(tree, SETTINGS).decode("utf-8", "replace")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", place=Place(SETTINGS), hint="see https://toml.io") from error
    section = _only(table, {"semantic_release"}, "").get("semantic_release", {})
    section = _only(section, {"commit_parser", "commit_parser_options"}, "semantic_release.")
    if section.get("commit_parser") != "conventional":
        raise InputError("semantic_release.commit_parser must be 'conventional'", place=Place(SETTINGS))
    options = _only(section.get("commit_parser_options"), set(_PARSER_KEYS), "commit_parser_options.")
    return {key: _commit_types(key, options.get(key)) for key in _PARSER_KEYS}


def _only(table: Any, known: set[str], prefix: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise InputError(f"the table {prefix.rstrip('.')!r} is missing", place=Place(SETTINGS))
    for key in table:
        if key not in known:
            raise InputError(f"{prefix}{key} is not used", place=Place(SETTINGS), hint=did_you_mean(key, known))
    return table


def _commit_types(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and _COMMIT_TYPE.fullmatch(item) for item in value):
        return tuple(value)
    hint = 'for example ["fix", "perf"]'
    raise InputError(f"commit_parser_options.{key} must be a list of commit types", place=Place(SETTINGS), hint=hint)
