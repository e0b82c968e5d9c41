"""What the two sides of a comparison can be: files, folders, revisions, versions of a component."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mattone.compat.changes import Comparison
from mattone.compat.compare import compare_components, compare_libraries, resolver
from mattone.compat.home import at_home
from mattone.compat.library import Files
from mattone.errors import InputError, MattoneError
from mattone.git import Repository
from mattone.platform.components import TYPE_LIBRARY, TYPES, ComponentId, Kind, load_component, names
from mattone.platform.fields import did_you_mean
from mattone.platform.tree import RevisionTree, Tree, WorkTree
from mattone.versions import Bump, Version

_MARK = b"tosca_definitions_version"


@dataclass(frozen=True, slots=True)
class Source:
    """One side: a tree, what of it is meant, and which version of which component, if it is one.

    path  a folder or file of the tree; empty: all of it
    """

    label: str
    tree: Tree
    path: str = ""
    component: ComponentId | None = None
    version: Version | None = None


def locate(text: str, repo: Path) -> Source:
    """The side that a word of the command line means. Raises InputError when it is nothing of all that.

    A file or folder that exists; `COMPONENT@VERSION`; a revision (a tag, a branch, a commit), with `:PATH` or without.
    """
    path = Path(text)
    if path.exists():
        return _on_disk(text, path)
    repository = Repository.discover(repo)
    name, at, version = text.rpartition("@")
    if at and not name.endswith("/") and (found := _version(version)) is not None:
        return _release(text, repository, component_of(RevisionTree(repository, "HEAD"), name), found)
    revision, _, inside = text.partition(":")
    commit = repository.resolve(revision)
    if commit is None:
        hint = "name a file, a folder, a revision, or COMPONENT@VERSION as in tosca-types@1.2.0"
        raise InputError(f"{text!r} is no file, and no revision of {repository.root}", hint=hint)
    return Source(text, RevisionTree(repository, commit), inside.strip("/"), *_tagged(revision))


def here(repo: Path, old: Source) -> Source:
    """The files of the repository's work tree, to compare with a revision. Raises InputError for what is none."""
    if isinstance(old.tree, WorkTree):
        raise InputError(f"{old.label!r} is compared with what?", hint="name a second file or folder")
    return Source("the work tree", WorkTree(Repository.discover(repo).root), old.path)


def _on_disk(text: str, path: Path) -> Source:
    full = path.absolute()
    folder = full if path.is_dir() else full.parent
    around = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    inside = full.relative_to(around).as_posix()
    return Source(text, WorkTree(around.resolve()), "" if inside == "." else inside)


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except MattoneError:
        return None


def _release(text: str, repository: Repository, component: ComponentId, version: Version) -> Source:
    tag = f"{component.path}/v{version}"
    commit = repository.resolve(f"refs/tags/{tag}")
    if commit is None:
        raise InputError(f"{component} has no version {version}", hint=f"there is no tag {tag}; `git tag` lists all")
    return Source(text, RevisionTree(repository, commit), "", component, version)


def _tagged(revision: str) -> tuple[ComponentId | None, Version | None]:
    """Component and version of a tag as releases write it (`catalog/jupyterlab/v2.0.1`); else nothing."""
    path, _, version = revision.removeprefix("refs/tags/").rpartition("/")
    found = _version(version) if path else None
    for kind in Kind:
        one = TYPES if kind is Kind.TYPES else ComponentId(kind, path.rpartition("/")[2])
        if found is not None and one.path == path:
            return one, found
    return None, None


def component_of(tree: Tree, name: str) -> ComponentId:
    """The component of a name or a folder. Raises InputError when the tree has none, or two, of that name."""
    known = components(tree)
    found = [one for one in known if name.rstrip("/") in (one.path, one.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{name!r} is a service and a role", hint=f"write {found[0].path} or {found[1].path}")
    raise InputError(f"there is no component {name!r}", hint=did_you_mean(name, [one.path for one in known]))


def components(tree: Tree) -> tuple[ComponentId, ...]:
    """Every component that a tree holds: the type library, services and roles, in this order."""
    types = [TYPES] if tree.read(f"{TYPE_LIBRARY}/library.yaml") is not None else []
    pairs = ((Kind.SERVICE, names(tree, Kind.SERVICE)), (Kind.ROLE, names(tree, Kind.ROLE)))
    return (*types, *(ComponentId(kind, name) for kind, found in pairs for name in found))


def compare(
    old: Source, new: Source, wanted: str = "", url: str = ""
) -> Iterator[tuple[ComponentId | None, Comparison]]:
    """Compare two sides: each component of a platform, or all TOSCA documents of anything else.

    wanted  the one component to compare
    url     of the repository itself, where its files name each other by it
    """
    chosen = _chosen(old, new, wanted)
    for one in chosen:
        yield one, compare_components(old.tree, new.tree, one)
    if not chosen:
        before, after = _files(old, url), _files(new, url)
        if ("" in before.paths) != ("" in after.paths):
            raise InputError("a file is compared with a folder", hint="name two files, or two folders")
        yield None, compare_libraries(before, after)


def _chosen(old: Source, new: Source, wanted: str) -> tuple[ComponentId, ...]:
    if wanted:
        both = components(old.tree)
        return (component_of(old.tree if any(wanted in (o.path, o.name) for o in both) else new.tree, wanted),)
    if old.component is not None and new.component is not None and old.component != new.component:
        raise InputError(f"{old.component} is compared with {new.component}", hint="compare versions of one component")
    named = old.component or new.component
    if named is not None:
        return (named,)
    return tuple(dict.fromkeys((*components(old.tree), *components(new.tree)))) if not (old.path or new.path) else ()


def claim(old: Source, new: Source, component: ComponentId | None) -> Bump | None:
    """The bump from one side's version of a component to the other's; None where no version was made in between.

    Below version 1 each part promises as much as the one above it does later (semver 4, and how npm reads `^0.2`).
    """
    if component is None:
        return None
    was, now = (_stated(one, component) for one in (old, new))
    if was is None or now is None or not was < now:
        return None
    bump = was.bump_to(now)
    return bump if was.major or bump is Bump.NONE else Bump(min(bump + 1, Bump.MAJOR))


def _stated(side: Source, component: ComponentId) -> Version | None:
    if side.version is not None:
        return side.version
    found = load_component(side.tree, component)[0]
    return found.version if found is not None else None


def _files(side: Source, url: str) -> Files:
    """The TOSCA documents of a side: one file pairs with whatever stands on the other side, others by their paths."""
    find = at_home(resolver(side.tree), url) if url else resolver(side.tree)
    if side.path and side.tree.files(side.path) == (side.path,):
        return Files(find, {"": side.path})
    paths = [path for path in side.tree.files(side.path) if path.endswith((".yaml", ".yml")) and _is_tosca(side, path)]
    if not paths:
        raise InputError(f"{side.label} has no TOSCA documents", hint="a document says `tosca_definitions_version`")
    return Files(find, {posixpath.relpath(path, side.path or "."): path for path in paths})


def _is_tosca(side: Source, path: str) -> bool:
    try:
        data = side.tree.read(path)
    except InputError:  # a link or a submodule
        return False
    return data is not None and _MARK in data
