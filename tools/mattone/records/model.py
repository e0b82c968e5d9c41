"""One record: the account of one operation that ended, with everything that made the deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from mattone import digests
from mattone.errors import InputError, Place

FORMAT = 1


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Record:
    """All times in RFC 3339, UTC.

    environment    the setting of that name
    deployment     `<group>/<name>`
    sequence       1 for the first operation of a deployment, then without gaps
    operation      id of the operation, also inside the template that the engine was given
    action         create, update or delete
    outcome        succeeded or failed
    commit         the merged commit that was applied
    desired        digest of the wish: the digests of all components, inputs with secrets by reference, provider
    reason         why it failed, in the engine's words, secrets hidden
    service        the service and its version
    description    as in the deployment's file
    protected      as in the deployment's file
    inputs         as written in the deployment: secrets are references
    secrets        input path to {reference, version}; never values
    lock           the whole lock, as in its file
    bundle         digest of the files that the engine was given
    template       digest of the rendered template, before secrets went in
    merge_request  iid, title, author, approved_by, merged_by, merged_at, merge_commit; or empty
    applied_by     who ran the apply
    engine         name, version and the engine's id of the deployment
    provider       where it runs
    machines       name, node, address, cpus, memory (MiB), volumes (bytes), ports of each
    outputs        without secrets
    times          planned, started, ended; clock: what a clock that was set back said at the end
    seconds        from planned to ended
    previous       digest of the previous record of this deployment, empty for the first
    tool           the mattone that did it
    """

    environment: str
    deployment: str
    sequence: int
    operation: str
    action: Action
    outcome: Outcome
    commit: str
    desired: str = ""
    reason: str = ""
    service: str = ""
    description: str = ""
    protected: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lock: Mapping[str, Any] = field(default_factory=dict)
    bundle: str = ""
    template: str = ""
    merge_request: Mapping[str, Any] = field(default_factory=dict)
    applied_by: str = ""
    engine: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    machines: tuple[Mapping[str, Any], ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    previous: str = ""
    tool: str = ""

    @property
    def path(self) -> str:
        """Where it is kept: `records/<environment>/<group>/<name>/<sequence>-<operation>.intoto.jsonl`."""
        return f"records/{self.environment}/{self.deployment}/{self.sequence:06d}-{self.operation}.intoto.jsonl"

    @property
    def remote_id(self) -> str:
        return self.engine.get("id", "")

    @property
    def runs(self) -> bool:
        """Whether something is left at the engine after this operation, as far as it is known."""
        return bool(self.remote_id) and not (self.action is Action.DELETE and self.outcome is Outcome.SUCCEEDED)


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "str": str, "int": int, "bool": bool, "float": (int, float), "Mapping": dict, "tuple": tuple,
    "Action": Action, "Outcome": Outcome,
}  # fmt: skip


def dump(record: Record) -> bytes:
    """A record as JSON with sorted keys, one trailing newline: the `deployment.json` of its statements."""
    value = digests.plain({"record": FORMAT, **asdict(record)})
    # A lone surrogate, which an engine's answer may hold, becomes its JSON escape.
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def digest(record: Record) -> str:
    """The digest that the next record of the deployment names as `previous`."""
    return digests.of_bytes(dump(record))


def parse(path: str, data: bytes) -> Record:
    """Read a record's JSON. Raises InputError when it is damaged or of an unknown format."""
    try:
        value = json.loads(data)
        version = value.pop("record")
        if version != FORMAT:
            raise InputError(f"the record has format {version!r}, this mattone reads {FORMAT}", place=Place(path))
        value["action"], value["outcome"] = Action(value["action"]), Outcome(value["outcome"])
        value["machines"] = tuple(value["machines"])
        return _checked(Record(**value))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"the record is damaged: {error}", place=Place(path)) from error


def _checked(record: Record) -> Record:
    """The record itself when each field is of its kind. Raises TypeError."""
    for one in fields(Record):
        value = getattr(record, one.name)
        if not isinstance(value, _KINDS[str(one.type).split("[", 1)[0]]):
            raise TypeError(f"its field {one.name!r} cannot be {json.dumps(value)[:40]}")
    return record
