"""The REST client against real HTTP servers that misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mattone.engines.infrastructure_manager.client import Client, RefusedTemplate, UnknownInfrastructure
from mattone.engines.infrastructure_manager.supervisor import Endpoint, Supervisor, free_port
from mattone.errors import RemoteError, TransientError


@contextmanager
def _server(status: int, body: str, delay: float = 0) -> Iterator[tuple[Client, list[tuple[str, dict[str, str]]]]]:
    seen: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            seen.append((f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(delay)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Client(Endpoint(server.server_port, "user", "password", "key"), timeout=0.5), seen
    finally:
        server.shutdown()
        server.server_close()


def test_every_call_carries_the_key_and_the_account() -> None:
    with _server(200, "http://127.0.0.1:1/infrastructures/a\nhttp://127.0.0.1:1/infrastructures/b\n") as (client, seen):
        assert client.infrastructures() == ("a", "b")
        ((call, headers),) = seen
    assert call == "GET /infrastructures"
    assert headers["x-mattone-key"] == "key"
    assert "username = user; password = password\\nid = local; type = DeployedNode" in headers["authorization"]


def test_no_infrastructures_are_an_empty_list() -> None:
    with _server(200, "") as (client, _):
        assert client.infrastructures() == ()


def test_silence_ends_at_the_time_limit_and_may_pass() -> None:
    begun = time.monotonic()
    with _server(200, "", delay=3) as (client, _), pytest.raises(TransientError, match="no answer within"):
        client.state("x")
    assert time.monotonic() - begun < 3


def test_nobody_there_may_pass() -> None:
    with pytest.raises(TransientError, match="cannot connect"):
        Client(Endpoint(free_port(), "u", "p", "k")).version()


def test_an_unknown_infrastructure_is_told_apart_and_gone_is_deleted() -> None:
    with _server(404, "Error Getting Inf. prop: Deleted infrastructure.") as (client, _):
        with pytest.raises(UnknownInfrastructure):
            client.state("x")
        client.delete("x")


def test_a_refused_template_says_why_without_the_parser_s_stack() -> None:
    said = 'Error parsing TOSCA template: unknown field "x".\n\t\tFile /venv/a.py, line 88, in main\n\t\tmain()'
    with _server(400, said) as (client, _), pytest.raises(RefusedTemplate) as caught:
        client.create("x: 1")
    assert caught.value.message == 'the engine refuses: Error parsing TOSCA template: unknown field "x".'


@pytest.mark.parametrize("body", ["<html>", "[]", '{"state": "configured"}', '{"state": {"state": 5}}'])
def test_a_state_that_says_nothing_is_an_error(body: str) -> None:
    with _server(200, body) as (client, _), pytest.raises(RemoteError):
        client.state("x")


@pytest.mark.parametrize("status", [401, 500])
def test_other_statuses_are_errors_that_stay(status: int) -> None:
    with _server(status, "no") as (client, _), pytest.raises(RemoteError) as caught:
        client.log("x")
    assert not isinstance(caught.value, TransientError)
    assert str(status) in caught.value.message


def test_a_template_that_im_never_stored_is_empty() -> None:
    with _server(403, "not valid") as (client, _):
        assert client.template("x") == {}
        assert client.outputs("x") == {}


def test_a_template_that_is_no_yaml_is_an_error() -> None:
    with _server(200, "a: [") as (client, _), pytest.raises(RemoteError, match="cannot be read"):
        client.template("x")


@pytest.mark.engine
def test_the_real_one_refuses_nonsense_and_forgets_on_request(supervisor: Supervisor) -> None:
    client = Client(supervisor.ensure(), cloud="Dummy")
    with pytest.raises(RefusedTemplate, match="TOSCA"):
        client.create("tosca_definitions_version: none\n")
    with pytest.raises(UnknownInfrastructure):
        client.state("00000000-0000-0000-0000-000000000000")
    client.delete("00000000-0000-0000-0000-000000000000")
