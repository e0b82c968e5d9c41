"""Comparing documents that are held in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mattone.compat.changes import Change, Comparison
from mattone.compat.compare import compare_libraries
from mattone.compat.library import Files
from mattone.compat.sides import Source
from mattone.compat.sides import compare as compare_sources
from tests.tosca.support import resolver

HEAD = "tosca_definitions_version: tosca_simple_yaml_1_3\n"


def document(body: Mapping[str, Any] | str) -> str:
    """The text of a document; without a version of TOSCA it is one of 1.3."""
    if not body:
        return HEAD
    text = body if isinstance(body, str) else yaml.safe_dump(dict(body), sort_keys=False, allow_unicode=True)
    return text if "tosca_definitions_version" in text else HEAD + text


def compare(before: Mapping[str, Any] | str, after: Mapping[str, Any] | str) -> Comparison:
    """Compare two documents, each the only file of its side."""
    return compare_files({"types.yaml": document(before)}, {"types.yaml": document(after)})


def compare_files(before: Mapping[str, str], after: Mapping[str, str]) -> Comparison:
    """Compare all files of two sides, paired by their paths."""
    sides = [Files(resolver(dict(files)), {path: path for path in files}) for files in (before, after)]
    return compare_libraries(*sides)


@dataclass(frozen=True)
class MemoryTree:
    """A tree whose files are texts: what git and the disk do in earnest."""

    contents: Mapping[str, str]

    def files(self, under: str = "") -> tuple[str, ...]:
        prefix = f"{under}/" if under else ""
        return tuple(sorted(path for path in self.contents if path.startswith(prefix) or path == under))

    def read(self, path: str) -> bytes | None:
        text = self.contents.get(path)
        return None if text is None else text.encode()


def compare_trees(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Every change between two repositories, of whatever components they have."""
    found = compare_sources(Source("before", MemoryTree(before)), Source("after", MemoryTree(after)))
    return tuple(change for _, one in found for change in one.changes)


def compare_example(files: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes of a rule's example: `before.yaml` and `after.yaml`, or two trees below `before/` and `after/`."""
    if "before.yaml" in files:
        return compare(files["before.yaml"], files["after.yaml"]).changes
    trees = [
        {path.removeprefix(prefix): text for path, text in files.items() if path.startswith(prefix)}
        for prefix in ("before/", "after/")
    ]
    return compare_trees(*trees)


def ids(comparison: Comparison) -> list[str]:
    return sorted(one.id for one in comparison.changes)
