"""Documents before and after: gone from where they are imported, of another version of TOSCA, in another namespace."""

from __future__ import annotations

from collections.abc import Mapping

from mattone.compat.changes import Collector
from mattone.compat.library import Side
from mattone.compat.pair import title
from mattone.compat.sameness import same
from mattone.tosca.dialects import dialect_of
from mattone.tosca.source import Document
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import mapping
from mattone.tosca.types import KINDS, TypeDef

_NAMESPACES = ("namespace", "tosca_default_namespace")


def compare_documents(before: Side, after: Side, out: Collector) -> None:
    """Compare what is said of documents as a whole, and whether their types are still found in them."""
    for name, old in before.roots.items():
        new = after.roots.get(name)
        if new is not None:
            _versions(old, new, out)
    if set(before.roots) != {""}:  # else one file each: whoever compares them says that they are the same
        _moved(before, after, out)
        _services(before, after, out)


def _versions(old: Document, new: Document, out: Collector) -> None:
    """The same new version in many files is one change: the first file's, with the others as consequences."""
    if old.broken or new.broken:
        return
    for rule, keys, what in (
        ("COMPAT1004", ("tosca_definitions_version",), "TOSCA"),
        ("COMPAT1005", _NAMESPACES, "its namespace"),
    ):
        key = next((one for one in keys if one in old.value or one in new.value), keys[0])
        was, now = old.value.get(key), new.value.get(key)
        if not same(was, now):
            why = f"{what} was {show(was or 'none')} and is {show(now or 'none')}"
            out.add_once(rule, f"file {new.path}", why, Spot(old, (key,)), Spot(new, (key,)))
    if not same(_rest(old), _rest(new)):
        why = "description, metadata, imports or other things around the types and the topology changed"
        out.add_once("COMPAT3003", f"file {new.path}", why, Spot(old), Spot(new))


_TOPOLOGIES = {"topology_template", "service_template"}
_APART = {section for section, _ in KINDS.values()} | {"tosca_definitions_version", *_TOPOLOGIES, *_NAMESPACES}


def _rest(document: Document) -> dict[object, object]:
    return {key: value for key, value in document.value.items() if key not in _APART}


def _moved(before: Side, after: Side, out: Collector) -> None:
    """Types that are no longer found where they were: who imports that file has lost them."""
    for root, document in before.roots.items():
        if _topology(document) or document.broken:
            continue
        for kind in KINDS:
            seen = {one.name for one in before.workspace.scope(document).own(kind).values()}
            for name in sorted(seen - after.names(root, kind)):
                new = after.types.get((kind, name))
                if new is not None:
                    _lost(document, after.spot_of(root), new, out)


def _services(before: Side, after: Side, out: Collector) -> None:
    """Service templates that are gone, and new ones."""
    for name, document in before.roots.items():
        if name not in after.roots and _topology(document):
            out.add("COMPAT1006", f"file {document.path}", "it is gone", Spot(document), None)

    for name, document in after.roots.items():
        if name not in before.roots and _topology(document):
            out.add("COMPAT2006", f"file {document.path}", "it is new", None, Spot(document))


def _lost(document: Document, now: Spot | None, new: TypeDef, out: Collector) -> None:
    what, subject = title(new.kind, new.name), f"file {document.path}"
    if not out.has("COMPAT1006", subject):
        why = f"types are no longer found in it: {what} is in {new.spot.document.path} now"
        out.add("COMPAT1006", subject, why, Spot(document), now)
    out.follow(subject, what)


def _topology(document: Document) -> Mapping[object, object]:
    return mapping(document.value, dialect_of(document.value).service)
