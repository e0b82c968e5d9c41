"""The bundle: from a lock, everything that an engine needs, named by its digest.

    template.yaml            the rendered service template, with slots for what only applying knows
    artifacts/...            playbooks, each role in them under its locked name
    roles/<name>_<digest>/   roles, byte for byte as locked but for the names of other roles
    collections/, charts/    from elsewhere, as locked

Nothing in it comes from the work tree: every byte is read from the commits that the lock names, or has the
digest that the lock names. The slots
of the template: its inputs, the marks of deployment and operation in its metadata, and the policies of its
topology, to which an engine that chooses sites adds the placement.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import digests
from mattone.errors import HostError, InputError, Place
from mattone.pins.archive import Files
from mattone.pins.external import ExternalKind
from mattone.pins.imports import with_imports
from mattone.pins.lock import Lock, Pin
from mattone.pins.names import LockedNames
from mattone.pins.playbooks import rewrite
from mattone.pins.releases import Releases
from mattone.pins.store import default_store
from mattone.pins.vendored import Entry, is_of_role, is_play, vendored
from mattone.platform.components import ComponentId, Kind
from mattone.platform.refuse import refuse
from mattone.platform.tree import ComposedTree, Tree, join
from mattone.tosca.imports import Resolver
from mattone.tosca.template import ServiceTemplate, load_template

TEMPLATE = "template.yaml"
MARKS = ("mattone_deployment", "mattone_operation")  # metadata by which a deployment is found again at its engine

_PLAYS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle holds, in memory. `digest` names the files."""

    template: ServiceTemplate
    files: Files
    names: LockedNames

    @property
    def digest(self) -> str:
        return digests.of_files((path, runs, data) for path, (runs, data) in self.files.items())


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk. `digest` names its content."""

    digest: str
    folder: Path
    template: ServiceTemplate
    names: LockedNames

    @property
    def roles(self) -> tuple[str, ...]:
        """The folder names below `roles/`."""
        return self.names.folders

    def render(self, values: Mapping[str, Any], marks: Mapping[str, str], base: str) -> dict[str, Any]:
        """The template with inputs and marks filled in; files are named below `base`."""
        from mattone.tosca.render import render

        return render(self.template, values, marks, lambda path: f"{base}/{_artifact(path)}", self.names)


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
    urls = {entry.name: entry.digest for entry in lock.external if entry.kind is ExternalKind.TYPES}
    template, findings = load_template(path, with_imports(tree_resolver(locked_tree(releases, lock)), urls))
    refuse(findings)
    if template is None:
        raise InputError("there is no such template", place=Place(path))
    return template


def role_folders(lock: Lock) -> dict[str, str]:
    """Role name to the name it is installed under, which holds its digest: many versions live side by side."""
    return {which.name: f"{which.name}_{digests.short(pin.digest)}" for which, pin in _roles(lock)}


def contents(releases: Releases, lock: Lock, names: Mapping[str, str] | None = None) -> Contents:
    """What the bundle of a lock holds.

    names  role name to folder name, for whoever compares contents with those of an edited lock; not given,
           they are `role_folders` of the lock, which must say what its commits hold

    Raises InputError for a component that is not what was locked, a role that the lock does not
    name, and references that lead out of the repository, FindingsError for a bad template.
    """
    if names is None:
        _refuse_other_content(releases, lock)
        names = role_folders(lock)
    template = locked_template(releases, lock)
    allowed = LockedNames(names, lock.external)
    return Contents(template, _files(releases, lock, template, allowed), allowed)


def build(releases: Releases, lock: Lock, store: Path) -> Bundle:
    """Make the bundle of a lock below `store`, or find the one that is there.

    Two builds at once make the same folder; the first to finish wins. Raises what `contents` does,
    and HostError, naming the file, when what is there is not what was once written.
    """
    made = contents(releases, lock)
    folder = store / digests.short(made.digest)
    if folder.is_dir():
        _refuse_changed(folder, made.files)
    else:
        _write(folder, made.files)
    return Bundle(made.digest, folder, made.template, made.names)


def _refuse_other_content(releases: Releases, lock: Lock) -> None:
    for which, pin in lock.pins.items():
        if releases.digest(which, pin.commit) != pin.digest:
            raise InputError(
                f"{which} {pin.version} is not what was locked: commit {pin.commit[:12]} holds something else",
                hint="`mattone lock --locked` says what; nothing is made of it",
            )


def _roles(lock: Lock) -> list[tuple[ComponentId, Pin]]:
    return [(which, pin) for which, pin in lock.pins.items() if which.kind is Kind.ROLE]


def _files(
    releases: Releases, lock: Lock, template: ServiceTemplate, names: LockedNames
) -> dict[str, tuple[bool, bytes]]:
    """Path in the bundle to (executable, content)."""
    import yaml

    from mattone.tosca.render import render

    used: dict[str, str] = {}

    def note(path: str) -> str:
        return used.setdefault(path, _artifact(path))

    skeleton = render(template, None, dict.fromkeys(MARKS, ""), note, names)
    skeleton["topology_template"].setdefault("policies", [])
    files = {TEMPLATE: (False, yaml.safe_dump(skeleton, sort_keys=False, allow_unicode=True).encode())}
    tree = locked_tree(releases, lock)
    for path, place in used.items():
        files[place] = (False, _artifact_content(tree, path, names))
    for which, pin in _roles(lock):
        files |= _role(releases, which, pin.commit, names)
    for entry in lock.external:
        files |= vendored(entry, default_store(), lambda path, data: _rewritten(path, data, names.role_elsewhere))
    return files


def _artifact(path: str) -> str:
    """Where a file of the repository lies in the bundle."""
    return f"artifacts/{path}"


def _artifact_content(tree: Tree, path: str, names: LockedNames) -> bytes:
    data = tree.read(path)
    if data is None:
        raise InputError("the types or the template name this file, and it does not exist", place=Place(path))
    return _rewritten(path, data, names.role) if path.endswith(_PLAYS) else data


def _rewritten(path: str, data: bytes, names: Callable[[str], str | None]) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8 text", place=Place(path, line), hint="save the file as UTF-8") from error
    return rewrite(path, text, names).encode()


def _role(releases: Releases, which: ComponentId, commit: str, names: LockedNames) -> Iterator[Entry]:
    """The files of a role of the platform."""
    tree = releases.tree(commit)
    for entry in tree.entries(which.path):
        inner = entry.path.removeprefix(f"{which.path}/")
        if is_of_role(inner):
            data = tree.read(entry.path) or b""
            content = _rewritten(entry.path, data, names.role) if is_play(inner) else data
            yield f"roles/{names.platform[which.name]}/{inner}", (entry.mode == "100755", content)


def _refuse_changed(folder: Path, files: Files) -> None:
    """Raise HostError when a bundle that lies there is not the one of its name any more."""
    for path in sorted({*files, *_present(folder)}):
        if path not in files or not _is(folder / path, *files[path]):
            raise HostError(
                f"the file `{path}` of the bundle {folder.name} was changed since it was written",
                place=Place(str(folder / path)),
                hint="find out by whom; `rm -r` its folder to have it made again from the lock",
            )


def _present(folder: Path) -> Iterator[str]:
    for inside, names, found in os.walk(folder):
        links = [name for name in names if (Path(inside) / name).is_symlink()]
        yield from ((Path(inside) / name).relative_to(folder).as_posix() for name in (*found, *links))


def _is(file: Path, runs: bool, data: bytes) -> bool:
    """Whether a file is there, is no link, and has this content and right to be executed."""
    try:
        status = file.lstat()
        return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o100) is runs and file.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
        return False


def _write(folder: Path, files: Files) -> None:
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
