"""The story of real machines on this host: made, reached, limited, filled, firewalled, stopped, removed."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mattone import process
from mattone.errors import HostError, InputError
from mattone.machines.interface import MachineSpec, PortRule, Power, Volume
from mattone.machines.podman import PodmanHost
from tests.machines.probes import reachable, serve, shell

pytestmark = [pytest.mark.machine, pytest.mark.timeout(600)]

MIB = 1024 * 1024
DATA = Volume("data", 64 * MIB, "/data")
WEB = MachineSpec(
    "web",
    cpus=0.5,
    memory=256,
    volumes=(DATA,),
    ports=(PortRule("tcp", 8080, 8081),),
    labels={"deployment": "physics/web", "node": "server"},
)


def test_a_machine_boots_completely_and_its_key_opens_it_with_sudo(machine_host: PodmanHost) -> None:
    machine = machine_host.create(WEB)
    assert machine.power is Power.RUNNING
    assert machine.spec == WEB
    assert shell(machine_host, "web", "id -un; hostname; sudo -n id -un").split() == ["cloudadm", "web", "root"]
    assert shell(machine_host, "web", "systemctl is-system-running --wait") == "running"
    assert stat.S_IMODE(machine_host.key_file.stat().st_mode) == 0o600


def test_creating_the_same_machine_again_returns_it_and_another_spec_is_refused(machine_host: PodmanHost) -> None:
    before = shell(machine_host, "web", "cat /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %Y /proc/1")
    assert machine_host.create(WEB) == machine_host.list()[0]
    assert (
        shell(machine_host, "web", "cat /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %Y /proc/1") == before
    )
    with pytest.raises(InputError, match="other properties"):
        machine_host.create(replace(WEB, memory=512))


def test_machines_are_found_by_their_labels(machine_host: PodmanHost) -> None:
    assert [machine.spec.name for machine in machine_host.list({"deployment": "physics/web"})] == ["web"]
    assert machine_host.list({"deployment": "physics/web", "node": "client"}) == ()


def test_the_limits_are_what_the_kernel_enforces(machine_host: PodmanHost) -> None:
    assert kernel_limits(machine_host) == (0.5, 256)
    hungry = "python3 -c 'bytearray(400 * 1024 * 1024)'"
    assert machine_host.run("web", ["sh", "-c", hungry], accept=(1, 137)).code == 137


def test_a_resize_holds_at_once_and_after_stop_and_start(machine_host: PodmanHost) -> None:
    assert machine_host.resize("web", 1.5, 512).spec.memory == 512
    assert kernel_limits(machine_host) == (1.5, 512)
    machine_host.stop("web")
    machine_host.start("web")
    assert kernel_limits(machine_host) == (1.5, 512)
    machine_host.resize("web", 1, 384)
    assert kernel_limits(machine_host) == (1, 384)
    with pytest.raises(InputError):
        machine_host.resize("web", 1, 1)


def kernel_limits(host: PodmanHost) -> tuple[float, int]:
    """Processors and MiB of memory in the control groups of the machine `web`, as it sees them itself."""
    script = """
        cd /sys/fs/cgroup
        if [ -e cpu.max ]; then cat cpu.max memory.max
        else cat cpu*/cpu.cfs_quota_us cpu*/cpu.cfs_period_us memory/memory.limit_in_bytes; fi
    """
    quota, period, memory = shell(host, "web", script).split()[:3]
    return int(quota) / int(period), int(memory) // MIB


def test_a_volume_is_mounted_before_any_service_and_keeps_its_data_over_stop_and_start(
    machine_host: PodmanHost,
) -> None:
    shell(machine_host, "web", "echo precious | sudo tee /data/note >/dev/null; sync")
    unit = "[Unit]\n[Service]\nType=oneshot\nExecStart=/bin/cp /data/note /early\n[Install]\nWantedBy=sysinit.target\n"
    shell(machine_host, "web", f"printf '{unit}' | sudo tee /etc/systemd/system/early.service >/dev/null")
    shell(machine_host, "web", "sudo systemctl --quiet enable early.service")
    address = machine_host.list()[0].address
    hardware = shell(machine_host, "web", "cat /sys/class/net/eth0/address")
    assert machine_host.stop("web").power is Power.STOPPED
    assert machine_host.list()[0].power is Power.STOPPED
    machine = machine_host.start("web")
    assert machine.address == address
    assert shell(machine_host, "web", "cat /sys/class/net/eth0/address") == hardware
    assert shell(machine_host, "web", "cat /data/note") == "precious"
    assert shell(machine_host, "web", "systemctl is-system-running --wait; cat /early").split() == [
        "running",
        "precious",
    ]


def test_a_volume_in_use_grows_keeps_its_data_and_never_shrinks(machine_host: PodmanHost) -> None:
    shell(machine_host, "web", "sudo systemd-run --quiet --unit user --working-directory /data sleep 1000")
    before = int(shell(machine_host, "web", "df --output=size -B1 /data | tail -1"))
    machine_host.attach("web", (replace(DATA, size=160 * MIB),))
    after = int(shell(machine_host, "web", "df --output=size -B1 /data | tail -1"))
    assert after > before + 80 * MIB
    assert shell(machine_host, "web", "cat /data/note") == "precious"
    with pytest.raises(InputError, match="cannot shrink"):
        machine_host.attach("web", (DATA,))
    assert machine_host.list()[0].spec.volumes[0].size == 160 * MIB


def test_a_volume_is_attached_to_and_detached_from_a_running_machine(machine_host: PodmanHost) -> None:
    kept = machine_host.list()[0].spec.volumes
    machine_host.attach("web", (*kept, Volume("extra", 64 * MIB, "/srv/extra")))
    assert shell(machine_host, "web", "sudo touch /srv/extra/file; findmnt -no FSTYPE /srv/extra") == "ext4"
    busy = "cd /srv/extra && exec sudo systemd-run --quiet --unit busy --working-directory /srv/extra sleep 1000"
    shell(machine_host, "web", busy)
    with pytest.raises(HostError, match="in use"):
        machine_host.attach("web", kept)
    shell(machine_host, "web", "sudo systemctl stop busy")
    assert machine_host.attach("web", kept).spec.volumes == kept
    assert shell(machine_host, "web", "findmnt -no FSTYPE /srv/extra || echo gone") == "gone"


def test_only_declared_ports_answer_from_the_host_and_from_another_machine(machine_host: PodmanHost) -> None:
    address = machine_host.list()[0].address
    machine_host.create(MachineSpec("client", memory=256))
    for port in (8080, 9090):
        serve(machine_host, "web", port)
    assert reachable(address, 8080)
    assert not reachable(address, 9090)
    ask = f"curl --silent --output /dev/null --max-time 2 http://{address}"
    assert machine_host.run("client", ["sh", "-c", f"{ask}:8080/"]).code == 0
    assert machine_host.run("client", ["sh", "-c", f"{ask}:9090/"], accept=(7, 28)).code == 28
    assert (
        machine_host.run("client", ["sh", "-c", "getent hosts web || getent hosts web.dns.podman"]).output.split()[0]
        == address
    )


def test_changed_ports_hold_at_once_and_a_source_lets_in_only_itself(machine_host: PodmanHost) -> None:
    client = next(machine for machine in machine_host.list() if machine.spec.name == "client")
    address = next(machine for machine in machine_host.list() if machine.spec.name == "web").address
    machine_host.set_ports("web", (PortRule("tcp", 9000, 9100, f"{client.address}/32"),))
    assert not reachable(address, 8080)
    assert not reachable(address, 9090)
    assert machine_host.run("client", ["curl", "-s", "-o", "/dev/null", "-m", "5", f"http://{address}:9090/"]).code == 0
    machine_host.stop("web")
    machine_host.start("web")
    serve(machine_host, "web", 8080)
    assert not reachable(address, 8080)


def test_a_machine_cannot_change_its_own_port_rules(machine_host: PodmanHost) -> None:
    status = shell(machine_host, "web", "sudo cat /proc/self/status")
    effective = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff")), 16)
    assert not effective & (1 << 12), "CAP_NET_ADMIN"
    assert not effective & (1 << 21), "CAP_SYS_ADMIN"


def test_another_host_key_at_the_same_address_is_not_trusted(machine_host: PodmanHost) -> None:
    shell(
        machine_host,
        "client",
        "sudo rm /etc/ssh/ssh_host_ed25519_key* && sudo ssh-keygen -A && sudo systemctl restart ssh",
    )
    with pytest.raises(HostError, match="another host key"):
        machine_host.create(MachineSpec("client", memory=256))
    machine_host.delete("client")
    assert shell_of_new_client(machine_host) == "client"


def shell_of_new_client(host: PodmanHost) -> str:
    host.create(MachineSpec("client", memory=256))
    return shell(host, "client", "hostname")


def test_a_copied_tree_replaces_the_old_one_whole(machine_host: PodmanHost, tmp_path: Path) -> None:
    tree = tmp_path / "roles"
    (tree / "web" / "tasks").mkdir(parents=True)
    (tree / "web" / "tasks" / "main.yml").write_text("- debug:\n")
    (tree / "run.sh").write_text("#!/bin/sh\necho 'it runs'\n")
    (tree / "run.sh").chmod(0o755)
    machine_host.copy_tree("client", tree, "/var/tmp/roles")
    assert shell(machine_host, "client", "/var/tmp/roles/run.sh") == "it runs"
    (tree / "run.sh").unlink()
    machine_host.copy_tree("client", tree, "/var/tmp/roles")
    assert shell(
        machine_host, "client", "cd /var/tmp; find roles .roles* -type f 2>/dev/null; stat -c %U roles"
    ).split() == [
        "roles/web/tasks/main.yml",
        "cloudadm",
    ]


def test_a_command_that_fails_says_which_and_arguments_arrive_as_they_are(machine_host: PodmanHost) -> None:
    odd = "a b'c\"d$HOME;`id`\n*"
    assert machine_host.run("client", ["printf", "%s", odd]).output == odd
    with pytest.raises(process.CommandFailed):
        machine_host.run("client", ["false"])


def test_a_deleted_machine_is_gone_with_its_disks_and_deleting_it_again_is_no_error(machine_host: PodmanHost) -> None:
    machine_host.delete("client")
    machine_host.delete("client")
    assert [machine.spec.name for machine in machine_host.list()] == ["web"]
    with pytest.raises(HostError, match="no machine"):
        machine_host.start("client")
