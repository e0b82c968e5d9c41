"""Which references of a template mean files, and which of them may be followed (1.3, 3.6.7)."""

from __future__ import annotations

import re
from typing import Any

from mattone.errors import InputError
from mattone.redact import one_line
from mattone.tosca.paths import relative_path
from mattone.tosca.spots import Spot
from mattone.tosca.types import Scope

# The `file` of these artifacts names something in a registry or on Galaxy, not a file.
_NAMES = ("tosca.artifacts.AnsibleGalaxy.", "tosca.artifacts.Deployment.Image")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # RFC 3986, 3.1; `urlsplit` raises at a bad host


def is_file_artifact(raw: Any, scope: Scope) -> bool:
    """Whether the `file` of an artifact definition is a path, judged by the artifact's type and its ancestors."""
    return not registry_kind(raw, scope)


def registry_kind(raw: Any, scope: Scope) -> str:
    """`role`, `collection` or `image` when the `file` of an artifact is a name in a registry; empty for a path."""
    type_name = raw.get("type") if isinstance(raw, dict) else None
    found = scope.find("artifact", type_name)
    names = [one.name for one in found.lineage] if found else [str(type_name)]
    known = next((name for name in names if name.startswith(_NAMES)), "")
    return "image" if known.startswith(_NAMES[1]) else known.rpartition(".")[2]


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
