"""Wishes, records and what is known, made from few words, for tests of planning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mattone.engines.interface import Observation, Phase
from mattone.pins.lock import Lock, Pin, as_value
from mattone.platform.components import ComponentId, Kind
from mattone.reconcile.journal import Operation, State
from mattone.reconcile.plan import Change, Known, Plan, Step, Wish, make_plan
from mattone.records.model import Action, Outcome, Record, dump, parse
from mattone.records.store import History
from mattone.versions import Version
from tests import small

PAGE = small.DEPLOYMENT
INPUTS = {"title": "Hello", "cpus": 1}


def lock(version: str = "1.0.0", content: str = "sha256:aa") -> Lock:
    component = ComponentId(Kind.SERVICE, "page")
    return Lock(PAGE, {component: Pin(component, "^1.0", Version.parse(version), "c" * 40, content, (PAGE,))})


def wish(inputs: dict[str, Any] | None = None, *, provider: str = "local", **pin: str) -> Wish:
    wanted = replace(small.deployment(), inputs=INPUTS if inputs is None else inputs, provider=provider)
    return Wish(wanted, lock(**pin), updatable=("title",))


def record(
    made: Wish | None = None, *, sequence: int = 1, action: str = "create", ok: bool = True, **more: Any
) -> Record:
    """The record of bringing a wish about, as it comes back from its file."""
    of = made or wish()
    fields: dict[str, Any] = {
        "reason": "" if ok else "task failed", "service": "page 1.0.0", "desired": of.digest,
        "provider": of.deployment.provider, "inputs": of.deployment.inputs, "lock": as_value(of.lock),
        "engine": {"id": "remote-1", "instance": "double"}, **more,
    }  # fmt: skip
    outcome = Outcome.SUCCEEDED if ok else Outcome.FAILED
    found = Record("production", PAGE, sequence, f"{sequence:032x}", Action(action), outcome, "c" * 40, **fields)
    return parse(found.path, dump(found))


def deleted(sequence: int = 2, *, ok: bool = True, left: str = "") -> Record:
    return record(sequence=sequence, action="delete", ok=ok, engine={"id": left} if left else {})


def known(*records: Record, state: State | None = None, phase: Phase | None = None, instance: str = "") -> Known:
    operation = Operation("f" * 32, PAGE, state) if state else None
    seen = Observation(phase, "it broke" if phase is Phase.FAILED else "") if phase else None
    return Known(History(records), operation, seen, instance)


def planned(wanted: Wish | None, what: Known | None) -> Plan:
    wishes = {} if wanted is None else {PAGE: wanted}
    return make_plan("production", "a" * 40, "b" * 40, wishes, {} if what is None else {PAGE: what})


def step(wanted: Wish | None, what: Known | None) -> Step | None:
    steps = planned(wanted, what).steps
    return steps[0] if steps else None


def change(wanted: Wish | None, what: Known | None) -> Change | None:
    found = step(wanted, what)
    return found.change if found else None
