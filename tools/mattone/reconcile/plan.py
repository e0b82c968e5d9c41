"""The plan: what reconciling would do to each deployment, and why. A function of values alone.

A plan is bound by digest to all it was computed from: the head and base commit, each wish (files,
versions, inputs), each deployment's newest record, and what the engine was seen to run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mattone import digests
from mattone.engines.interface import Capabilities, Observation, Phase, Placement
from mattone.pins.lock import Lock, as_value
from mattone.platform.deployments import Deployment
from mattone.reconcile.abilities import EVERYTHING, NOTHING_FIRM, Firm, impossible
from mattone.reconcile.journal import Operation, State
from mattone.records.model import Action, Outcome, Record, digest
from mattone.records.store import History


class Change(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "no change"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Wish:
    """A deployment as it should be: the file, the lock, what of it may change while it lives, where it runs.

    firm  what of it not every engine can change
    """

    deployment: Deployment
    lock: Lock
    updatable: tuple[str, ...] = ()
    placement: Placement | None = None
    firm: Firm = NOTHING_FIRM

    @property
    def digest(self) -> str:
        """What the wish comes down to: content of all that is locked, inputs, provider. Not commits or ranges."""
        pins = {which.path: pin.digest for which, pin in self.lock.pins.items()}
        elsewhere = {" ".join(entry.key): entry.digest for entry in self.lock.external}
        wish = self.deployment
        return digests.of_value({"pins": {**pins, **elsewhere}, "inputs": wish.inputs, "provider": wish.provider})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs; None where there is none. `kind`: input, version, content or secret."""

    kind: str
    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one deployment.

    why       the reason in words
    desired   digest of the wish, empty for a deletion
    record    digest of the newest record, empty when there is none
    observed  digest of what the engine was seen to run, empty when it was not asked
    """

    deployment: str
    change: Change
    why: str
    service: str = ""
    fields: tuple[FieldChange, ...] = ()
    protected: bool = False
    desired: str = ""
    record: str = ""
    observed: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    environment: str
    head: str
    base: str
    steps: tuple[Step, ...] = field(default_factory=tuple)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something, or that would have to and cannot."""
        return tuple(step for step in self.steps if step.change is not Change.NONE)

    @property
    def digest(self) -> str:
        return digests.of_value(asdict(self))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one deployment besides the wish: records, open operation, the engine's view.

    instance  which installation of the engine would be used; empty when that does not matter
    secrets   input path to the version that its secret has now, where it can be read
    can       what the engine can do; by default everything
    """

    history: History
    operation: Operation | None = None
    observation: Observation | None = None
    instance: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    can: Capabilities = EVERYTHING

    @property
    def elsewhere(self) -> bool:
        """Whether another installation of the engine holds the deployment, of which this one knows nothing."""
        running = self.history.running
        return bool(running and self.instance and running.engine.get("instance", self.instance) != self.instance)


def make_plan(environment: str, head: str, base: str, wishes: Mapping[str, Wish], known: Mapping[str, Known]) -> Plan:
    """Plan every deployment that is wished for or that records say is running, sorted by id."""
    everything = sorted(set(wishes) | set(known))
    steps = (_step(name, wishes.get(name), known.get(name, Known(History(())))) for name in everything)
    return Plan(environment, head, base, tuple(step for step in steps if step is not None))


def _step(name: str, wish: Wish | None, known: Known) -> Step | None:
    running = known.history.running
    interrupted = _may_have_acted(known.operation)
    if known.operation is not None and known.operation.state is State.UNKNOWN:
        why = f"nobody knows what became of an interrupted operation; `mattone resolve {name}` shows what is known"
        return _made(name, Change.BLOCKED, why, wish, known)
    if wish is None:
        if running is None and not interrupted:
            return None
        if known.elsewhere:
            return _made(name, Change.BLOCKED, "the engine of another workspace made it; delete it there", None, known)
        return _made(name, Change.DELETE, "its file is gone from the merged state", None, known)
    if known.elsewhere:
        return _made(name, Change.BLOCKED, "the engine of another workspace made it; apply there", wish, known)
    if running is None:
        why = "an earlier attempt was interrupted" if interrupted else "it does not exist yet"
        return _made(name, Change.CREATE, why, wish, known)
    step = _compare(name, wish, running, known)
    if interrupted and step.change is Change.NONE:
        return _made(name, Change.UPDATE, "an earlier change of it was interrupted", wish, known)
    return step


def _may_have_acted(operation: Operation | None) -> bool:
    """Whether an open operation may have changed something at the engine."""
    return operation is not None and operation.state in {State.STARTED, State.SENT}


def _compare(name: str, wish: Wish, running: Record, known: Known) -> Step:
    phase = known.observation.phase if known.observation else None
    if phase is Phase.GONE:
        return _made(name, Change.CREATE, "the engine does not have it any more", wish, known)
    fields = (*differences(running, wish), *_new_secrets(running, known.secrets))
    last = known.history.last_attempted
    if _lives(known.history) and (why := _forbidden(running, wish, fields) or _impossible(wish, fields, known.can)):
        return _made(name, Change.BLOCKED, why, wish, known, fields)
    if last is not None and last.outcome is Outcome.FAILED:
        return _made(
            name, Change.UPDATE, f"the last attempt failed: {last.reason or 'no reason known'}", wish, known, fields
        )
    if wish.digest != running.desired:
        return _made(name, Change.UPDATE, _summary(fields), wish, known, fields)
    if any(field.kind == "secret" for field in fields):
        return _made(name, Change.UPDATE, _summary(fields), wish, known, fields)
    if phase is Phase.FAILED and known.observation is not None:
        return _made(name, Change.UPDATE, f"the engine says it failed: {known.observation.reason}", wish, known)
    return _made(name, Change.NONE, "it is as it should be", wish, known)


def _forbidden(running: Record, wish: Wish, fields: tuple[FieldChange, ...]) -> str:
    """Why the service does not let these fields change while it lives; "" when it does."""
    frozen = [f.name for f in fields if f.kind == "input" and wish.updatable and f.name not in wish.updatable]
    if running.provider and wish.deployment.provider != running.provider:
        frozen.append("provider")
    listed = ", ".join(frozen)
    return f"{listed} cannot change while it lives: delete it and ask again, or restore the old value" if frozen else ""


def _impossible(wish: Wish, fields: tuple[FieldChange, ...], can: Capabilities) -> str:
    """Why the engine cannot change these fields while it lives; "" when it can."""
    changed = [(field.name, field.old, field.new) for field in fields if field.kind == "input"]
    return impossible(changed, wish.firm, can)


def _new_secrets(running: Record, now: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Secrets that have another version than when the deployment was applied."""
    before = {path: secret.get("version", "") for path, secret in running.secrets.items()}
    changed = (path for path in sorted(now) if path in before and before[path] != now[path])
    return tuple(FieldChange("secret", path, f"version {before[path]}", f"version {now[path]}") for path in changed)


