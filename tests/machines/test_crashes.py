"""A host process that dies with `kill -9` at any step leaves nothing that the next one cannot finish or remove."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mattone.machines.interface import MachineSpec, Power, Volume
from mattone.machines.layout import Layout
from mattone.machines.podman import PodmanHost
from tests.machines.probes import eventually, shell, traces

pytestmark = [pytest.mark.machine, pytest.mark.timeout(600)]

SPEC = MachineSpec("victim", memory=256, volumes=(Volume("data", 64 << 20, "/data"),), labels={"deployment": "a/b"})

# A process that works on a machine and kills itself right before or after one named function.
CHILD = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from mattone.machines.podman import PodmanHost
from tests.machines.test_crashes import SPEC

workspace, cache, action, when, module, owner, name = sys.argv[1:]
place = import_module(module)
place = getattr(place, owner) if owner else place
original = getattr(place, name)

def deadly(*arguments, **options):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*arguments, **options)
    if when == "after" or "--systemd" in arguments[0]:  # `podman create` has just been started
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(place, name, deadly)
host = PodmanHost(Path(workspace), Path(cache))
host.create(SPEC) if action == "create" else host.delete(SPEC.name)
"""

CREATE_STEPS = [
    ("after", "machines.registry", "Registry", "enlist"),
    ("after", "machines.keys", "", "seed"),
    ("after", "machines.lifecycle", "Lifecycle", "_create"),
    ("before", "machines.limits", "", "apply"),
    ("after", "machines.firewall", "", "apply"),
    ("after", "machines.volumes", "", "_extend"),
    ("after", "machines.volumes", "", "ensure_disk"),
    ("after", "machines.volumes", "", "mount"),
    ("before", "machines.keys", "", "wait"),
    ("before", "machines.registry", "Registry", "mark_ready"),
]
DELETE_STEPS = [
    ("after", "machines.registry", "Registry", "mark_deleting"),
    ("after", "machines.lifecycle", "Lifecycle", "remove"),
    ("before", "machines.registry", "Registry", "forget"),
]


def die(host: PodmanHost, cache: Path, action: str, step: tuple[str, str, str, str]) -> None:
    """Run a child on the host's workspace that is killed at a step."""
    when, module, owner, name = step
    arguments = [str(workspace_of(host)), str(cache), action, when, f"mattone.{module}", owner, name]
    root = Path(__file__).parents[2]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=root,
        env={
            "PYTHONPATH": f"{root / 'tools'}:{root}",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert child.returncode == -9, child.stderr


def workspace_of(host: PodmanHost) -> Path:
    return host.key_file.parents[1]


@pytest.mark.parametrize("step", CREATE_STEPS, ids=lambda step: f"{step[0]}-{step[3]}")
def test_create_killed_at_any_step_is_finished_by_the_next_create(
    machine_host: PodmanHost, cache_folder: Path, step: tuple[str, str, str, str]
) -> None:
    die(machine_host, cache_folder, "create", step)
    listed = machine_host.list({"deployment": "a/b"})
    assert [(machine.spec, machine.power) for machine in listed] == [(SPEC, Power.STOPPED)]
    machine = machine_host.create(SPEC)
    assert machine_host.list() == (machine,)
    assert machine.address == listed[0].address
    assert shell(machine_host, SPEC.name, "findmnt -no FSTYPE /data; sudo touch /data/x; hostname").split() == [
        "ext4",
        SPEC.name,
    ]
    machine_host.delete(SPEC.name)
    assert machine_host.list() == ()


def test_create_killed_while_podman_still_works_for_it_gives_one_machine(
    machine_host: PodmanHost, cache_folder: Path
) -> None:
    die(machine_host, cache_folder, "create", ("started", "process", "", "_start"))
    machine = machine_host.create(SPEC)
    assert machine_host.list() == (machine,)
    assert shell(machine_host, SPEC.name, "hostname") == SPEC.name


@pytest.mark.parametrize("step", DELETE_STEPS, ids=lambda step: f"{step[0]}-{step[3]}")
def test_delete_killed_at_any_step_stays_listed_and_is_finished_by_the_next_delete(
    machine_host: PodmanHost, cache_folder: Path, step: tuple[str, str, str, str]
) -> None:
    machine_host.create(SPEC)
    die(machine_host, cache_folder, "delete", step)
    assert [machine.power for machine in machine_host.list({"deployment": "a/b"})] == [Power.STOPPED]
    machine_host.delete(SPEC.name)
    assert machine_host.list() == ()


@pytest.mark.parametrize("again", ["create", "start"])
def test_a_half_deleted_machine_comes_back_only_as_a_new_one_with_empty_disks(
    machine_host: PodmanHost, cache_folder: Path, again: str
) -> None:
    machine_host.create(SPEC)
    shell(machine_host, SPEC.name, "sudo touch /data/old")
    die(machine_host, cache_folder, "delete", DELETE_STEPS[0])
    machine = machine_host.create(SPEC) if again == "create" else machine_host.start(SPEC.name)
    assert machine.power is Power.RUNNING
    assert shell(machine_host, SPEC.name, "ls /data") == "lost+found"
    machine_host.delete(SPEC.name)


def test_four_machines_made_at_once_and_one_asked_for_twice_are_four_machines(machine_host: PodmanHost) -> None:
    wanted = [MachineSpec(f"m{number}", memory=256) for number in (1, 2, 3, 4, 4)]
    with ThreadPoolExecutor(len(wanted)) as pool:
        made = list(pool.map(machine_host.create, wanted))
    assert made[3] == made[4]
    assert len({machine.address for machine in made}) == 4
    assert {shell(machine_host, machine.spec.name, "hostname") for machine in made} == {"m1", "m2", "m3", "m4"}
    assert machine_host.list() == tuple(made[:4])


def test_remove_all_leaves_no_trace_on_the_host(machine_host: PodmanHost) -> None:
    machine_host.create(SPEC)
    workspace = workspace_of(machine_host)
    identity = Layout(workspace).identity
    kinds = {line.split()[0] for line in traces(workspace, identity)}
    assert {"mount", "loop", "link", "cgroup", "process", "file"} <= kinds
    machine_host.remove_all()
    assert eventually(lambda: traces(workspace, identity) == []), traces(workspace, identity)
    machine_host.remove_all()
