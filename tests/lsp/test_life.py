"""How a server begins and ends: exit codes, interrupts, editors that vanish or send nonsense."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.cli import main
from mattone.pins.store import default_store
from tests.lsp.client import PATIENCE, Client
from tests.tosca.support import PATH


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.end()


def test_an_orderly_end_is_0(client: Client) -> None:
    answer = client.initialize()
    assert answer["serverInfo"]["name"] == "mattone"
    assert answer["capabilities"]["textDocumentSync"]["change"] == 2  # incremental
    assert client.leave() == 0


def test_an_exit_without_a_shutdown_is_1(client: Client) -> None:
    client.initialize()
    client.notify("exit")
    assert client.process.wait(PATIENCE) == 1


def test_an_editor_that_vanishes_ends_the_server(client: Client) -> None:
    client.initialize()
    client.stdin.close()
    assert client.process.wait(PATIENCE) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_at_once(client: Client, number: signal.Signals) -> None:
    client.initialize()
    client.process.send_signal(number)
    assert client.process.wait(PATIENCE) == 130


def test_nonsense_is_survived(client: Client, templates: Path) -> None:
    client.initialize()
    for body in (b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"jsonrpc": "2.0", "method": 5}', b"{}"):
        client.raw(body)
    client.raw(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 7}}')
    client.notify("textDocument/didChange", {"textDocument": {"uri": "file:///x", "version": 1}, "contentChanges": []})
    client.stdin.write(b"Content-Length: x\r\n\r\nnoise\r\n")
    assert client.checked(client.open(templates / PATH), 1) == []
    assert client.leave() == 0


def test_files_are_watched_where_the_editor_can(templates: Path, client: Client) -> None:
    client.initialize(templates, watching=True)
    client.until(lambda: bool(client.asked))
    assert client.asked[0]["method"] == "client/registerCapability"
    assert client.leave() == 0


def test_an_import_map_says_what_urls_stand_for(templates: Path) -> None:
    (templates / "map.yaml").write_text("https://example.org/types.yaml: tosca-types/example.yaml\n")
    text = (templates / PATH).read_text().replace("../../tosca-types/example.yaml", "https://example.org/types.yaml")
    client = Client("--import-map", "map.yaml", cwd=templates)
    try:
        client.initialize(templates)
        found = client.checked(client.open(templates / PATH, text), 1)
        assert [one for one in found if one["severity"] == 1] == []
        assert client.leave() == 0
    finally:
        client.end()


def test_what_was_fetched_is_found_by_the_map_of_the_repository(
    templates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path_factory.mktemp("cache")))
    digest = default_store().put((templates / "tosca-types/example.yaml").read_bytes())
    (templates / ".git").mkdir(exist_ok=True)
    (templates / "imports.lock.yaml").write_text(f"https://example.org/types.yaml: {digest}\n")
    text = (templates / PATH).read_text().replace("../../tosca-types/example.yaml", "https://example.org/types.yaml")
    client = Client(cwd=templates)
    try:
        client.initialize(templates)
        found = client.checked(client.open(templates / PATH, text), 1)
        assert [one for one in found if one["severity"] == 1] == []
        assert client.leave() == 0
    finally:
        client.end()


def test_it_serves_one_connection_on_the_loopback_address() -> None:
    made = Client("--tcp", "127.0.0.1:0", "--log", "warning")
    try:
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)", made.told())
        assert found is not None
        with socket.create_connection(("127.0.0.1", int(found[1])), PATIENCE) as connection:
            body = b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}'
            connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            assert connection.recv(16) == b"Content-Length: "
            body = b'{"jsonrpc": "2.0", "method": "exit"}'
            connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            assert made.process.wait(PATIENCE) == 0
    finally:
        made.end()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tcp", "0.0.0.0:2087"), "no loopback address"),
        (("--tcp", "127.0.0.1:port"), "no port"),
        (("--tcp", "127.0.0.1:99999"), "no port"),
        (("--tcp", "127.0.0.1:1", "--stdio"), "exclude each other"),
    ],
)
def test_a_bad_address_is_told(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsp", *words]) == 1
    assert told in capsys.readouterr().err


def test_no_other_command_pays_for_it() -> None:
    code = "import sys, mattone.cli; mattone.cli._top_parser(None); mattone.cli._top_parser('lsp'); "
    code += "sys.exit(any(name.startswith(('pygls', 'lsprotocol', 'asyncio', 'mattone.lsp')) for name in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )
