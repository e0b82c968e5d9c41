"""The door to HTTP servers, against a real one on the loopback interface."""

from __future__ import annotations

import http.server
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone import http as door
from mattone import redact
from mattone.errors import MattoneError, RemoteError, TransientError


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/status/N` with that status, and a few paths with something odd."""

    server: Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path.startswith("/slow"):
            self.server.release.wait(20)
        elif self.path == "/torn":
            self.answer(200, b"half", announced=1000)
        elif self.path == "/hangup":
            self.close_connection = True
        elif self.path == "/utf8":
            self.answer(200, "Größe 🧱".encode(), kind="text/plain")
        elif self.path == "/latin":
            self.answer(200, "Größe".encode("latin-1"), kind="text/plain; charset=iso-8859-1")
        elif self.path == "/broken":
            self.answer(200, b"a\xffb", kind="text/plain; charset=nonsense")
        else:
            status = int(self.path.split("?")[0].rsplit("/", 1)[1])
            self.answer(status, b"said: \x1b[2J " + self.server.says)

    do_POST = do_PUT = do_DELETE = do_GET

    def answer(self, status: int, body: bytes, *, kind: str = "text/plain", announced: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Odd-Case", "Value")
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(announced or len(body)))
        self.end_headers()
        if status not in {204, 304}:
            self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.release = threading.Event()
        self.says = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.release.set()
    made.shutdown()
    made.server_close()
    thread.join()


def test_sends_method_headers_and_body_and_returns_the_answer(server: Server) -> None:
    answer = door.call("PUT", f"{server.url}/status/201", headers={"X-Mark": "m"}, body="grün")
    assert (answer.status, answer.headers["x-odd-case"]) == (201, "Value")
    method, path, headers, body = server.seen[0]
    assert (method, path, headers["X-Mark"], body) == ("PUT", "/status/201", "m", "grün".encode())


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_what_may_pass_is_transient(server: Server, status: int) -> None:
    with pytest.raises(TransientError, match=f"HTTP {status}"):
        door.call("GET", f"{server.url}/status/{status}")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 409, 500, 501])
def test_what_will_not_pass_is_not_and_no_redirect_is_followed(server: Server, status: int) -> None:
    with pytest.raises(RemoteError, match=f"HTTP {status}") as caught:
        door.call("GET", f"{server.url}/status/{status}")
    assert not isinstance(caught.value, TransientError)
    assert len(server.seen) == 1


def test_a_status_that_is_accepted_is_no_error(server: Server) -> None:
    assert door.call("DELETE", f"{server.url}/status/404", accept=(200, 404)).status == 404


def test_a_server_that_is_silent_is_transient_within_the_time_limit(server: Server) -> None:
    with pytest.raises(TransientError, match="no answer within"):
        door.call("GET", f"{server.url}/slow", timeout=0.3)


@pytest.mark.parametrize("path", ["/torn", "/hangup"])
def test_an_answer_that_breaks_off_may_have_been_acted_upon(server: Server, path: str) -> None:
    with pytest.raises(TransientError):
        door.call("POST", f"{server.url}{path}", body="x")


def test_nobody_listening_is_transient() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(TransientError, match="cannot connect"):
        door.call("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1/x", "http://[::1"])
def test_a_url_that_is_none_is_an_error_of_ours(url: str) -> None:
    with pytest.raises(MattoneError):
        door.call("GET", url)


def test_texts_are_utf_8_unless_the_server_says_otherwise(server: Server) -> None:
    assert door.call("GET", f"{server.url}/utf8").body == "Größe 🧱"
    assert door.call("GET", f"{server.url}/latin").body == "Größe"
    assert door.call("GET", f"{server.url}/broken").body == "a\ufffdb"


def test_errors_show_no_secret_no_query_no_password_and_no_escapes(server: Server) -> None:
    value = secrets.token_urlsafe(18)
    redact.register([value])
    server.says = value.encode()
    url = server.url.replace("http://", "http://user:hidden-word@")
    with pytest.raises(RemoteError) as caught:
        door.call("GET", f"{url}/status/500?token=in-the-query")
    message = caught.value.message
    assert "said: \\x1b[2J (secret)" in message
    assert not any(word in message for word in (value, "in-the-query", "hidden-word", "\x1b"))


def test_a_proxy_of_the_environment_does_not_see_calls_to_this_host(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert door.call("GET", f"{server.url}/status/200").status == 200


def test_a_netrc_does_not_replace_the_given_authorization(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    door.call("GET", f"{server.url}/status/200", headers={"Authorization": "Bearer ours"})
    assert server.seen[0][2]["Authorization"] == "Bearer ours"


def test_answer_that_is_too_long_is_not_read_to_its_end(server: Server) -> None:
    with pytest.raises(RemoteError, match="the answer is longer than 4 bytes"):
        door.call("GET", f"{server.url}/utf8", limit=4)
