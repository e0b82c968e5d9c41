"""One real Infrastructure Manager process: started, shared, killed, started again."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mattone import http
from mattone.engines.infrastructure_manager import processes
from mattone.engines.infrastructure_manager.client import Client
from mattone.engines.infrastructure_manager.install import Installation
from mattone.engines.infrastructure_manager.supervisor import Endpoint, Supervisor, free_port
from mattone.errors import HostError

pytestmark = pytest.mark.engine

TEMPLATE = """
tosca_definitions_version: tosca_simple_yaml_1_0
metadata: {mattone_deployment: team/stored}
topology_template:
  node_templates:
    server:
      type: tosca.nodes.Compute
"""


def _bound(port: int) -> socket.socket:
    """A server on a port whose last owner was just killed: its threads may close it a moment later."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _pids(supervisor: Supervisor) -> tuple[int, ...]:
    return processes.marked(f"MATTONE_ENGINE={supervisor.folder}")


def test_the_next_command_finds_the_same_process_and_its_files_are_private(
    supervisor: Supervisor, workspace: Path, installation: Installation
) -> None:
    endpoint = supervisor.ensure()
    assert Supervisor(workspace, lambda: installation).ensure() == endpoint
    assert Client(endpoint).version() == "2.0.0"
    assert stat.S_IMODE(supervisor.folder.stat().st_mode) == 0o700
    for name in ("secrets.json", "im.json", "process.json", "inf.dat", "im.log"):
        assert stat.S_IMODE((supervisor.folder / name).stat().st_mode) == 0o600, name


def test_it_listens_on_loopback_alone(supervisor: Supervisor) -> None:
    endpoint = supervisor.ensure()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    bound = [row[1] for row in rows if row[1].endswith(f":{endpoint.port:04X}") and row[3] == "0A"]
    assert bound == [f"0100007F:{endpoint.port:04X}"]


@pytest.mark.parametrize("headers", [{}, {"X-Mattone-Key": "guess"}, {"Authorization": "Basic eDp5"}])
def test_without_the_workspace_key_nothing_is_read_not_even_the_body(
    supervisor: Supervisor, tmp_path: Path, headers: dict[str, str]
) -> None:
    """IM parses a posted template, and the files it names, before it asks for a password."""
    endpoint = supervisor.ensure()
    (tmp_path / "private.yaml").write_text("canary-of-a-private-file: [\n")
    interfaces = f"interfaces: {{Standard: {{configure: 'file://{tmp_path}/private.yaml'}}}}"
    body = TEMPLATE.replace("type: tosca.nodes.Compute", f"type: tosca.nodes.Compute\n      {interfaces}")
    answer = http.call(
        "POST",
        f"{endpoint.url}/infrastructures",
        headers={"Content-Type": "text/yaml", **headers},
        body=body,
        accept=(200, 400, 401, 500),
    )
    assert answer.status == 401
    assert "canary" not in answer.body


def test_killed_it_is_started_again_and_serves_what_was_stored(supervisor: Supervisor) -> None:
    first = supervisor.ensure()
    stored = Client(first, cloud="Dummy").create(TEMPLATE)
    deadline = time.monotonic() + 20
    while Client(first).state(stored)[0] != "configured" and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(first.pid, signal.SIGKILL)
    second = supervisor.ensure()
    assert second.instance != first.instance
    assert (second.user, second.password) == (first.user, first.password)
    client = Client(second)
    assert client.infrastructures() == (stored,)
    assert client.template(stored)["metadata"] == {"mattone_deployment": "team/stored"}
    client.delete(stored)
    client.delete(stored)  # gone is no error
    assert client.infrastructures() == ()


def test_an_orphan_that_keeps_the_port_after_a_kill_is_ended(supervisor: Supervisor) -> None:
    endpoint = supervisor.ensure()
    # What a forked child of IM is after its parent's death: the mark, and the parent's listening socket.
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(1, flush=True); time.sleep(60)"
    env = {"MATTONE_ENGINE": str(supervisor.folder)}
    orphan = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, start_new_session=True)
    assert orphan.stdout is not None
    orphan.stdout.readline()
    os.kill(endpoint.pid, signal.SIGKILL)
    started = supervisor.ensure()
    assert _pids(supervisor) == (started.pid,)
    assert orphan.wait(10) != 0
    orphan.stdout.close()


def test_a_process_that_hangs_is_replaced(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = supervisor.ensure()
    os.kill(endpoint.pid, signal.SIGSTOP)
    monkeypatch.setattr("mattone.engines.infrastructure_manager.supervisor._HEALTH_LIMIT", 0.5)
    started = supervisor.ensure()
    assert started.pid != endpoint.pid
    assert _pids(supervisor) == (started.pid,)


def test_commands_that_start_at_once_get_one_process(workspace: Path, installation: Installation) -> None:
    Supervisor(workspace, lambda: installation).stop()
    found: list[Endpoint] = []
    threads = [
        threading.Thread(target=lambda: found.append(Supervisor(workspace, lambda: installation).ensure()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert _pids(Supervisor(workspace, lambda: installation)) == (found[0].pid,)


def test_a_port_that_another_program_took_is_not_the_end(tmp_path: Path, installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        supervisor = Supervisor(tmp_path, lambda: installation, choose_port=lambda: next(ports))
        try:
            assert supervisor.ensure().port != taken.getsockname()[1]
        finally:
            supervisor.stop()
    assert _pids(supervisor) == ()


def test_when_it_cannot_start_its_last_words_are_the_message(tmp_path: Path, installation: Installation) -> None:
    (tmp_path / "engine" / "inf.dat").mkdir(parents=True)  # a database that cannot be opened
    supervisor = Supervisor(tmp_path, lambda: installation)
    with pytest.raises(HostError, match="did not start") as caught:
        supervisor.ensure()
    assert "unable to open database file" in caught.value.message
    assert str(supervisor.folder) in caught.value.hint
    assert _pids(supervisor) == ()


def test_a_foreign_server_on_the_remembered_port_is_never_sent_the_key(
    tmp_path: Path, installation: Installation
) -> None:
    supervisor = Supervisor(tmp_path, lambda: installation)
    endpoint = supervisor.ensure()
    processes.end((endpoint.pid,), grace=0)
    with _bound(endpoint.port) as foreign:
        foreign.settimeout(0.2)
        assert supervisor.running() is None
        with pytest.raises(TimeoutError):
            foreign.accept()
    supervisor.stop()
