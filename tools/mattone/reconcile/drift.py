"""Drift: what is wanted, what was recorded, and what the engine and its machines say now.

Everything observed comes from facts of machines and the engine's own state, never from a template's outputs: an
engine repeats there what it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mattone.engines.interface import Engine, Observation, Phase, RemoteMachine
from mattone.errors import RemoteError
from mattone.reconcile.plan import Change, Step
from mattone.records.model import Record


class State(StrEnum):
    """What came of comparing one deployment."""

    IN_SYNC = "in sync"
    PENDING = "not applied"  # wanted otherwise than recorded; what runs is as recorded
    DRIFTED = "drifted"
    UNKNOWN = "unknown"  # the engine did not say


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as recorded; texts, empty where there is nothing.

    kind  engine, machine, cpus, memory, volume, port or address
    """

    kind: str
    subject: str
    recorded: str
    observed: str


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of one deployment. `reason` says why it is unknown, or what is not applied yet."""

    deployment: str
    state: State
    differences: tuple[Difference, ...] = ()
    reason: str = ""


def look(engine: Engine, records: Iterable[Record], parallel: int) -> dict[str, Observation | RemoteError]:
    """Ask the engine for each recorded deployment, `parallel` at a time; what it did not answer is its error."""

    def ask(record: Record) -> Observation | RemoteError:
        try:
            return engine.observe(record.remote_id)
        except RemoteError as error:
            return error

    rows = list(records)
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        return dict(zip((row.deployment for row in rows), pool.map(ask, rows), strict=True))


def compare(record: Record, seen: Observation | RemoteError, step: Step | None) -> Report:
    """One deployment: its newest record of what runs, what was seen, and the plan's step for it, if there is one."""
    if isinstance(seen, RemoteError):
        return Report(record.deployment, State.UNKNOWN, (), seen.message)
    if seen.phase is Phase.UNKNOWN:
        return Report(record.deployment, State.UNKNOWN, (), seen.reason or "the engine does not know how it is")
    found = (*_of_engine(seen), *_of_machines(record, seen))
    if found:
        return Report(record.deployment, State.DRIFTED, found)
    if step is not None and step.change is not Change.NONE:
        return Report(record.deployment, State.PENDING, (), f"{step.change}: {step.why}")
    return Report(record.deployment, State.IN_SYNC)


def _of_engine(seen: Observation) -> list[Difference]:
    if seen.phase is Phase.READY:
        return []
    reason = f": {seen.reason}" if seen.reason else ""
    return [Difference("engine", "state", Phase.READY.value, f"{seen.phase.value}{reason}")]


def _of_machines(record: Record, seen: Observation) -> list[Difference]:
    """Machines by name; what a record does not say, because it is older than the question, is not compared."""
    if seen.phase is Phase.GONE:
        return []
    before = {str(one["name"]): one for one in record.machines}
    now = {one.name: one for one in seen.machines}
    found: list[Difference] = []
    for name in sorted({*before, *now}):
        if name not in now:
            found.append(Difference("machine", name, "there", "missing"))
        elif name not in before:
            found.append(Difference("machine", name, "", "there, and nobody asked for it"))
        else:
            found += _of_machine(before[name], now[name])
    return found


def _of_machine(before: Mapping[str, Any], now: RemoteMachine) -> list[Difference]:
    found = [
        Difference(kind, now.name, shown(before[kind]), shown(observed))
        for kind, observed in (("address", now.address), ("cpus", now.cpus), ("memory", now.memory))
        if kind in before and before[kind] != observed
    ]
    volumes = before.get("volumes", now.volumes)
    for name in sorted({*volumes, *now.volumes}):
        if volumes.get(name) != now.volumes.get(name):
            sizes = [f"{size[name]} bytes" if name in size else "" for size in (volumes, now.volumes)]
            found.append(Difference("volume", f"{now.name} {name}", *sizes))
    ports = set(before.get("ports", now.ports))
    for port in sorted(ports ^ set(now.ports)):
        found.append(Difference("port", f"{now.name} {port}", *(("open", "") if port in ports else ("", "open"))))
    return found


def shown(value: object) -> str:
    """A number without a fraction that it does not have; any other value as its text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_value(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """Reports as plain values."""
    return [asdict(one) for one in reports]


def check(
    engine: Engine,
    running: Mapping[str, Record],
    steps: Mapping[str, Step],
    parallel: int,
    done: Callable[[Report], None] = lambda _: None,
) -> tuple[Report, ...]:
    """Every running deployment, sorted by name. `done` hears of each that is not in sync."""
    seen = look(engine, running.values(), parallel)
    reports = tuple(compare(running[name], seen[name], steps.get(name)) for name in sorted(running))
    for one in reports:
        if one.state is not State.IN_SYNC:
            done(one)
    return reports
