"""Manifests of services, the type library and roles."""

from __future__ import annotations

import pytest

from mattone.errors import FindingsError, InputError
from mattone.platform.components import TYPES, Component, ComponentId, Kind, Service, load_component, names, service
from mattone.versions import Range, Version
from tests.small import FILES, SERVICE, MemoryTree

PAGE = ComponentId(Kind.SERVICE, "page")
WEB = ComponentId(Kind.ROLE, "web")


def loaded(text: str, which: ComponentId = PAGE) -> tuple[Component | None, list[str]]:
    found, said = load_component(MemoryTree({which.manifest: text}), which)
    return found, [f"{one.place.line} {one.rule} {one.message}" for one in said]


def test_paths_and_manifests() -> None:
    assert [str(which) for which in (PAGE, WEB, TYPES)] == ["catalog/page", "ansible-roles/web", "tosca-types"]
    assert [which.manifest.rsplit("/", 1)[1] for which in (PAGE, WEB, TYPES)] == [
        "service.yaml", "role.yaml", "library.yaml",
    ]  # fmt: skip


def test_a_service_states_version_needs_and_what_may_change() -> None:
    found = service(MemoryTree(), "page")
    assert (found.version, found.display_name, found.status) == (Version.parse("1.0.0"), "Page", "stable")
    assert found.requires == {TYPES: Range.parse("^1.0"), WEB: Range.parse("^1.0")}
    assert found.updatable == ("title", "secret_word")
    assert found.template == "catalog/page/template.yaml"


def test_a_role_and_the_type_library() -> None:
    tree = MemoryTree()
    role, _ = load_component(tree, WEB)
    types, _ = load_component(tree, TYPES)
    assert role is not None
    assert types is not None
    assert not isinstance(role, Service)
    assert role.requires == {ComponentId(Kind.ROLE, "base"): Range.parse("^1.0")}
    assert types.requires == {}


def test_one_that_is_not_there_is_nothing_and_no_finding() -> None:
    assert load_component(MemoryTree({}), PAGE) == (None, ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: page", "name: pgae"), "1 CMP1005 the name must be its folder's, 'page'"),
        (("version: 1.0.0", "version: newest"), "2 CMP1006 'newest' is not a semantic version"),
        (("version: 1.0.0\n", ""), "1 CMP1003 the field 'version' is missing"),
        (("tosca_types: ^1.0", "tosca_types: one"), "5 CMP1006 "),
        (("{web: ^1.0}", "{web: soon}"), "6 CMP1006 "),
        (("updatable: [title, secret_word]", "updatable: title"), "7 CMP1004 'updatable' must be a list"),
        (("display_name", "displayname"), "3 CMP1002 unknown field 'displayname'"),
    ],
)
def test_every_bad_field_is_told_with_its_line(change: tuple[str, str], said: str) -> None:
    found, told = loaded(SERVICE.replace(*change))
    assert found is None
    assert any(line.startswith(said) for line in told), told


def test_names_are_the_folders_that_hold_a_manifest() -> None:
    tree = MemoryTree({**FILES, "catalog/README.md": "", "catalog/empty/x": "", "catalog/page/tests/service.yaml": ""})
    assert (names(tree, Kind.SERVICE), names(tree, Kind.ROLE)) == (("page",), ("base", "web"))


@pytest.mark.parametrize("name", ["pgae", "../page", "", "Page", "page/"])
def test_an_unknown_service_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match="the catalogue has no service") as caught:
        service(MemoryTree(), name)
    assert "'page'" in caught.value.hint or "known: page" in caught.value.hint


def test_a_service_with_a_bad_manifest_is_refused_with_its_findings() -> None:
    with pytest.raises(FindingsError, match="CMP1006"):
        service(MemoryTree({PAGE.manifest: SERVICE.replace("1.0.0", "one")}), "page")
