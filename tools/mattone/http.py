"""The one door for HTTP: every call has a time limit, every failure becomes one of our errors."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from mattone import redact
from mattone.errors import RemoteError, TransientError

if TYPE_CHECKING:
    import requests

_TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5  # redirects that are followed
_LONGEST = 64 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Response:
    """A status code, the headers with lower-case names, and the whole body as text."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file from a server: the URL that gave it after redirects, status, headers with lower-case names, bytes."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class StatusError(RemoteError):
    """A server answered with a status that was not asked for; `download` is its answer, cut short."""

    def __init__(self, message: str, download: Download) -> None:
        super().__init__(message)
        self.download = download


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    timeout: float = 30.0,
    accept: Container[int] = (200, 201, 202, 204),
    limit: int = _LONGEST,
) -> Response:
    """Send one request, follow no redirect, and return the response.

    `timeout` is in seconds, for connecting and for each silence while reading; `limit` is the length
    in bytes of the longest answer that is read.

    A proxy that the environment names is used for other hosts, never for this one; a `.netrc` is
    not read: credentials are those that the caller gives. Text is UTF-8 unless the server says
    otherwise.

    Raises TransientError when the server cannot be reached, is silent, breaks off its answer, or
    answers 408, 425, 429, 502, 503 or 504; RemoteError for any other status that `accept` does
    not list, and for an answer that is too long.
    """
    import requests

    with (
        _failures(method, url, timeout),
        requests.request(
            method,
            url,
            headers=dict(headers or {}),
            data=body.encode() if body is not None else None,
            timeout=timeout,
            allow_redirects=False,
            auth=_as_given,
            proxies={"http": "", "https": ""} if is_this_host(url) else None,
            stream=True,
        ) as answer,
    ):
        content = _whole(answer, limit)
    response = Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, _text(answer, content))
    if response.status in accept:
        return response
    kind = TransientError if response.status in _TRANSIENT else RemoteError
    raise kind(f"{method} {_short(url)}: HTTP {response.status}: {redact.one_line(response.body, 400)}")


@contextmanager
def _failures(method: str, url: str, timeout: float) -> Iterator[None]:
    """Turns what can happen on the way into our errors."""
    import requests
    import urllib3

    try:
        yield
    except requests.Timeout as error:
        raise TransientError(f"{method} {_short(url)}: no answer within {timeout:.0f} s") from error
    except requests.ConnectionError as error:
        raise TransientError(f"{method} {_short(url)}: cannot connect") from error
    except (
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
        urllib3.exceptions.HTTPError,
    ) as error:
        raise TransientError(f"{method} {_short(url)}: the answer broke off") from error
    except (requests.RequestException, ValueError) as error:
        # Its text may hold the whole URL; its kind says enough: InvalidURL, InvalidHeader, ...
        raise RemoteError(f"{method} {_short(url)}: {type(error).__name__}") from error


def download(
    url: str, *, limit: int, headers: Mapping[str, str] | None = None, seconds: float = 60.0, silence: float = 15.0
) -> Download:
    """Get a file from a server that is not trusted.

    limit    bytes of the answer, decompressed; more are refused without being read
    seconds  for everything, redirects included: a server that trickles is given up
    silence  seconds without a byte until the server counts as gone

    At most five redirects are followed, to http and https alone, never from https to http, in a
    circle, or from another host to this one. Headers go to the host of `url` alone.

    Raises StatusError for a status other than 200, RemoteError for a refused redirect and for an
    answer that is too large, TransientError as `call` does and when the time is over.
    """
    done = threading.Event()
    found: list[Download | BaseException] = []

    def work() -> None:
        try:
            found.append(_follow(url, dict(headers or {}), limit, silence, done))
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            found.append(error)

    # A thread, since a server may trickle in the middle of its headers too, where no time limit of a socket holds.
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    done.set()
    if not found:
        raise TransientError(f"GET {_short(url)}: not done within {seconds:.0f} s", hint="the server may be overloaded")
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def _follow(url: str, headers: dict[str, str], limit: int, silence: float, done: threading.Event) -> Download:
    seen = {url}
    for _ in range(_HOPS + 1):
        got = _get(url, headers, limit, silence, done)
        if got.status not in _REDIRECTS or "location" not in got.headers:
            if got.status == 200:
                return got
            kind = f"HTTP {got.status}"
            if got.status in _TRANSIENT:
                raise TransientError(f"GET {_short(url)}: {kind}", hint="try again later")
            raise StatusError(f"GET {_short(url)}: {kind}", got)
        target = _target(url, got.headers["location"])
        if target in seen:
            raise RemoteError(f"GET {_short(url)}: its redirects go round in a circle")
        seen.add(target)
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = {}
        url = target
    raise RemoteError(f"GET {_short(url)}: more than {_HOPS} redirects")


def _target(url: str, location: str) -> str:
    """Where a redirect leads. Raises RemoteError when it must not be followed."""
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
    except ValueError:
        target, scheme = location, ""
    if scheme not in {"http", "https"} or (scheme == "http" and url.startswith("https:")):
        raise RemoteError(f"GET {_short(url)}: refused to follow its redirect to {_short(target)}")
    if is_this_host(target) and not is_this_host(url):
        raise RemoteError(f"GET {_short(url)}: refused to follow its redirect to this machine")
    return target


def _get(url: str, headers: Mapping[str, str], limit: int, silence: float, done: threading.Event) -> Download:
    import requests

    session = requests.Session()
    # Even where redirects are not followed requests would read the whole body of one, however large.
    setattr(session, "get_redirect_target", lambda _: None)  # noqa: B010 # mypy has a view on assigning methods
    with (
        _failures("GET", url, silence),
        session,
        session.get(
            url,
            headers=dict(headers),
            timeout=silence,
            allow_redirects=False,
            stream=True,
            auth=_as_given,
            proxies={"http": "", "https": ""} if is_this_host(url) else None,
        ) as answer,
    ):
        body = b"".join(_read(answer, url, limit, done))
        return Download(url, answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)


def _read(answer: requests.Response, url: str, limit: int, done: threading.Event) -> Iterator[bytes]:
    """The body piece by piece; of an answer that is no success only what fits into a message."""
    left = limit if answer.status_code == 200 else _CHUNK
    while not done.is_set():
        piece = answer.raw.read1(_CHUNK, decode_content=True)
        if not piece:
            return
        left -= len(piece)
        if left < 0 and answer.status_code != 200:
            return
        if left < 0:
            raise RemoteError(f"GET {_short(url)}: larger than {limit} bytes", hint="it is refused unread")
        yield piece


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leaves the headers alone; without it requests would put in what a `.netrc` says."""
    return request


def is_this_host(url: str) -> bool:
    """Whether a URL leads to this machine, by its name alone."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _whole(answer: requests.Response, limit: int) -> bytes:
    """The body, unpacked. Raises RemoteError when it is longer than `limit`."""
    parts, size = [], 0
    for part in answer.iter_content(_CHUNK):
        size += len(part)
        if size > limit:
            raise RemoteError(f"{_short(answer.url)}: the answer is longer than {limit:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _text(answer: requests.Response, content: bytes) -> str:
    declared = answer.encoding if "charset" in answer.headers.get("Content-Type", "").lower() else None
    try:
        return content.decode(declared or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _short(url: str) -> str:
    """A URL for messages: without query, user and password."""
    scheme, separator, rest = url.split("?", 1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return redact.one_line(f"{scheme}{separator}{host.rsplit('@', 1)[-1]}{slash}{path}", 120)
