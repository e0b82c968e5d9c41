"""Trusting a key: a merge request that adds it to `federation/keys.yaml`."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError, Place
from mattone.platform.keys import KEYS, load_keys, read_keys
from mattone.reconcile.request import Desk, Proposal

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)


@dataclass(frozen=True)
class _OneFile:
    """A tree that holds `federation/keys.yaml` alone."""

    data: bytes

    def files(self, under: str = "") -> tuple[str, ...]:
        return (KEYS,) if KEYS.startswith(under) else ()

    def read(self, path: str) -> bytes | None:
        return self.data if path == KEYS else None


def entry(public: bytes, environment: str, owner: str, since: str) -> dict[str, Any]:
    """An entry of `federation/keys.yaml`. `since` in RFC 3339, UTC."""
    return {
        "public": base64.b64encode(public).decode(),
        "owner": owner,
        "environments": [environment],
        "from": since,
    }


def propose(desk: Desk, added: Mapping[str, Any]) -> Proposal:
    """The merge request's files and texts. Raises InputError when the platform has the key already."""
    known = load_keys(desk.tree)
    if base64.b64decode(added["public"]) in known:
        raise InputError("the platform has this key already", place=Place(KEYS), hint="`mattone keys list` shows them")
    text = _with(desk.tree.read(KEYS), added)
    if len(read_keys(_OneFile(text))[0]) != len(known) + 1:
        raise InputError("its list of keys is written in a form that cannot be added to", place=Place(KEYS),
                         hint="add what `mattone keys show` prints by hand")  # fmt: skip
    description = (
        "Records signed with this key count once it is merged. "
        "Compare it with what its owner sees in `mattone keys show`."
    )
    return Proposal("", {KEYS: text}, f"Trust the key of {added['owner']}", description, "trust/key")


def _with(present: bytes | None, added: Mapping[str, Any]) -> bytes:
    """The file with one more entry; what stands in it stays as it is, comments included."""
    import yaml

    if present is None:
        return yaml.safe_dump({"keys": [dict(added)]}, sort_keys=False).encode()
    text = present.decode().rstrip("\n") + "\n"
    found = _ITEM.search(text)
    indent = found[1] if found else ""
    lines = yaml.safe_dump([dict(added)], sort_keys=False).splitlines()
    return (text + "".join(f"{indent}{line}\n" for line in lines)).encode()
