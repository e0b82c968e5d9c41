"""What `mattone validate` checks: files anywhere, or a platform repository; everything, or what a change affects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mattone.errors import InputError

if TYPE_CHECKING:
    from mattone.checks.again import Memory
    from mattone.checks.report import Read
    from mattone.findings import Finding
    from mattone.git import Repository
    from mattone.platform.site import Site
    from mattone.tosca.files import FileResolver
    from mattone.tosca.imports import Resolver

# A change of these has an effect on every file.
_EVERYTHING = {"mattone.toml", "waivers.yaml", "imports.lock.yaml"}


class Scope(NamedTuple):
    """What is to be checked, as the command line says it.

    files       whether the targets are files and folders; else they are deployments, or none: the whole platform
    import_map  what imports of URLs stand for
    since       a revision: only what has an effect since it left the present branch; empty: everything
    jobs        how many processes may check files
    """

    targets: tuple[str, ...]
    files: bool
    repo: Path
    import_map: Path | None = None
    waivers: Path | None = None
    since: str = ""
    jobs: int = 1

    @property
    def root(self) -> Path:
        """The folder that paths of findings begin at."""
        if not self.files:
            from mattone.git import Repository

            return Repository.discover(self.repo).root
        return _root([Path(file) for file in self.targets] + ([self.import_map] if self.import_map else []))


class Checked(NamedTuple):
    """Findings, before waivers.

    read   gives a file's content by the path that findings name
    paths  of the templates and libraries among what was checked
    seen   the state of every path that the findings depend on; None when that cannot be told
    """

    findings: Sequence[Finding]
    read: Read
    root: Path
    paths: tuple[str, ...]
    seen: Mapping[str, str] | None = None


def scope(
    targets: Sequence[str],
    repo: Path,
    import_map: Path | None = None,
    waivers: Path | None = None,
    since: str = "",
    jobs: int = 1,
) -> Scope:
    """The scope that a command line means: files when each target is one, or a folder."""
    files = bool(targets) and all(_is_file(target) for target in targets)
    return Scope(tuple(targets), files, repo, import_map, waivers, since, jobs)


def _is_file(target: str) -> bool:
    return target.endswith((".yaml", ".yml")) or (target != "" and Path(target).exists())


def check(wanted: Scope, memory: Memory | None = None) -> Checked:
    """Check what a scope holds. Raises InputError when there is no such thing, or no such revision.

    memory  of what the same scope held before: files that no change has an effect on are not checked again
    """
    return _check_files(wanted, memory) if wanted.files else _check_platform(wanted)


def _check_files(wanted: Scope, memory: Memory | None) -> Checked:
    """Check files in the folder they share with the work directory, or in their own."""
    from mattone.commands._folders import expand

    root = wanted.root
    resolver = files_of(root, wanted.import_map)
    expanded = expand(wanted.targets)
    paths = tuple(Path(file).absolute().relative_to(root).as_posix() for file in expanded.files)

    def read(path: str) -> bytes | None:
        found = resolver("", path)
        return found[1] if found else None

    changed = _changed_files(wanted, resolver) if wanted.since else None
    seen = Seen(resolver)
    if memory is not None and changed is None:
        return Checked(memory.check(paths, resolver), read, root, paths)
    findings = _of_files(paths, seen, changed, wanted.jobs)
    for path in expanded.looked_at:
        seen.note_exactly(path)
    for file in (wanted.import_map or root / "imports.lock.yaml", wanted.waivers or root / "waivers.yaml"):
        seen.note(file)
    for one in (Path.cwd(), *Path.cwd().parents):
        seen.note(one / ".git")  # they decide what the root is
    return Checked(findings, read, root, paths, seen.states)


def _of_files(paths: Sequence[str], seen: Seen, changed: Set[str] | None, jobs: int) -> Sequence[Finding]:
    """The findings on files, by one process or by several: the same ones."""
    from mattone.checks.template import check_templates

    if jobs > 1 and len(paths) > 1:
        from mattone.commands._sharing import check_shared

        return check_shared(paths, seen, changed, jobs)
    return check_templates(paths, seen, changed)


def files_of(root: Path, import_map: Path | None) -> FileResolver:
    """A resolver over the files of a folder; imports of URLs by the map named, else by the folder's own."""
    from mattone.tosca.files import IMPORT_MAP, FileResolver, read_import_map

    chosen = import_map or root / IMPORT_MAP
    if import_map is None and not chosen.is_file():
        return FileResolver(root)
    from mattone.pins.store import default_store

    return FileResolver(root, read_import_map(chosen, root), default_store().get)