def _lives(history: History) -> bool:
    """Whether something that once was ready is still there: an update that failed since does not unmake it."""
    for record in reversed(history.records):
        if record.outcome is Outcome.SUCCEEDED:
            return record.action is not Action.DELETE
        if record.action is Action.CREATE:
            return False
    return False


def _summary(fields: tuple[FieldChange, ...]) -> str:
    nouns = {"input": "inputs", "version": "versions", "secret": "secrets", "content": "content"}
    counts = {kind: sum(f.kind == kind for f in fields) for kind in nouns}
    words = [f"{count} {kind if count == 1 else nouns[kind]} changed" for kind, count in counts.items() if count]
    return ", ".join(words) or "its content changed"


def _made(
    name: str, change: Change, why: str, wish: Wish | None, known: Known, fields: tuple[FieldChange, ...] = ()
) -> Step:
    running, last = known.history.running, known.history.last_attempted
    if not fields and wish is not None and change is Change.CREATE:
        fields = tuple(FieldChange("input", key, None, value) for key, value in sorted(wish.deployment.inputs.items()))
    pin = wish.lock.service if wish else None
    return Step(
        deployment=name,
        change=change,
        why=why,
        service=f"{pin.component.name} {pin.version}" if pin else (running.service if running else ""),
        fields=fields,
        protected=running.protected if running else False,
        desired=wish.digest if wish else "",
        record=digest(last) if last else "",
        observed=digests.of_value(asdict(known.observation)) if known.observation else "",
    )


def differences(running: Record, wish: Wish) -> tuple[FieldChange, ...]:
    """Field by field what a running deployment and its wish differ in."""
    found = [
        FieldChange("input", name, running.inputs.get(name), wish.deployment.inputs.get(name))
        for name in sorted(set(running.inputs) | set(wish.deployment.inputs))
        if not _same(running.inputs.get(name), wish.deployment.inputs.get(name))
    ]
    old, new = _locked(running.lock), _locked(as_value(wish.lock))
    for name in sorted(set(old) | set(new)):
        before, after = old.get(name), new.get(name)
        if (before or {}).get("version") != (after or {}).get("version"):
            found.append(FieldChange("version", name, _version(before), _version(after)))
        elif before and after and before.get("digest") != after.get("digest"):
            found.append(FieldChange("content", name, _content(before), _content(after)))
    return tuple(found)


def _locked(lock: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rows of a lock by the name that people know; a name that stands twice gets its version too."""
    rows = {row["component"]: row for row in lock.get("components", ())}
    elsewhere = [(f"{row['kind']} {row['name']}", row) for row in lock.get("external", ())]
    names = Counter(name for name, _ in elsewhere)
    return rows | {name if names[name] == 1 else f"{name} {row['version']}": row for name, row in elsewhere}


def _content(row: Mapping[str, Any]) -> str:
    return digests.short(row["digest"]) if "digest" in row else "not pinned"


def _same(old: Any, new: Any) -> bool:
    """Whether two values have the same digest, as wishes have: one comes from a record's JSON, one from YAML."""
    return digests.of_value(old) == digests.of_value(new)


def _version(row: Mapping[str, Any] | None) -> str | None:
    return str(row["version"]) if row else None
