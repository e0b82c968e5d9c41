"""A real HTTP server on the loopback interface that says what a test tells it to, hostile things included."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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
        page = self.server.pages.get(path.split("?")[0], Page(b"nothing here", status=404))
        if callable(page):
            page(self)
        else:
            self.say(page if isinstance(page, Page) else Page(page.encode() if isinstance(page, str) else page))
        self.close_connection = True

    do_HEAD = do_GET

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
