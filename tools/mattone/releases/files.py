"""The files that a release changes: versions and ranges in manifests, sections in changelogs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mattone.errors import InputError
from mattone.platform.components import Kind
from mattone.platform.tree import Tree
from mattone.releases.changelog import Changelogs, inserted, section_of
from mattone.releases.model import ComponentRelease, NewRange, Plan
from mattone.tosca.source import load


def changed_files(tree: Tree, plan: Plan, texts: Mapping[str, str]) -> dict[str, bytes]:
    """What the files of a tree are after a plan's releases, by path; those that stay as they are, left out.

    texts  the section of each release, by tag
    Raises InputError when a manifest cannot be changed where it stands.
    """
    found: dict[str, bytes] = {}
    for release in plan.releases:
        path, manifest = changelog_path(release), release.component.manifest
        before = tree.read(path) or b""
        after = inserted(before.decode("utf-8", "replace"), release.component.name, release.version, texts[release.tag])
        for name, old, new in (
            (path, before, after.encode()),
            (manifest, tree.read(manifest) or b"", _manifest(tree, release)),
        ):
            if new != old:
                found[name] = new
    return found


def sections(tree: Tree, plan: Plan, changelogs: Changelogs) -> dict[str, str]:
    """The section of each release as it will stand in its changelog, by tag; one written by hand stays as it is."""
    found = {}
    for release in plan.releases:
        written = section_of((tree.read(changelog_path(release)) or b"").decode("utf-8", "replace"), release.version)
        found[release.tag] = written or changelogs.section(release)
    return found


def changelog_path(release: ComponentRelease) -> str:
    return f"{release.component.path}/CHANGELOG.md"


def _manifest(tree: Tree, release: ComponentRelease) -> bytes:
    """The manifest with its new version and ranges, all else as it was, comments and layout too."""
    path = release.component.manifest
    data = tree.read(path) or b""
    document = load(path, data)
    edits = [(document.span("version"), str(release.version))]
    edits += [(document.span(*_keys(one)), one.new) for one in release.ranges]
    text = document.text
    for (start, end), new in sorted(edits, reverse=True):
        if start == end:
            raise InputError("this manifest has no place for its new version or range", place=document.place())
        quote = text[start] if text[start] in "'\"" else ""
        text = text[:start] + quote + new + quote + text[end:]
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return mark + text.encode()


def _keys(one: NewRange) -> Iterable[str]:
    return ("tosca_types",) if one.requirement.kind is Kind.TYPES else ("roles", one.requirement.name)
