"""Artifacts of node types: roles, collections, images and files that come with a type (1.3, 3.6.7)."""

from __future__ import annotations

import re
from typing import Any

from mattone.checks.supply import is_image, is_role
from mattone.compat.pair import Pair
from mattone.compat.sameness import same
from mattone.errors import MattoneError
from mattone.tosca.definitions import text
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import TypeDef
from mattone.versions import Version

_PARTIAL = re.compile(r"v?(\d+)(?:\.\d+)*")


def compare_artifacts(pair: Pair) -> None:
    """Compare the artifacts of a node type, inheritance applied."""
    if not (pair.moved or "artifacts" in pair.old.raw or "artifacts" in pair.new.raw):
        return
    old, new = pair.old.members("artifacts"), pair.new.members("artifacts")
    for name, (raw, spot, owner) in old.items():
        what = f"artifact {show(name)}"
        if name in new:
            other, at, other_owner = new[name]
            if not pair.elsewhere(spot, at) and not same(raw, other):
                _artifact(pair, what, (_long(raw), spot, owner), (_long(other), at, other_owner))
        elif pair.lost(spot):
            pair.out.follow(pair.name, f"{pair.name}, {what}")
        elif not pair.untold(pair.new):
            pair.out.add("COMPAT1160", f"{pair.name}, {what}", "it is gone", spot, None)
    for name, (_, spot, _) in new.items():
        if name not in old and not pair.untold(pair.old) and (pair.moved or not pair.lost(spot)):
            pair.out.add("COMPAT2160", f"{pair.name}, artifact {show(name)}", "it is new", None, spot)


def _long(raw: Any) -> dict[Any, Any]:
    return raw if isinstance(raw, dict) else {"file": raw}


def _artifact(
    pair: Pair, what: str, old: tuple[dict[Any, Any], Spot, TypeDef], new: tuple[dict[Any, Any], Spot, TypeDef]
) -> None:
    subject = f"{pair.name}, {what}"
    before, after = (_type(raw, owner) for raw, _, owner in (old, new))
    if before[0] != after[0] and before[0] not in after:
        why = f"its type was {show(before[0] or 'none')} and is {show(after[0] or 'none')}"
        pair.out.add("COMPAT1161", subject, why, old[1], new[1])
    was, now = (text(raw.get("file")) for raw, _, _ in (old, new))
    if was == now:
        return
    why = f"it was {show(was, 120)} and is {show(now, 120)}"
    versioned = all(is_role(raw, owner.scope) or is_image(raw, owner.scope) for raw, _, owner in (old, new))
    if versioned and _is_major(was, now):
        pair.out.add("COMPAT2161", subject, f"{why}, another major version or another one altogether", old[1], new[1])
    else:
        pair.out.add("COMPAT3161", subject, why, old[1], new[1])


def _type(raw: dict[Any, Any], owner: TypeDef) -> list[str]:
    """The names of an artifact's type and its ancestors, the nearest first."""
    found = owner.scope.find("artifact", raw.get("type"))
    return [one.name for one in found.lineage] if found is not None else [text(raw.get("type"))]


def _is_major(old: str, new: str) -> bool:
    """Whether two references name another thing, or versions of it that semver 8 lets differ in their interface."""
    (was, before), (now, after) = parts(old), parts(new)
    return was != now or _generation(before) != _generation(after)


def parts(reference: str) -> tuple[str, str]:
    """Name and version of a role, a collection or an image: `name,version`, `git+URL,ref|name`, `image:tag`."""
    if "," in reference:
        name, _, version = reference.partition(",")
        version = re.split(r"[|,]", version)[0]
        return name.strip().removesuffix(".git"), version.strip()
    if "|" in reference:
        return reference.partition("|")[0].strip().removesuffix(".git"), ""
    name, at, digest = reference.partition("@")
    head, slash, tail = name.rpartition("/")
    image, colon, tag = tail.partition(":")
    if "://" in reference or not (colon or at):
        return reference.strip().removesuffix(".git"), ""
    return f"{head}{slash}{image}", tag or digest


def _generation(version: str) -> str:
    """What of a version stands for its interface: the major number, with the minor one below 1; else all of it."""
    try:
        read = Version.parse(version)
    except MattoneError:
        found = _PARTIAL.fullmatch(version)
        return found.group(1) if found is not None and found.group(1) != "0" else version
    return f"{read.major}.{read.minor}" if read.major == 0 else str(read.major)
