"""Components: services, the type library and roles, each with a name and a version of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mattone.errors import InputError, MattoneError
from mattone.findings import Finding
from mattone.platform.fields import Field, Reader, did_you_mean, is_label
from mattone.platform.refuse import has_errors, refuse
from mattone.platform.tree import Tree
from mattone.tosca.source import Document, load
from mattone.versions import Range, Version


class Kind(StrEnum):
    SERVICE = "service"
    TYPES = "types"
    ROLE = "role"


TYPE_LIBRARY = "tosca-types"


@dataclass(frozen=True, slots=True)
class ComponentId:
    """Which component: its kind and, but for the one type library, its name."""

    kind: Kind
    name: str

    @property
    def path(self) -> str:
        """Its folder in the repository, which is its tag prefix too."""
        match self.kind:
            case Kind.SERVICE:
                return f"catalog/{self.name}"
            case Kind.ROLE:
                return f"ansible-roles/{self.name}"
            case _:
                return TYPE_LIBRARY

    @property
    def manifest(self) -> str:
        """The file that states its version."""
        names = {Kind.SERVICE: "service.yaml", Kind.ROLE: "role.yaml", Kind.TYPES: "library.yaml"}
        return f"{self.path}/{names[self.kind]}"

    def __str__(self) -> str:
        return self.path


TYPES = ComponentId(Kind.TYPES, TYPE_LIBRARY)


@dataclass(frozen=True, slots=True)
class Component:
    """What a manifest states: identity, version, description, and ranges on other components."""

    id: ComponentId
    version: Version
    description: str
    requires: Mapping[ComponentId, Range]
    document: Document = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Service(Component):
    """A service of the catalogue. `updatable` names the inputs that may change after creation."""

    display_name: str = ""
    status: str = "stable"
    updatable: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        return f"{self.id.path}/template.yaml"


_COMMON = {
    "name": Field(str, True, "the name of its folder"),
    "version": Field(str, True, "its version, MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0)"),
    "description": Field(str, True, "what it is, in a sentence"),
}
_ROLES = Field(dict, False, "the roles that it uses: name to range of versions, as in `os_users: ^1.0`")
FIELDS: dict[Kind, dict[str, Field]] = {
    Kind.TYPES: _COMMON,
    Kind.ROLE: {**_COMMON, "roles": _ROLES},
    Kind.SERVICE: {
        **_COMMON,
        "display_name": Field(str, True, "the name that people read"),
        "status": Field(str, False, "how mature it is (stable)"),
        "tosca_types": Field(str, True, "range of versions of the type library, as in `^1.0`"),
        "roles": _ROLES,
        "updatable": Field(list, False, "inputs that may change while a deployment lives; without the field, all"),
        "metadata": Field(dict, False, "what catalogues and dashboards show: icon, tag, guide_url and the like"),
    },
}


def load_component(tree: Tree, which: ComponentId) -> tuple[Component | None, tuple[Finding, ...]]:
    """Read a component's manifest.

    Returns the component, or None with the findings that say why not. A component whose manifest
    does not exist is (None, ()).
    """
    data = tree.read(which.manifest)
    if data is None:
        return None, ()
    document = load(which.manifest, data)
    if document.value is None:
        return None, document.findings
    reader = Reader(document, "CMP", list(document.findings))
    values = reader.mapping(FIELDS[which.kind])
    if values.get("name") not in (None, which.name):
        reader.say(1005, f"the name must be its folder's, {which.name!r}", "name")
    version = _parsed(reader, Version.parse, values.get("version"), "version")
    requires = _requires(reader, values)
    if version is None or has_errors(reader.findings):
        return None, tuple(reader.findings)
    if which.kind is not Kind.SERVICE:
        return Component(which, version, values["description"], requires, document), tuple(reader.findings)
    return _service(which, version, values, requires, document), tuple(reader.findings)


def _service(
    which: ComponentId,
    version: Version,
    values: Mapping[str, Any],
    requires: Mapping[ComponentId, Range],
    document: Document,
) -> Service:
    return Service(
        which,
        version,
        values["description"],
        requires,
        document,
        display_name=values["display_name"],
        status=values.get("status", "stable"),
        updatable=tuple(str(name) for name in values.get("updatable", ())),
    )


def _requires(reader: Reader, values: Mapping[str, Any]) -> dict[ComponentId, Range]:
    found: dict[ComponentId, Range] = {}
    types = _parsed(reader, Range.parse, values.get("tosca_types"), "tosca_types")
    if types is not None:
        found[TYPES] = types
    for name, text in values.get("roles", {}).items():
        wanted = _parsed(reader, Range.parse, text, "roles", name)
        if wanted is not None:
            found[ComponentId(Kind.ROLE, str(name))] = wanted
    return found


def _parsed(reader: Reader, parse: Any, text: object, *keys: str) -> Any:
    if text is None:
        return None
    try:
        return parse(text if isinstance(text, str) else str(text))
    except MattoneError as error:
        reader.say(1006, error.message, *keys, hint=error.hint)
        return None


def names(tree: Tree, kind: Kind) -> tuple[str, ...]:
    """The names of all services or roles: the folders that hold a manifest."""
    top = {Kind.SERVICE: "catalog", Kind.ROLE: "ansible-roles"}[kind]
    manifest = ComponentId(kind, "x").manifest.rsplit("/", 1)[1]
    found = (path.split("/") for path in tree.files(top))
    return tuple(sorted(parts[1] for parts in found if len(parts) == 3 and parts[2] == manifest))


def service(tree: Tree, name: str) -> Service:
    """A service by name. Raises InputError (unknown) or FindingsError (its manifest is bad)."""
    found, findings = load_component(tree, ComponentId(Kind.SERVICE, name)) if is_label(name) else (None, ())
    refuse(findings)
    if not isinstance(found, Service):
        known = names(tree, Kind.SERVICE)
        raise InputError(f"the catalogue has no service {name!r}", hint=did_you_mean(name, known))
    return found