class Seen:
    """A resolver that notes the state of every path which it was asked for; `states` is None when it cannot be told."""

    def __init__(self, resolver: FileResolver) -> None:
        self._resolver = resolver
        self._root = resolver.root.resolve()
        self.states: dict[str, str] | None = {}

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        from mattone.tosca.paths import relative_path

        try:
            found = self._resolver(base, reference)
        except InputError:
            self.states = None  # why it is refused is more than a path's state
            raise
        if found is not None and "://" not in found[0]:  # else the map names its content
            self.note(self._root / found[0])
        elif found is None and "://" not in reference and "://" not in base:
            self.note(self._root / relative_path(base, reference))
        return found

    def size(self, path: str) -> int:
        """Bytes of a file; 0 where none is."""
        try:
            return (self._root / path).stat().st_size
        except (OSError, ValueError):
            return 0

    def join(self, states: dict[str, str] | None) -> None:
        """Take what another noted: what changed between two looks has no state."""
        if self.states is None or states is None or any(self.states.get(p, s) != s for p, s in states.items()):
            self.states = None
        else:
            self.states.update(states)

    def note(self, path: Path) -> None:
        """Remember what is at a path now."""
        self.note_exactly(os.path.abspath(path))  # noqa: PTH100 # no link is followed

    def note_exactly(self, path: str) -> None:
        """Remember what is at an absolute path now; with a `/` at its end, which names a folder holds."""
        from mattone.replay import state_of

        if self.states is not None:
            self.states[path] = state_of(path)


def _root(files: Sequence[Path]) -> Path:
    """The repository around the work directory, or the work directory; else the folder that holds all the files."""
    here = Path.cwd()
    around = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    absolute = [Path(os.path.abspath(file)) for file in files]  # noqa: PTH100 - `resolve` would follow links
    if all(file.is_relative_to(around) for file in absolute):
        return around
    return Path(os.path.commonpath([file if file.is_dir() else file.parent for file in absolute]))


def _changed_files(wanted: Scope, resolver: FileResolver) -> Set[str] | None:
    """The changed paths below the resolver's root, URLs that a changed map may give another meaning among them."""
    from mattone.git import Repository

    repository = Repository.discover(resolver.root)
    inside = resolver.root.resolve().relative_to(repository.root.resolve()).as_posix()
    prefix = "" if inside == "." else f"{inside}/"
    changed = changed_since(repository, wanted.since)
    maps = (wanted.import_map, wanted.waivers, *(Path(name) for name in _EVERYTHING))
    if any(_changed(repository, changed, file) for file in maps):
        return None
    return {path.removeprefix(prefix) for path in changed if path.startswith(prefix)}


def _changed(repository: Repository, changed: Set[str], file: Path | None) -> bool:
    if file is None or not file.resolve().is_relative_to(repository.root.resolve()):
        return False
    return file.resolve().relative_to(repository.root.resolve()).as_posix() in changed


def changed_since(repository: Repository, revision: str) -> Set[str]:
    """Paths that differ between the work tree and the commit where it left `revision`.

    That is what a merge request changes: what others merged meanwhile is not. Raises InputError when
    there is no such revision, or no common history to compare with.
    """
    if repository.resolve(revision) is None:
        hint = "`git fetch` brings branches of the remote, for example origin/main"
        raise InputError(f"--changed-since: {revision!r} names no commit", hint=hint)
    base = repository.merge_base(revision, "HEAD") if repository.resolve("HEAD") else None
    if base is None:
        shallow = repository.is_shallow()
        hint = "the clone is shallow: `git fetch --unshallow` brings the history" if shallow else "check everything"
        raise InputError(f"--changed-since: {revision!r} and this branch have no common commit", hint=hint)
    return repository.changed_files(base)


def _check_platform(wanted: Scope) -> Checked:
    from mattone.checks.components import templates
    from mattone.platform.site import open_site

    site = open_site(wanted.repo)
    changed = changed_since(site.repository, wanted.since) if wanted.since else None
    if changed is not None and (changed & _EVERYTHING or _changed(site.repository, changed, wanted.waivers)):
        changed = None
    paths = () if wanted.targets else templates(site.files)
    resolver = _resolver(site, wanted.import_map)
    findings = _of_catalogue(site, resolver, paths, changed) if not wanted.targets else ()
    findings += _of_deployments(site, wanted.targets, changed)

    def read(path: str) -> bytes | None:
        found = resolver("", path)
        return found[1] if found else None

    return Checked(findings, read, site.root, paths)


def _resolver(site: Site, import_map: Path | None) -> Resolver:
    from mattone.pins.bundle import tree_resolver
    from mattone.pins.imports import map_of, with_imports
    from mattone.tosca.files import read_import_map

    urls = read_import_map(import_map, site.root) if import_map else map_of(site.files)
    return with_imports(tree_resolver(site.files), urls)


def _of_catalogue(
    site: Site, resolver: Resolver, paths: Sequence[str], changed: Set[str] | None
) -> tuple[Finding, ...]:
    from mattone.checks.components import check_components, check_workspace
    from mattone.checks.forms import check_forms
    from mattone.checks.template import check_templates

    found = check_templates(paths, resolver, changed)
    found += check_components(site.files, changed)
    found += check_forms(site.files, resolver, changed)
    if site.repository.resolve("HEAD") is not None:
        found += check_workspace(site.at("HEAD"))
    return found


def _of_deployments(site: Site, chosen: Sequence[str], changed: Set[str] | None) -> tuple[Finding, ...]:
    from mattone.checks.components import check_federation
    from mattone.pins.releases import Releases
    from mattone.reconcile.wishes import affected, collect

    tree = site.files
    broken = check_federation(tree)
    if broken:
        return broken
    if changed is not None:
        chosen = affected(tree, changed, chosen)
        if not chosen:
            return ()
    return collect(tree, Releases(site.repository, "HEAD"), chosen)[1]
