"""The one door for HTTP: every call has a time limit, every failure becomes one of our errors."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mattone import redact
from mattone.errors import RemoteError, TransientError

if TYPE_CHECKING:
    import requests

_TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST = 64 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Response:
    """A status code, the headers with lower-case names, and the whole body as text."""

    status: int
    headers: Mapping[str, str]
    body: str


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

    try:
        with requests.request(
            method,
            url,
            headers=dict(headers or {}),
            data=body.encode() if body is not None else None,
            timeout=timeout,
            allow_redirects=False,
            auth=_as_given,
            proxies={"http": "", "https": ""} if _is_this_host(url) else None,
            stream=True,
        ) as answer:
            content = _read(answer, limit)
    except requests.Timeout as error:
        raise TransientError(f"{method} {_short(url)}: no answer within {timeout:.0f} s") from error
    except requests.ConnectionError as error:
        raise TransientError(f"{method} {_short(url)}: cannot connect") from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise TransientError(f"{method} {_short(url)}: the answer broke off") from error
    except (requests.RequestException, ValueError) as error:
        # Its text may hold the whole URL; its kind says enough: InvalidURL, InvalidHeader, ...
        raise RemoteError(f"{method} {_short(url)}: {type(error).__name__}") from error
    response = Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, _text(answer, content))
    if response.status in accept:
        return response
    kind = TransientError if response.status in _TRANSIENT else RemoteError
    raise kind(f"{method} {_short(url)}: HTTP {response.status}: {redact.one_line(response.body, 400)}")


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leaves the headers alone; without it requests would put in what a `.netrc` says."""
    return request


def _is_this_host(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _read(answer: requests.Response, limit: int) -> bytes:
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
