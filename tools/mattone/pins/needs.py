"""What the files of a role, collection or playbook folder require: roles and collections, with who and where.

Sources: Ansible's user guide, "Role dependencies" (`meta/main.yml`), "Installing roles and collections from the
same requirements.yml file", and "Collection structure" (`dependencies` of `galaxy.yml` and `MANIFEST.json`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError, MattoneError, Place
from mattone.pins import spelling
from mattone.pins.external import ExternalKind
from mattone.pins.playbooks import role_names
from mattone.pins.spelling import Spelled
from mattone.pins.store import Files
from mattone.tosca.source import Document, load

_META = re.compile(r"meta/main\.ya?ml")
_REQUIREMENTS = re.compile(r"((meta|roles|collections)/)?requirements\.ya?ml")
_TASKS = re.compile(r"(tasks|handlers)/.*\.ya?ml|[^/]+\.ya?ml")
_OF_COLLECTION = re.compile(r"([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.[\w.]+")  # a role in a collection


@dataclass(frozen=True, slots=True)
class Need:
    """A role or collection that a file asks for. `depends`: a role dependency, which runs before whoever asks."""

    kind: ExternalKind
    spelled: Spelled
    place: Place
    depends: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What files need; `unread`: why some of it cannot be told, a sentence each."""

    needs: tuple[Need, ...]
    unread: tuple[str, ...] = ()


def needs_of(files: Files, who: str) -> Needs:
    """What files ask for, by their path in a role, a collection or a folder of playbooks.

    who  put before paths in places

    Never raises: files of others may hold anything. What cannot be read is told in `unread`.
    """
    found: list[Need] = []
    unread: list[str] = []
    for path, (_, data) in sorted(files.items()):
        try:
            found += _file(path, data, f"{who}/{path}" if who else path)
        except MattoneError as error:
            unread.append(f"{error.place}: {error.message}" if error.place else f"{who}/{path}: {error.message}")
    return Needs(tuple(found), tuple(unread))


def _file(path: str, data: bytes, shown: str) -> Iterator[Need]:
    if _META.fullmatch(path):
        document = _loaded(shown, data)
        yield from _roles(document, ("dependencies",), depends=True)
        yield from _collections(document, ("collections",))
    elif _REQUIREMENTS.fullmatch(path):
        document = _loaded(shown, data)
        if isinstance(document.value, list):
            yield from _roles(document, ())
        else:
            yield from _roles(document, ("roles",))
            yield from _collections(document, ("collections",))
    elif path in {"galaxy.yml", "MANIFEST.json"}:
        yield from _manifest(path, data, shown)
    elif _TASKS.fullmatch(path):
        yield from _plays(shown, data)


def _loaded(shown: str, data: bytes) -> Document:
    document = load(shown, data)
    if document.broken:
        raise InputError(document.findings[0].message, place=document.findings[0].place)
    return document


def _rows(document: Document, keys: tuple[str, ...]) -> Iterator[tuple[Any, Place]]:
    value = document.value
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    for index, row in enumerate(value if isinstance(value, list) else ()):
        yield row, document.place(*keys, index)


def _roles(document: Document, keys: tuple[str, ...], depends: bool = False) -> Iterator[Need]:
    for row, place in _rows(document, keys):
        if isinstance(row, dict) and "include" not in row:
            written = row.get("src") or row.get("role") or row.get("name")
            name = row.get("name") if "src" in row else None
            version = row.get("version")
        else:
            written, name, version = row, None, None
        if not isinstance(written, str):
            continue
        try:
            one = spelling.role(written)
            source = one.source if not isinstance(name, str) or one.source or name == one.name else one.name
            spelled = Spelled(name if isinstance(name, str) else one.name, _text(version) or one.version, source)
        except InputError as error:
            raise InputError(error.message, place=place, hint=error.hint) from error
        yield Need(ExternalKind.ROLE, spelled, place, depends)


def _collections(document: Document, keys: tuple[str, ...]) -> Iterator[Need]:
    for row, place in _rows(document, keys):
        fields = row if isinstance(row, dict) else {"name": row}
        name, source = fields.get("name"), fields.get("source")
        if not isinstance(name, str) or fields.get("type") in {"dir", "subdirs", "file"}:
            continue
        try:
            one = spelling.collection(name)
        except InputError as error:
            raise InputError(error.message, place=place, hint=error.hint) from error
        is_git = fields.get("type") == "git" and isinstance(source, str) and spelling.is_url(source)
        spelled = Spelled(one.name, _text(fields.get("version")) or one.version, str(source) if is_git else one.source)
        yield Need(ExternalKind.COLLECTION, spelled, place)


def _manifest(path: str, data: bytes, shown: str) -> Iterator[Need]:
    if path == "MANIFEST.json":
        try:
            value = json.loads(data)
        except ValueError as error:
            raise InputError("not JSON", place=Place(shown)) from error
        value = value.get("collection_info") if isinstance(value, dict) else None
    else:
        value = _loaded(shown, data).value
    wanted = value.get("dependencies") if isinstance(value, dict) else None
    for name, version in (wanted if isinstance(wanted, dict) else {}).items():
        one = spelling.collection(str(name))
        yield Need(ExternalKind.COLLECTION, Spelled(one.name, _text(version), one.source), Place(shown))


def _plays(shown: str, data: bytes) -> Iterator[Need]:
    """Roles of Galaxy, and collections whose roles are used; roles without a dot are found where playbooks are."""
    for one in role_names(shown, data.decode("utf-8", "replace")):
        inner = _OF_COLLECTION.fullmatch(one.name)
        if inner:
            yield Need(ExternalKind.COLLECTION, Spelled(inner[1], "", ""), one.place)
        elif spelling.is_galaxy_name(one.name):
            yield Need(ExternalKind.ROLE, Spelled(one.name, "", ""), one.place)


def _text(version: Any) -> str:
    """A version as written; YAML may have made it a number."""
    return "" if version is None or isinstance(version, bool) else str(version).strip()
