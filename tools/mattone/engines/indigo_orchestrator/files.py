"""A bundle's files where the orchestrator and its Infrastructure Manager can read them.

Both fetch what a template names by URL: the orchestrator its imports, each time it parses; the
Infrastructure Manager its playbooks, and roles as archives for `ansible-galaxy`. So a bundle is put once into
a folder that a web server serves, below its digest, and never changed:

    <digest>/artifacts/...               playbooks, as in the bundle
    <digest>/roles/<role>.tar.gz         each role, byte for byte the same each time
    <digest>/types-<digest>.yaml         the types that a template uses

The types go there too, since the orchestrator forwards only the topology of a template, and its imports.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mattone import digests
from mattone.engines.interface import Submission
from mattone.errors import HostError
from mattone.files import write_atomic

ROLE = "tosca.artifacts.AnsibleGalaxy.role"

_TYPES = ("artifact_types", "data_types", "capability_types", "interface_types", "relationship_types", "node_types",
          "group_types", "policy_types")  # fmt: skip
_IMPORT = "mattone_types"
_META = "meta/main.yml"  # `ansible-galaxy` takes no archive without one


def published(template: Mapping[str, Any], submission: Submission, folder: Path, url: str) -> dict[str, Any]:
    """The template with URLs below `url` instead of files of this host, and its types imported.

    Raises HostError when `folder` cannot be written.
    """
    base, target = f"{url}/{submission.files.name}", folder / submission.files.name
    try:
        if not target.is_dir():
            _publish(submission, target)
        moved: dict[str, Any] = _moved(template, f"file://{submission.files}", base)
        _with_roles(moved, _roles(submission, base))
        types = {section: moved.pop(section) for section in _TYPES if section in moved}
        if types:
            name = _write_types({"tosca_definitions_version": moved["tosca_definitions_version"], **types}, target)
            moved["imports"] = [{_IMPORT: f"{base}/{name}"}]
    except OSError as error:
        raise HostError(
            f"cannot publish a bundle in {folder}: {error.strerror or error}", hint="check engine.files_folder"
        ) from error
    return moved


def _moved(value: Any, here: str, there: str) -> Any:
    """A copy in which every reference to a file of the bundle is its URL."""
    if isinstance(value, Mapping):
        return {key: _moved(inner, here, there) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(item, here, there) for item in value]
    return there + value.removeprefix(here) if isinstance(value, str) and value.startswith(f"{here}/") else value


def _roles(submission: Submission, base: str) -> dict[str, dict[str, str]]:
    """An artifact for each role of the bundle, in the spelling that the Infrastructure Manager splits: `URL|name`."""
    return {
        f"mattone_{role}": {"type": ROLE, "file": f"{base}/roles/{role}.tar.gz|{role}"} for role in submission.roles
    }


def _with_roles(template: dict[str, Any], roles: Mapping[str, Any]) -> None:
    """Give what has a playbook all roles of the bundle, in place of the roles that it names by their short names."""
    if not roles:
        return
    topology = template.get("topology_template", {})
    for section in (template.get("node_types", {}), topology.get("node_templates", {})):
        for entity in section.values():
            artifacts = entity.get("artifacts", {}) if isinstance(entity, dict) else {}
            kept = {name: one for name, one in artifacts.items() if not _is_own_role(one)}
            if len(kept) < len(artifacts) or (isinstance(entity, dict) and entity.get("interfaces")):
                entity["artifacts"] = {**kept, **roles}
    own = {ROLE: {"derived_from": "tosca.artifacts.Root"}}
    template["artifact_types"] = {**own, **template.get("artifact_types", {})}


def _is_own_role(artifact: Any) -> bool:
    """Whether an artifact is a role of the platform: its name has no dot, and is no address."""
    named = isinstance(artifact, dict) and artifact.get("type") == ROLE and isinstance(artifact.get("file"), str)
    return named and "." not in artifact["file"] and ":" not in artifact["file"]


def _write_types(types: Mapping[str, Any], target: Path) -> str:
    import yaml

    text = yaml.safe_dump(types, sort_keys=False, allow_unicode=True).encode()
    name = f"types-{digests.short(digests.of_value(types))}.yaml"
    if not (target / name).exists():
        write_atomic(target / name, text, 0o644)
    return name


def _publish(submission: Submission, target: Path) -> None:
    """Put the files there, whole or not at all; of two at once the first wins, the same files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".publishing-"))
    try:
        if (submission.files / "artifacts").is_dir():
            shutil.copytree(submission.files / "artifacts", temporary / "artifacts")
        (temporary / "roles").mkdir()
        for role in submission.roles:
            (temporary / "roles" / f"{role}.tar.gz").write_bytes(_archive(submission.files / "roles" / role, role))
        for made, _, files in os.walk(temporary):  # for the web server, whatever the umask is
            Path(made).chmod(0o755)
            for name in files:
                (Path(made) / name).chmod(0o644)
        try:
            os.rename(temporary, target)  # noqa: PTH104 - fails when another was first, which is wanted
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _archive(folder: Path, name: str) -> bytes:
    """A role as `ansible-galaxy` installs it; equal for equal files, whenever and by whomever it is made."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = {path.relative_to(folder).as_posix(): (path.stat().st_mode & 0o111, path.read_bytes()) for path in paths}
    if not {_META, "meta/main.yaml"} & set(files):
        files[_META] = (0, b"dependencies: []\n")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for path in sorted(files):
            runs, data = files[path]
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode = len(data), 0o755 if runs else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
