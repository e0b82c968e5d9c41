"""A real HTTP server on the loopback interface that says what a test tells it to, hostile things included."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mattone.git import environment

Talk = Callable[["Handler"], None]


@dataclass
class Page:
    """An answer: body, content type, status, more headers."""

    body: bytes
    kind: str = "text/plain"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Web
    timeout = 20

    def do_GET(self) -> None:
        path = self.path
        self.server.asked.append(path)
        self.server.headers[path] = dict(self.headers)
        under = next((name for name in self.server.below if path.startswith(name)), "")
        page = self.server.below.get(under) or self.server.pages.get(
            path.split("?")[0], Page(b"nothing here", status=404)
        )
        if callable(page):
            page(self)
        else:
            self.say(page if isinstance(page, Page) else Page(page.encode() if isinstance(page, str) else page))
        self.close_connection = True

    do_HEAD = do_POST = do_GET

    def say(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        for name, value in {"Content-Length": str(len(page.body)), **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Web(http.server.ThreadingHTTPServer):
    """`pages`: path to a text, bytes, a `Page`, or a function that talks to the client by itself."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, str | bytes | Page | Talk] = {}
        self.below: dict[str, Talk] = {}  # prefix of paths to whoever answers all of them
        self.asked: list[str] = []
        self.headers: dict[str, dict[str, str]] = {}
        self.over = threading.Event()  # set when the test ends: whoever stalls goes on

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield web
    finally:
        web.over.set()
        web.shutdown()
        web.server_close()
        thread.join()


def redirect(target: str, status: int = 302) -> Page:
    return Page(b"", status=status, headers={"Location": target})


def trickling(piece: bytes, every: float, *, in_headers: bool = False) -> Talk:
    """A body, or headers, that come bit by bit without an end."""

    def talk(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"" if in_headers else b"Content-Length: 1000000\r\n\r\n"))
        number = 0
        while not handler.server.over.wait(every) and number < 10_000:
            number += 1
            try:
                handler.wfile.write(b"X-%d: y\r\n" % number if in_headers else piece)
                handler.wfile.flush()
            except OSError:
                return

    return talk


def git_backend(root: Path) -> Talk:
    """The repositories below a folder over git's smart HTTP, by the real `git http-backend` (its CGI)."""

    def talk(handler: Handler) -> None:
        path, _, query = handler.path.partition("?")
        size = int(handler.headers.get("Content-Length", "0"))
        cgi = {
            "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": handler.command,
            "PATH_INFO": path.removeprefix("/git"), "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(size),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        body = handler.rfile.read(size)
        done = subprocess.run(
            ["git", "http-backend"], input=body, env={**environment(), **cgi}, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status, kind = int(fields.pop("Status", "200").split()[0]), fields.pop("Content-Type", "text/plain")
        handler.say(Page(content, kind, status, fields))

    return talk
