"""The agent as IM starts it on the controller, with a real ansible-playbook on this host's own connection."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mattone.engines.infrastructure_manager import supervisor

AGENT = Path(supervisor.__file__).parent / "contextualization" / "ctxt_agent.py"

_INVENTORY = """\
all:
  children:
    server: {hosts: {192.0.2.1_0: {ansible_connection: local, ansible_python_interpreter: PYTHON}}}
    allnowindows: {hosts: {192.0.2.1_0: {}}}
"""
_CONFIGURE = """\
- hosts: allnowindows
  gather_facts: false
- hosts: "{{ IM_HOST }}"
  gather_facts: false
  tasks:
    - name: Write where it ran
      ansible.builtin.copy: {content: "{{ inventory_hostname }}", dest: "FOLDER/written", mode: "0600"}
"""
_BREAK = """\
- hosts: "{{ IM_HOST }}"
  gather_facts: false
  tasks:
    - name: Break
      ansible.builtin.fail: {msg: on purpose}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What IM has copied: all machines, the inventory, the playbooks of two nodes."""
    general = {"conf_dir": str(tmp_path), "vms": [{"id": 0, "ip": "192.0.2.1", "private_key": "the key"}]}
    (tmp_path / "general_info.cfg").write_text(json.dumps(general))
    (tmp_path / "hosts").write_text(_INVENTORY.replace("PYTHON", sys.executable))
    (tmp_path / "good_task_all.yml").write_text(_CONFIGURE.replace("FOLDER", str(tmp_path)))
    (tmp_path / "bad_task_all.yml").write_text(_BREAK)
    (tmp_path / "facts").mkdir()
    (tmp_path / "machine").mkdir()
    return tmp_path


def _run(folder: Path, *steps: str, identity: int = 0) -> tuple[int, dict[str, Any], str]:
    config = folder / "machine" / "config.cfg"
    config.write_text(json.dumps({"id": identity, "tasks": steps, "remote_dir": str(folder / "machine")}))
    env = {**os.environ, "MATTONE_FACTS": str(folder / "facts"), "ANSIBLE_HOME": str(folder / "ansible")}
    command = [sys.executable, str(AGENT), str(folder / "general_info.cfg"), str(config)]
    ended = subprocess.run(command, env=env, capture_output=True, check=False)
    verdict = json.loads((folder / "machine" / "ctxt_agent.out").read_text())
    return ended.returncode, verdict, (folder / "machine" / "ctxt_agent.log").read_text()


def test_a_node_s_playbook_runs_on_its_machine_with_the_machine_s_key(folder: Path) -> None:
    code, verdict, log = _run(folder, "good")
    assert (code, verdict) == (0, {"good": True, "OK": True}), log
    assert (folder / "written").read_text() == "192.0.2.1_0"
    assert "TASK [Write where it ran]" in log
    assert (folder / "key_0").read_text() == "the key\n"
    assert stat.S_IMODE((folder / "key_0").stat().st_mode) == 0o600


def test_the_first_failure_ends_it_and_is_in_the_log(folder: Path) -> None:
    code, verdict, log = _run(folder, "bad", "good")
    assert (code, verdict) == (1, {"bad": False, "OK": False})
    assert "TASK [Break]" in log
    assert '"msg": "on purpose"' in log
    assert not (folder / "written").exists()


def test_steps_for_unknown_machines_do_nothing_but_forget_the_facts_of_an_earlier_one(folder: Path) -> None:
    stale, other = (folder / "facts" / name for name in ("s1_192.0.2.1_0", "s1_192.0.2.9_0"))
    stale.touch()
    other.touch()
    assert _run(folder, "wait_all_ssh")[:2] == (0, {"wait_all_ssh": True, "OK": True})
    assert stale.exists()
    assert _run(folder, "basic", "main_server")[:2] == (0, {"basic": True, "main_server": True, "OK": True})
    assert (stale.exists(), other.exists()) == (False, True)


def test_a_machine_that_is_not_in_the_list_is_left_alone(folder: Path) -> None:
    assert _run(folder, "bad", identity=7)[:2] == (0, {"OK": True})
