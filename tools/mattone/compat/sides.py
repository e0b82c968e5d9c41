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
from mattone.platform.components import TYPE_LIBRARY, TYPES, ComponentId, Kind, names
from mattone.platform.fields import did_you_mean
from mattone.platform.tree import RevisionTree, Tree, WorkTree
from mattone.versions import Version

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


def here(repo: Path) -> Source:
    """The files of the repository's work tree."""
    return Source("the work tree", WorkTree(Repository.discover(repo).root))


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


def compare(old: Source, new: Source, wanted: str = "", url: str = "") -> Iterator[tuple[str, Comparison]]:
    """Compare two sides: each component of a platform, or all TOSCA documents of anything else, with its title.

    wanted  the one component to compare
    url     of the repository itself, where its files name each other by it
    """
    component = old.component or new.component
    if wanted:
        component = component_of(new.tree, wanted)
    if component is not None:
        yield component.path, compare_components(old.tree, new.tree, component)
        return
    both = dict.fromkeys((*components(old.tree), *components(new.tree))) if not (old.path or new.path) else {}
    if both:
        for one in both:
            yield one.path, compare_components(old.tree, new.tree, one)
        return
    yield "", compare_libraries(_files(old, url), _files(new, url))


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
