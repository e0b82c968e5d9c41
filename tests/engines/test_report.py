"""What a person learns of a failed configuration, from text as Ansible 2.19 and IM 2.0 print it."""

from __future__ import annotations

import pytest

from mattone.engines.infrastructure_manager.report import failure, progress, remote_machines
from mattone.machines.interface import Machine, MachineSpec, PortRule, Power, Volume

_TASKS = """\
2026-11-22 21:33:37.978339: Copying YAML, hosts and inventory files.
VM 0:
Launch task: greeting_server_conf_server

PLAY [192.0.2.1_0] *********************************************************

TASK [one : Try what may fail] *********************************************
Sunday 22 November 2026  21:33:46.005973
fatal: [192.0.2.1_0]: FAILED! => {"changed": false, "msg": "harmless"}
...ignoring

TASK [two : Install the thing] *********************************************
Sunday 22 November 2026  21:33:46.942978
"""


def test_the_task_that_failed_and_its_message_are_the_reason() -> None:
    log = (
        _TASKS
        + 'fatal: [192.0.2.1_0]: FAILED! => {\n    "changed": false,\n    "msg": "no such {thing}"\n}\n\nPLAY RECAP\n'
    )
    assert failure(log) == "task [two : Install the thing] failed: no such {thing}"


def test_of_a_command_its_standard_error_is_told_too() -> None:
    log = _TASKS + 'fatal: [x]: FAILED! => {"msg": "non-zero return code", "rc": 2, "stderr": "disk on fire\\n"}\n'
    assert failure(log) == "task [two : Install the thing] failed: non-zero return code | disk on fire"


def test_a_failed_item_of_a_loop_is_found() -> None:
    log = _TASKS + 'failed: [x] (item=[1, 2]) => {"item": 1, "msg": "not this one"}\n'
    assert failure(log) == "task [two : Install the thing] failed: not this one"


def test_an_unreachable_machine_is_found() -> None:
    log = _TASKS + 'fatal: [x]: UNREACHABLE! => {"msg": "Failed to connect via ssh", "unreachable": true}\n'
    assert failure(log) == "task [two : Install the thing] failed: Failed to connect via ssh"


def test_who_waits_sees_the_task_that_runs() -> None:
    assert progress(_TASKS) == "task [two : Install the thing]"
    assert progress("2026-11-22 21:33:37: Copying YAML, hosts and inventory files.\n") == ""


def test_a_failure_that_was_ignored_is_no_reason() -> None:
    assert failure(_TASKS) == ""


def test_what_is_no_task_is_told_by_its_own_line() -> None:
    log = _TASKS + "ERROR: couldn't resolve module/action 'nonsense'.\n"
    assert failure(log) == "ERROR: couldn't resolve module/action 'nonsense'."


def test_im_s_summary_of_an_error_is_not_taken_for_the_error() -> None:
    log = _TASKS + (
        "ERROR: couldn't resolve module/action 'nonsense'.\n"
        "ERROR executing playbook (1/1)\nERROR executing task main_server: (1/1)\n"
    )
    assert failure(log) == "ERROR: couldn't resolve module/action 'nonsense'."


@pytest.mark.parametrize("broken", ["fatal: [x]: FAILED! => {not json", "fatal: [x]: FAILED! => "])
def test_a_result_that_is_no_json_is_told_as_it_stands(broken: str) -> None:
    assert failure(_TASKS + broken) == f"task [two : Install the thing] failed: {broken.strip()}"


def test_hostile_output_stays_one_short_line() -> None:
    log = _TASKS + 'fatal: [x]: FAILED! => {"msg": "' + "\\u001b[31mred\\n" * 400 + '"}\n'
    assert "\x1b" not in failure(log)
    assert "\n" not in failure(log)
    assert len(failure(log)) <= 500


def test_machines_are_reported_as_their_host_sees_them() -> None:
    spec = MachineSpec(
        "vm-1",
        cpus=2,
        memory=512,
        volumes=(Volume("data", 1 << 30, "/data"),),
        ports=(PortRule("tcp", 22, 22), PortRule("udp", 5, 9)),
        labels={"mattone.node": "server"},
    )
    (machine,) = remote_machines([Machine(spec, "192.0.2.1", Power.STOPPED)])
    assert (machine.name, machine.node, machine.state, machine.address) == ("vm-1", "server", "stopped", "192.0.2.1")
    assert (machine.cpus, machine.memory, machine.volumes) == (2, 512, {"data": 1 << 30})
    assert machine.ports == ("22/tcp", "5-9/udp")
