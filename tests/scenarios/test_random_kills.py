"""`mattone apply` as a process of its own, killed at instants that nobody chose; the next runs end what it began.

`MATTONE_KILLS` says how many times (15 by default), `MATTONE_SEED` which instants.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from mattone.platform.keys import KEYS
from mattone.reconcile.journal import State
from tests import small
from tests.doubles.command import run, start
from tests.doubles.world import PAGE, World

KILLS = int(os.environ.get("MATTONE_KILLS", "15"))
SEED = int(os.environ.get("MATTONE_SEED", "5"))
APPLY = ("--wait", "0.05", "apply", "--prune", "--confirm", PAGE)


def trust(world: World) -> None:
    entry = yaml.safe_load(run(world, "keys", "show")[1])["keys"][0]
    (world.root / KEYS).write_text(yaml.safe_dump({"keys": [{**entry, "from": "2020-01-01T00:00:00Z"}]}))
    world._commit()


def change(world: World, number: int) -> bool:
    """Ask for another thing than what runs: two updates, then nothing, then it anew; whether it is to exist."""
    if number % 4 == 3:
        world.unwish()
        return False
    world.wish(small.wish(f"Number {number}"))
    return True


def kill(process: subprocess.Popen[str], *, with_children: bool) -> bool:
    """Kill a process, and the programs that it runs when asked; whether it was still there."""
    victims = [process.pid, *(_descendants(process.pid) if with_children else ())]
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def assert_whole(world: World, exists: bool) -> None:
    """One deployment for one wish, nothing open, each record of one operation that the journal knows as ended."""
    held, records = world.engine.held(PAGE), world.records()
    assert len(held) == int(exists)
    operations = [record.operation for record in records]
    assert len(set(operations)) == len(operations)
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    known = world.journal()._operations
    assert {known[operation].state for operation in operations} == {State.RECORDED}
    assert {operation.state for operation in known.values()} == {State.RECORDED}
    assert records[-1].action == "delete" or world.engine.operation(PAGE) == operations[-1]


@pytest.mark.timeout(120 + 30 * KILLS)
def test_apply_killed_at_any_instant_leaves_one_deployment_a_wish_and_a_chain_that_holds(world: World) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same instants every time
    world.engine.looks_until_ready(4)
    trust(world)
    begun = time.monotonic()
    assert run(world, *APPLY)[0] == 0
    whole = time.monotonic() - begun
    killed = 0
    for number in range(KILLS):
        exists = change(world, number)
        process = start(world, *APPLY)
        time.sleep(chance.uniform(0.2, 1.1) * whole)
        killed += kill(process, with_children=number % 2 == 1)
        code, text = run(world, *APPLY)
        assert code == 0, f"kill {number}: {text}"
        assert_whole(world, exists)
        code, text = run(world, "verify")
        assert code == 0, f"kill {number}: {text}"
    assert killed > KILLS // 3
