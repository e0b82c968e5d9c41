"""Which references of a template mean files, and where each stands (1.3, 3.6.7 and 3.6.16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mattone.errors import InputError
from mattone.redact import one_line
from mattone.tosca.paths import relative_path
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope

# The `file` of these artifacts names something in a registry or on Galaxy, not a file.
_NAMES = ("tosca.artifacts.AnsibleGalaxy.", "tosca.artifacts.Deployment.Image")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # RFC 3986, 3.1; `urlsplit` raises at a bad host
_CALLED = ("implementation", "primary", "file")


def is_file_artifact(raw: Any, scope: Scope) -> bool:
    """Whether the `file` of an artifact definition is a path, judged by the artifact's type and its ancestors."""
    type_name = raw.get("type") if isinstance(raw, dict) else None
    found = scope.find("artifact", type_name)
    names = [one.name for one in found.lineage] if found else [str(type_name)]
    return not any(name.startswith(_NAMES) for name in names)


def file_problem(base: str, reference: str) -> tuple[str, str]:
    """The repository path that a reference in the file `base` means, and what forbids it (one of both is empty).

    Only files of the repository may be named: an engine would fetch a URL unpinned, and read any
    file of its own host for an absolute path.
    """
    if _SCHEME.match(reference):
        return "", "is a URL"
    if reference.startswith(("/", "~", "\\")):
        return "", "is an absolute path"
    path = relative_path(base, reference)
    if path.startswith("../") or path in ("..", "."):
        return "", "leaves the repository"
    return path, ""


def repository_path(reference: str, spot: Spot) -> str:
    """The repository path of a reference. Raises InputError with its place when it is none."""
    path, problem = file_problem(spot.document.path, reference)
    if problem:
        raise InputError(
            f"file reference `{one_line(reference, 120)}` {problem}",
            place=spot.place(),
            hint="Put the file into the repository and name it relative to this one.",
        )
    return path


def with_files(raw: Any, spot: Spot, scope: Scope, files: Callable[[str, Spot], str], names: frozenset[str]) -> Any:
    """A definition (of a type or a node template) with every file reference replaced by `files(reference, spot)`.

    names  the artifacts of the entity: an implementation may name one of them instead of a file
    """
    if not isinstance(raw, dict):
        return raw
    made = dict(raw)
    if "artifacts" in raw:
        made["artifacts"] = _artifacts(raw["artifacts"], spot.at("artifacts"), scope, files)
    if isinstance(raw.get("interfaces"), dict):
        made["interfaces"] = _calls(raw["interfaces"], spot.at("interfaces"), files, names, depth=0)
    if isinstance(raw.get("requirements"), list):
        at = spot.at("requirements")
        made["requirements"] = [_relationship(one, at.at(n), scope, files) for n, one in enumerate(raw["requirements"])]
    return made


def _relationship(requirement: Any, spot: Spot, scope: Scope, files: Callable[[str, Spot], str]) -> Any:
    """A requirement whose relationship may bring interfaces of its own."""
    if not isinstance(requirement, dict):
        return requirement
    made = dict(requirement)
    for name, raw in requirement.items():
        relationship = raw.get("relationship") if isinstance(raw, dict) else None
        if isinstance(relationship, dict):
            at = spot.at(name, "relationship")
            made[name] = {**raw, "relationship": with_files(relationship, at, scope, files, frozenset())}
    return made


def _artifacts(section: Any, spot: Spot, scope: Scope, files: Callable[[str, Spot], str]) -> Any:
    if isinstance(section, list):
        return [_artifacts(item, spot.at(index), scope, files) for index, item in enumerate(section)]
    if not isinstance(section, dict):
        return section
    made = {}
    for name, raw in section.items():
        made[name] = raw
        if isinstance(raw, str):
            made[name] = files(raw, spot.at(name))
        elif isinstance(raw, dict) and isinstance(raw.get("file"), str) and is_file_artifact(raw, scope):
            made[name] = {**raw, "file": files(raw["file"], spot.at(name, "file"))}
    return made


def _calls(
    value: dict[Any, Any], spot: Spot, files: Callable[[str, Spot], str], names: frozenset[str], depth: int
) -> Any:
    """Interfaces: name, then operations (depth 1), each a file or a mapping with an implementation (depth 2)."""
    made: dict[Any, Any] = {}
    for key, inner in value.items():
        at = spot.at(key)
        if key in ("inputs", "outputs", "type", "description"):
            made[key] = inner
        elif isinstance(inner, dict):
            # 1.3 puts operations under a key of their own; they are as deep as without it.
            made[key] = _calls(inner, at, files, names, depth + (key != "operations"))
        elif isinstance(inner, str) and (key in _CALLED or depth == 1):
            made[key] = inner if inner in names else files(inner, at)
        elif isinstance(inner, list) and key == "dependencies":
            made[key] = [one if one in names else files(one, at.at(n)) for n, one in enumerate(inner)]
        else:
            made[key] = inner
    return made
