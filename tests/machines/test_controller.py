"""The shared Ansible host does what the Infrastructure Manager asks of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from mattone.machines.interface import MachineSpec
from mattone.machines.podman import PodmanHost
from tests.machines.probes import shell

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]

MAMBA = "/var/tmp/.mamba/bin/micromamba"
IM_REQUESTS = [
    f"{MAMBA} create -y -n ansible -r /var/tmp/.mamba python=3.12 paramiko psutil pyyaml jmespath scp pywinrm requests",
    f"{MAMBA} install -y -n ansible -r /var/tmp/.mamba ansible=9.5.1",
]


def test_the_agents_imports_and_ansible_are_there(machine_host: PodmanHost) -> None:
    machine_host.create(MachineSpec("controller", image="controller", cpus=2))
    modules = "ansible, jmespath, paramiko, psutil, requests, scp, yaml"
    said = shell(
        machine_host, "controller", f"{MAMBA} run -n ansible python3 -c 'import {modules}; print(ansible.__version__)'"
    )
    assert said.startswith("2.19.")
    assert shell(machine_host, "controller", "which git sshpass ssh unzip wget | wc -l") == "5"
    assert shell(machine_host, "controller", "systemctl is-system-running --wait") == "running"


@pytest.mark.parametrize("request_", IM_REQUESTS, ids=["create", "install"])
def test_requests_to_change_the_environment_change_nothing_and_say_so(machine_host: PodmanHost, request_: str) -> None:
    count = "find /var/tmp/.mamba/envs -newer /var/tmp/.mamba/bin/micromamba -type f | wc -l"
    before = shell(machine_host, "controller", count)
    assert "left as it is" in shell(machine_host, "controller", f"sudo {request_}")
    assert shell(machine_host, "controller", count) == before


def test_the_shim_passes_words_codes_and_background_processes_on(machine_host: PodmanHost) -> None:
    odd = "a b'c\"d$HOME"
    run = [MAMBA, "run", "-n", "ansible"]
    assert machine_host.run("controller", [*run, "printf", "%s", odd]).output == odd
    assert machine_host.run("controller", [*run, "python3", "-c", "raise SystemExit(7)"], accept=(7,)).code == 7
    started = shell(
        machine_host,
        "controller",
        f'nohup sh -c "{MAMBA} run -n ansible sleep 30" >/dev/null 2>&1 </dev/null & echo -n $!',
    )
    assert started.isdigit()


@pytest.mark.parametrize(
    ("words", "reason"),
    [("run -n other true", "no environment"), ("run -n ansible", "needs a command"), ("clean --all", "not offered")],
)
def test_what_the_shim_cannot_do_is_refused(machine_host: PodmanHost, words: str, reason: str) -> None:
    result = machine_host.run("controller", ["sh", "-c", f"{MAMBA} {words}"], accept=(1, 2))
    assert reason in result.errors


def test_ansible_configures_another_machine_with_a_role_and_the_collections(
    machine_host: PodmanHost, tmp_path: Path
) -> None:
    target = machine_host.create(MachineSpec("target", memory=512))
    role = tmp_path / "roles" / "note"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text(
        "- ansible.posix.authorized_key: {user: cloudadm, key: 'ssh-ed25519 AAAA note'}\n"
        "- community.general.ini_file: {path: /etc/note.ini, section: a, option: b, value: c, mode: '0644'}\n"
        "  become: true\n"
    )
    play = tmp_path / "play"
    play.mkdir()
    (play / "site.yml").write_text("- hosts: all\n  roles: [note]\n")
    (play / "key").write_bytes(machine_host.key_file.read_bytes())
    machine_host.copy_tree("controller", role, "/var/tmp/ansible/roles/note")
    machine_host.copy_tree("controller", play, "/var/tmp/play")
    command = (
        "cd /var/tmp/play && chmod 600 key && ANSIBLE_CONFIG=/var/tmp/ansible.cfg "
        f"{MAMBA} run -n ansible ansible-playbook -i {target.address}, -u cloudadm --private-key key site.yml"
    )
    assert "changed=2" in shell(machine_host, "controller", command)
    assert shell(machine_host, "target", "tr -d ' \\n' < /etc/note.ini") == "[a]b=c"
    assert "changed=0" in shell(machine_host, "controller", command)


def test_a_machine_reaches_package_sources_and_the_package_index_with_its_hosts_settings(
    machine_host: PodmanHost,
) -> None:
    assert (
        shell(machine_host, "controller", "sudo apt-get -qq update && apt-cache policy nginx | grep -c Candidate")
        == "1"
    )
    pip = "/tmp/index/bin/pip --quiet --disable-pip-version-check"
    script = (
        f"set -e; python3 -m venv /tmp/index; {pip} download --no-deps --dest /tmp/wheels idna; ls /tmp/wheels | wc -l"
    )
    assert shell(machine_host, "controller", f"sh -c {shlex.quote(script)}") == "1"
