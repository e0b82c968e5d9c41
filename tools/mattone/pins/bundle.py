"""The bundle: from a lock, everything that an engine needs, in one folder named by its digest.

    template.yaml            the rendered service template, inputs and marks not yet filled in
    artifacts/...            playbooks, each role in them under its locked name
    roles/<name>_<digest>/   roles, byte for byte as locked but for the names of other roles

Nothing in it comes from the work tree: every byte is read from the commits that the lock names.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import digests
from mattone.errors import InputError, Place
from mattone.pins.lock import Lock
from mattone.pins.playbooks import rewrite
from mattone.pins.releases import Releases
from mattone.platform.components import ComponentId, Kind
from mattone.platform.refuse import refuse
from mattone.platform.tree import ComposedTree, Tree, join
from mattone.tosca.imports import Resolver
from mattone.tosca.template import ServiceTemplate, load_template

_PLAYS = (".yaml", ".yml")
_ROLE_PARTS = ("tasks", "handlers", "meta")  # where a role may name other roles
_LEFT_OUT = ("molecule/", "tests/")  # of a role: what only its own tests use


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk. `digest` names its content; `roles` are the folder names below `roles/`."""

    digest: str
    folder: Path
    template: ServiceTemplate
    roles: tuple[str, ...]

    def render(self, values: Mapping[str, Any], marks: Mapping[str, str], base: str) -> dict[str, Any]:
        """The template with inputs and marks filled in; files are named below `base`."""
        from mattone.tosca.render import render

        return render(self.template, values, marks, lambda path: f"{base}/{_artifact(path)}")


def tree_resolver(tree: Tree) -> Resolver:
    """Finds a template's imports in a tree; a reference that leaves the repository finds nothing."""

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        path = join(base, reference) if base else reference
        data = tree.read(path) if path is not None and "://" not in reference else None
        return None if path is None or data is None else (path, data)

    return resolve


def locked_tree(releases: Releases, lock: Lock) -> ComposedTree:
    """The files of a lock's components, each from its own commit."""
    return ComposedTree(tuple((which.path, releases.tree(pin.commit)) for which, pin in lock.pins.items()))


def locked_template(releases: Releases, lock: Lock) -> ServiceTemplate:
    """The service template of a lock with the locked types. Raises FindingsError when it is bad."""
    path = f"{lock.service.component.path}/template.yaml"
    template, findings = load_template(path, tree_resolver(locked_tree(releases, lock)))
    refuse(findings)
    if template is None:
        raise InputError("there is no such template", place=Place(path))
    return template


def build(releases: Releases, lock: Lock, store: Path) -> Bundle:
    """Make the bundle of a lock below `store`, or find the one that is there.

    Two builds at once make the same folder; the first to finish wins. Raises InputError for a
    role that the lock does not name and for references that lead out of the repository.
    """
    template = locked_template(releases, lock)
    names = {which.name: f"{which.name}_{digests.short(pin.digest)}" for which, pin in _roles(lock)}
    files = _files(releases, lock, template, names)
    digest = digests.of_files((path, runs, data) for path, (runs, data) in files.items())
    folder = store / digests.short(digest)
    if not folder.is_dir():
        _write(folder, files)
    return Bundle(digest, folder, template, tuple(sorted(names.values())))


def _roles(lock: Lock) -> list[tuple[ComponentId, Any]]:
    return [(which, pin) for which, pin in lock.pins.items() if which.kind is Kind.ROLE]


def _files(
    releases: Releases, lock: Lock, template: ServiceTemplate, names: Mapping[str, str]
) -> dict[str, tuple[bool, bytes]]:
    """Path in the bundle to (executable, content)."""
    import yaml

    from mattone.tosca.render import render

    used: dict[str, str] = {}

    def note(path: str) -> str:
        return used.setdefault(path, _artifact(path))

    unfilled = [name for name, one in template.inputs.items() if one.required and not one.has_default]
    skeleton = render(template, dict.fromkeys(unfilled), {}, note)
    files = {"template.yaml": (False, yaml.safe_dump(skeleton, sort_keys=False, allow_unicode=True).encode())}
    tree = locked_tree(releases, lock)
    for path, place in used.items():
        files[place] = (False, _artifact_content(tree, path, names))
    for which, pin in _roles(lock):
        _add_role(files, releases, which, pin.commit, names)
    return files


def _artifact(path: str) -> str:
    """Where a file of the repository lies in the bundle."""
    return f"artifacts/{path}"


def _artifact_content(tree: Tree, path: str, names: Mapping[str, str]) -> bytes:
    data = tree.read(path)
    if data is None:
        raise InputError("the types or the template name this file, and it does not exist", place=Place(path))
    return _rewritten(path, data, names) if path.endswith(_PLAYS) else data


def _rewritten(path: str, data: bytes, names: Mapping[str, str]) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8 text", place=Place(path, line), hint="save the file as UTF-8") from error
    return rewrite(path, text, names).encode()


def _add_role(
    files: dict[str, tuple[bool, bytes]], releases: Releases, which: ComponentId, commit: str, names: Mapping[str, str]
) -> None:
    tree = releases.tree(commit)
    for entry in tree.entries(which.path):
        inner = entry.path.removeprefix(f"{which.path}/")
        if inner.startswith(_LEFT_OUT):
            continue
        data = tree.read(entry.path) or b""
        if inner.split("/", 1)[0] in _ROLE_PARTS and inner.endswith(_PLAYS):
            data = _rewritten(entry.path, data, names)
        files[f"roles/{names[which.name]}/{inner}"] = (entry.mode == "100755", data)


def _write(folder: Path, files: Mapping[str, tuple[bool, bytes]]) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".bundle-"))
    try:
        for path, (runs, data) in files.items():
            if ".." in path.split("/"):  # git makes no such name; an object made by hand can hold it
                raise InputError("this name leads out of its folder", place=Place(path))
            target = temporary / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(0o755 if runs else 0o644)
        for made, _, _ in os.walk(temporary):  # whatever the umask is
            Path(made).chmod(0o755)
        try:
            os.rename(temporary, folder)  # noqa: PTH104 - fails when another build was first, which is wanted
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
