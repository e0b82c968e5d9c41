"""What floats: imports, roles and images that may be something else tomorrow, and types that hide others."""

from __future__ import annotations

import re
from typing import Any

from mattone.checks.context import Context
from mattone.tosca.imports import Import, Workspace
from mattone.tosca.normative import normative
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import mapping
from mattone.tosca.types import KINDS, Scope, named

_RAW_URL = re.compile(
    r"https?://(?:raw\.githubusercontent\.com/[^/]+/[^/]+|[^?]*?/raw)/(?:refs/(?:heads|tags)/)?([^/]+)/"
)
_PINNED = re.compile(r"[0-9a-f]{40}\Z|v?\d+\.\d+[\w.\-+]*\Z")
_ROLE = "tosca.artifacts.AnsibleGalaxy."
_IMAGE = "tosca.artifacts.Deployment.Image.Container"
_MOVING = frozenset({"latest", "stable", "main", "master", "edge", "nightly", "dev", "devel", "develop"})


def check_supply(context: Context, workspace: Workspace) -> None:
    """Check imports, artifacts and type names of the document."""
    for one in workspace.imports(context.document):
        _import(context, one)
    document = context.document.value
    for section in ("node_types", "relationship_types"):
        for name, raw, _ in named(mapping(document, section)):
            _artifacts(context, raw, context.root.at(section, name))
    for section in ("node_templates", "relationship_templates"):
        for name, raw, _ in named(mapping(context.template.topology, section)):
            _artifacts(context, raw, context.root.at(context.template.section, section, name))
    _hidden_types(context, workspace)


def _import(context: Context, one: Import) -> None:
    problem = import_problem(one.reference)
    if problem:
        message = f"import {problem}: tomorrow it may be another file"
        context.out.add("TOSCA2006", message, one.spot.place(), "Name a version tag or a commit.")


def import_problem(reference: str) -> str:
    """Why an import floats; empty for a version, a commit, and what is no raw file of a forge."""
    ref = raw_ref(reference)
    return "" if not ref or _PINNED.match(ref) else f"follows `{show(ref)}`, which moves"


def raw_ref(url: str) -> str:
    """The tag, branch or commit in the URL of a forge's raw file; empty when it has none."""
    found = _RAW_URL.match(url)
    return found.group(1) if found else ""


def _artifacts(context: Context, raw: Any, spot: Spot) -> None:
    for name, artifact, keys in named(raw.get("artifacts") if isinstance(raw, dict) else None):
        reference = artifact.get("file") if isinstance(artifact, dict) else None
        if not isinstance(reference, str) or not reference:
            continue
        place = spot.at("artifacts", *keys, "file").place()
        if is_role(artifact, context.scope):
            problem = role_problem(reference)
            if problem:
                message = f"role `{show(reference, 100)}` {problem}"
                context.out.add("TOSCA2007", message, place, "Name a version: `namespace.role,1.2.3`.")
        elif is_image(artifact, context.scope):
            problem = image_problem(reference)
            if problem:
                message = f"image `{show(reference, 100)}` of artifact `{show(name)}` {problem}"
                context.out.add("TOSCA2008", message, place, "Name a version, or better a digest: `image@sha256:...`.")


def is_role(artifact: Any, scope: Scope) -> bool:
    """Whether an artifact definition names a role or a collection of Ansible."""
    return _is_a(artifact, scope, _ROLE)


def is_image(artifact: Any, scope: Scope) -> bool:
    """Whether an artifact definition names a container image."""
    return _is_a(artifact, scope, _IMAGE)


def _is_a(artifact: Any, scope: Scope, prefix: str) -> bool:
    kind = scope.find("artifact", artifact.get("type"))
    names = [one.name for one in kind.lineage] if kind else [str(artifact.get("type"))]
    return any(one.startswith(prefix) for one in names)


def role_problem(reference: str) -> str:
    """Why a role reference floats; a name without a dot is a role of this platform, which the lock pins."""
    name, _, version = (part.strip() for part in reference.partition(","))
    version = version.split("|")[0].split(",")[0].strip()
    if "." not in name and "/" not in name:
        return ""
    if not version:
        return "has no version"
    return "" if _PINNED.match(version) else f"follows `{show(version)}`, which moves"


def image_problem(reference: str) -> str:
    """Why an image reference floats; empty for a digest or a tag that looks like a version."""
    if "@sha256:" in reference:
        return ""
    tag = reference.rsplit("/", 1)[-1].partition(":")[2]
    if not tag:
        return "has no tag"
    return f"follows the tag `{show(tag)}`, which moves" if tag in _MOVING else ""


def _hidden_types(context: Context, workspace: Workspace) -> None:
    """A type that another definition of its name hides, or that hides a normative one."""
    others = [one for one in workspace.documents(context.document, False) if one is not context.document]
    for kind, (section, _) in KINDS.items():
        for name, raw, _ in named(mapping(context.document.value, section)):
            spot = context.root.at(section, name)
            built_in = normative().find(kind, name) if context.scope.dialect.normative else None
            if built_in is not None and built_in.name == name and built_in.raw != raw:
                message = f"this definition hides the normative type `{show(name)}`"
                context.out.add("TOSCA2003", message, spot.key_place(), "Derive a type of your own from it.")
            for other in others:
                twin = mapping(other.value, section).get(name)
                if twin is not None and twin != raw:
                    where = Spot(other, (section, name)).key_place()
                    message = f"type `{show(name)}` is defined otherwise in an import, at {where}"
                    context.out.add("TOSCA2002", message, spot.key_place(), "Keep one of the two.")
