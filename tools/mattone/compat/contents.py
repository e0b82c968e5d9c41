"""Playbooks, scripts and other files that types run or bring: the same name, other contents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mattone.compat.changes import Collector
from mattone.compat.library import Side
from mattone.compat.operations import files_of
from mattone.compat.pair import title
from mattone.errors import MattoneError
from mattone.tosca.artifacts import is_file_artifact
from mattone.tosca.source import Document
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import TypeDef, named


def compare_contents(before: Side, after: Side, out: Collector) -> None:
    """Compare every file that a type names on both sides; a file is one change, however many types use it."""
    seen: dict[tuple[str, str], str] = {}
    for key, new in after.types.items():
        if key not in before.types or not ("interfaces" in new.raw or "artifacts" in new.raw):
            continue
        base = before.types[key].spot.document.path
        for reference in _references(new):
            pair = (base, reference)
            if pair not in seen:
                seen[pair] = _changed(before, after, base, (new.spot.document.path, reference))
            if seen[pair]:
                spot = Spot(Document(seen[pair], None, ()))
                why = "its content changed, behind the same interface"
                out.add("COMPAT3151", f"file {show(seen[pair], 200)}", why, spot, spot)
                out.follow(f"file {show(seen[pair], 200)}", title(*key))


def _changed(before: Side, after: Side, base: str, new: tuple[str, str]) -> str:
    """The path of a file that both sides have with different contents; else nothing."""
    one, other = _read(before, base, new[1]), _read(after, *new)
    return other[0] if one is not None and other is not None and one[1] != other[1] else ""


def _read(side: Side, base: str, reference: str) -> tuple[str, bytes] | None:
    try:
        return side.resolver(base, reference)
    except (MattoneError, ValueError):  # refused, or no path at all
        return None


def _references(one: TypeDef) -> Iterator[str]:
    for _, interface, _ in named(one.raw.get("interfaces")):
        for _, body, _ in named(interface if isinstance(interface, dict) else None):
            yield from _operation(body)
    for _, raw, _ in named(one.raw.get("artifacts")):
        file = raw.get("file") if isinstance(raw, dict) else raw
        if isinstance(file, str) and (not isinstance(raw, dict) or is_file_artifact(raw, one.scope)):
            yield file


def _operation(body: Any) -> Iterator[str]:
    """The files of an operation, or of the operations under version 1.3's own key for them."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict) and "implementation" in body:
        yield from files_of(body["implementation"])
    elif isinstance(body, dict):
        for _, inner, _ in named(body):
            yield from files_of(inner.get("implementation") if isinstance(inner, dict) else inner)
