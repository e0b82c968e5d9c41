"""What holds on a machine with JupyterLab, asked from outside over HTTPS."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

# A cell run by the real kernel: the client of Jupyter itself, on the machine, as the account that runs notebooks.
CELL = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
client.execute_interactive(sys.argv[1], timeout=60, output_hook=lambda m: print(m["content"].get("text", ""), end=""))
manager.shutdown_kernel(now=True)
"""


@pytest.fixture
def token():
    return (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "token").read_text().strip()


@pytest.fixture
def get(host):
    """Status and JSON of a GET below /api, with a token or without; the certificate must be the machine's own."""
    address = host.ansible.get_variables()["ansible_host"]
    with host.sudo():
        trusted = ssl.create_default_context(cadata=host.file("/etc/ssl/certs/jupyterlab.pem").content_string)

    def fetch(path: str, secret: str = "") -> tuple[int, object]:
        request = urllib.request.Request(f"https://{address}/{path}")  # https, written above
        if secret:
            request.add_header("Authorization", f"token {secret}")
        try:
            with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None

    return fetch


@pytest.fixture
def run_cell(host):
    """Runs Python in a notebook kernel and gives what it printed."""
    unit = host.file("/etc/systemd/system/jupyterlab.service").content_string
    python = re.search(r"^ExecStart=(.*)/bin/jupyter-lab", unit, re.MULTILINE)[1] + "/bin/python"
    account = "runuser -u jupyter -- env JUPYTER_PATH=/etc/jupyterlab HOME=/var/lib/jupyterlab"

    def run(code: str) -> str:
        with host.sudo():
            return host.check_output(f"{account} %s -c %s %s", python, CELL, code)

    return run


def test_it_answers_over_https_with_its_own_certificate(get):
    status, answer = get("api")
    assert status == 200
    assert answer["version"].startswith("2.")


def test_only_the_new_token_opens_it(get, token):
    assert get("api/contents")[0] == 403
    assert get("api/contents", token)[0] == 403
    assert get("api/contents", f"{token}-changed")[0] == 200


def test_notebooks_survive_a_change(get, token):
    status, answer = get("api/contents/kept.txt", f"{token}-changed")
    assert status == 200
    assert answer["content"] == "kept\n"


def test_a_cell_runs_in_the_kernel(run_cell):
    assert run_cell("print(6 * 7)") == "42"


def test_packages_that_people_install_go_to_the_notebooks_disk(run_cell):
    assert run_cell("import os; print(os.environ['PIP_TARGET'])").startswith("/data/notebooks/.packages/")


def test_notebooks_lie_on_the_attached_disk(host):
    with host.sudo():
        assert host.check_output("findmnt --noheadings --output TARGET --target /data/notebooks") == "/data"


def test_only_the_proxy_and_ssh_can_be_reached(host):
    reachable = {
        socket.rpartition(":")[2]
        for socket in host.socket.get_listening_sockets()
        if socket.startswith("tcp://") and "127.0.0." not in socket and "//::1:" not in socket
    }
    assert reachable == {"22", "443"}


def test_it_does_not_run_as_root_and_keeps_its_secret_to_itself(host, token):
    assert {process.user for process in host.process.filter(comm="jupyter-lab")} == {"jupyter"}
    settings = host.file("/etc/jupyterlab/jupyter_server_config.py")
    with host.sudo():
        assert (settings.user, settings.group, settings.mode) == ("root", "jupyter", 0o640)
        # The token itself must stand in no command: sudo writes each into the journal.
        assert token not in host.check_output("journalctl --no-pager")


def test_a_link_with_a_token_leaves_no_trace_in_the_log(host, token):
    address = host.ansible.get_variables()["ansible_host"]
    link = f"https://{address}/lab?token={token}-changed"
    subprocess.run(["curl", "-sk", "--max-time", "30", link], check=True, capture_output=True)
    with host.sudo():
        text = host.check_output("cat /var/log/nginx/access.log /var/log/nginx/error.log /var/log/nginx/jupyterlab.log")
    assert "GET /lab" in text
    assert token not in text


def test_it_starts_with_the_machine(host):
    assert host.service("jupyterlab").is_enabled
    assert host.service("nginx").is_enabled


def test_environments_of_earlier_versions_are_gone(host):
    assert len(host.file("/opt/jupyterlab").listdir()) == 1
