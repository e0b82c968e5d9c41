"""Comparing documents that are held in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mattone.compat.changes import Comparison
from mattone.compat.compare import compare_libraries
from mattone.compat.library import Files
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


def ids(comparison: Comparison) -> list[str]:
    return sorted(one.id for one in comparison.changes)
