"""What a file is to the platform, told by where it lies and by what it says."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath

from mattone.tosca.types import KINDS


class Kind(Enum):
    TEMPLATE = "a service template or type library"
    DEPLOYMENT = "deployments/<group>/<name>.yaml"
    COMPONENT = "the manifest of a service, a role or the type library"
    FEDERATION = "a file of federation/"
    WAIVERS = "waivers.yaml"
    FORM = "catalog/<service>/form.yaml"
    OTHER = "nothing that the checks know"


_SECTIONS = "|".join(["tosca_definitions_version", "topology_template", *(section for section, _ in KINDS.values())])
_TOSCA = re.compile(rf"^[\"']?(?:{_SECTIONS})[\"']?[ \t]*:", re.MULTILINE)
_YAML = (".yaml", ".yml")
_MANIFESTS = {"catalog": "service.yaml", "ansible-roles": "role.yaml"}


def kind_of(path: str, text: str) -> Kind:
    """The kind of the file at a path of its repository."""
    parts = PurePosixPath(path).parts
    if not path.endswith(_YAML) or path.endswith((".lock.yaml", ".lock.yml")):
        return Kind.OTHER
    if path == "waivers.yaml":
        return Kind.WAIVERS
    if parts[0] == "deployments" and len(parts) > 1:
        return Kind.DEPLOYMENT
    if parts[0] == "federation" and len(parts) > 1:
        return Kind.FEDERATION
    if path == "tosca-types/library.yaml" or (len(parts) == 3 and _MANIFESTS.get(parts[0]) == parts[2]):
        return Kind.COMPONENT
    if len(parts) == 3 and parts[0] == "catalog" and parts[2] == "form.yaml":
        return Kind.FORM
    return _by_content(parts, text)


def _by_content(parts: tuple[str, ...], text: str) -> Kind:
    service = len(parts) == 3 and parts[0] == "catalog" and parts[2] == "template.yaml"
    library = len(parts) == 2 and parts[0] == "tosca-types"
    return Kind.TEMPLATE if service or library or _TOSCA.search(text) else Kind.OTHER
