"""Downloads from servers that are not trusted: sizes, redirects, time."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from mattone import http
from mattone.errors import RemoteError, TransientError
from tests.web import Handler, Page, Web, redirect, serving, trickling


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


def test_the_bytes_come_as_they_are(web: Web) -> None:
    web.pages["/a"] = Page(b"\xff\x00\r\n", kind="text/plain; charset=latin-1", headers={"X-Odd": "1"})
    got = http.download(f"{web.url}/a", limit=4, headers={"Accept": "x/y"})
    assert (got.url, got.status, got.body, got.headers["x-odd"]) == (f"{web.url}/a", 200, b"\xff\x00\r\n", "1")
    assert web.headers["/a"]["Accept"] == "x/y"


def test_what_is_larger_than_allowed_is_refused(web: Web) -> None:
    web.pages["/a"] = b"12345"
    with pytest.raises(RemoteError, match="larger than 4 bytes"):
        http.download(f"{web.url}/a", limit=4)


def test_what_grows_when_it_is_unpacked_is_refused(web: Web) -> None:
    packed = gzip.compress(b"a" * 50_000_000)
    web.pages["/bomb"] = Page(packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(RemoteError, match="larger than 1000000 bytes"):
        http.download(f"{web.url}/bomb", limit=1_000_000)
    assert len(packed) < 100_000


def test_redirects_are_followed_to_their_end(web: Web) -> None:
    web.pages |= {"/a": redirect("/b", 301), "/b": redirect(f"{web.url}/c", 308), "/c": "there"}
    got = http.download(f"{web.url}/a", limit=100)
    assert (got.url, got.body) == (f"{web.url}/c", b"there")


def test_redirects_end(web: Web) -> None:
    web.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    with pytest.raises(RemoteError, match="round in a circle"):
        http.download(f"{web.url}/a", limit=100)
    web.pages |= {f"/{number}": redirect(f"/{number + 1}") for number in range(50)}
    with pytest.raises(RemoteError, match="more than 5 redirects"):
        http.download(f"{web.url}/0", limit=100)
    assert len(web.asked) < 10


def test_the_body_of_a_redirect_is_not_read(web: Web) -> None:
    web.pages |= {"/a": Page(b"x" * 30_000_000, status=302, headers={"Location": "/b"}), "/b": "there"}
    tracemalloc.start()
    try:
        assert http.download(f"{web.url}/a", limit=100).body == b"there"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "http://[oops"])
def test_redirects_to_other_doors_are_refused(web: Web, target: str) -> None:
    web.pages["/a"] = redirect(target)
    with pytest.raises(RemoteError, match="refused to follow its redirect"):
        http.download(f"{web.url}/a", limit=100)


def test_a_foreign_server_cannot_lead_to_this_machine_nor_away_from_encryption() -> None:
    with pytest.raises(RemoteError, match="to this machine"):
        http._target("https://example.org/a", "https://localhost:1/b")
    with pytest.raises(RemoteError, match=r"refused to follow its redirect to http://example.org/b"):
        http._target("https://example.org/a", "http://example.org/b")


def test_headers_stay_with_the_host_they_were_for(web: Web) -> None:
    with serving() as other:
        web.pages["/a"] = redirect(f"{other.url}/b")
        other.pages["/b"] = "there"
        http.download(f"{web.url}/a", limit=100, headers={"Authorization": "Bearer of-tidings"})
        assert "Authorization" in web.headers["/a"]
        assert "Authorization" not in other.headers["/b"]


@pytest.mark.parametrize("in_headers", [False, True])
def test_a_server_that_trickles_is_given_up(web: Web, in_headers: bool) -> None:
    web.pages["/a"] = trickling(b"a", 0.05, in_headers=in_headers)
    begun = time.monotonic()
    with pytest.raises(TransientError, match="not done within 1 s"):
        http.download(f"{web.url}/a", limit=1_000_000, seconds=1.0, silence=20.0)
    assert time.monotonic() - begun < 10  # not the 20 s of a silence


def silent(handler: Handler) -> None:
    handler.server.over.wait(10)


def test_a_silent_server_and_one_that_breaks_off(web: Web) -> None:
    web.pages["/silent"] = silent
    with pytest.raises(TransientError, match=r"no answer within 0 s|broke off|cannot connect"):
        http.download(f"{web.url}/silent", limit=10, silence=0.2)
    web.pages["/half"] = Page(b"half", headers={"Content-Length": "1000"})
    with pytest.raises(TransientError, match="broke off"):
        http.download(f"{web.url}/half", limit=10_000)


def test_statuses_tell_what_may_pass_from_what_will_not(web: Web) -> None:
    web.pages["/busy"] = Page(b"", status=503)
    with pytest.raises(TransientError, match="HTTP 503"):
        http.download(f"{web.url}/busy", limit=10)
    with pytest.raises(http.StatusError, match="HTTP 404") as caught:
        http.download(f"{web.url}/missing", limit=1)
    assert (caught.value.download.status, caught.value.download.body) == (404, b"nothing here")
