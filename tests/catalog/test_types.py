"""The type library: everything is described, and what types name exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.files import PLAYBOOKS, ROLE_NAMES, TYPE_FILES, TYPE_SECTIONS, TYPES, node_types, read, roles_of


def _definitions() -> Iterator[tuple[str, Any]]:
    for path in TYPE_FILES:
        for section in TYPE_SECTIONS:
            yield from read(path).get(section, {}).items()


@pytest.mark.parametrize("path", TYPE_FILES, ids=lambda path: path.name)
def test_every_type_file_describes_itself_and_imports_only_its_neighbours(path: Path) -> None:
    document = read(path)
    assert document["description"].strip()
    for imported in document.get("imports", []):
        assert (path.parent / imported) in TYPE_FILES


def test_every_type_and_every_field_of_it_is_described() -> None:
    silent = [name for name, body in _definitions() if not body.get("description", "").strip()]
    for name, body in _definitions():
        for kind in ("properties", "attributes"):
            silent += [f"{name}.{field}" for field, what in body.get(kind, {}).items() if not what.get("description")]
    assert silent == []


def test_no_type_is_defined_twice() -> None:
    names = [name for name, _ in _definitions()]
    assert sorted(set(names)) == sorted(names)


def test_every_implementation_is_a_playbook_of_the_library_and_every_playbook_is_used() -> None:
    used = {
        TYPES / operation["implementation"]
        for body in node_types().values()
        for interface in body.get("interfaces", {}).values()
        for operation in interface.values()
    }
    assert used == set(PLAYBOOKS)


@pytest.mark.parametrize("name", sorted(node_types()))
def test_a_type_names_exactly_the_roles_that_its_playbooks_use(name: str) -> None:
    body = node_types()[name]
    named = {artifact["file"] for artifact in body.get("artifacts", {}).values()}
    used: set[str] = set()
    for interface in body.get("interfaces", {}).values():
        for operation in interface.values():
            used |= roles_of(TYPES / operation["implementation"])
    assert named == used
    assert named <= set(ROLE_NAMES)


@pytest.mark.parametrize("name", sorted(node_types()))
def test_a_playbook_uses_only_variables_that_its_type_hands_over(name: str) -> None:
    for interface in node_types()[name].get("interfaces", {}).values():
        for operation in interface.values():
            text = (TYPES / operation["implementation"]).read_text(encoding="utf-8")
            variables = {part.split("}}")[0].strip() for part in text.split("{{")[1:]}
            assert variables == set(operation["inputs"])
