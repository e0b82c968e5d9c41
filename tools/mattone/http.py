"""The one door for HTTP: every call has a time limit, every failure becomes one of our errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mattone import redact
from mattone.errors import RemoteError, TransientError

_TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})


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
    accept: tuple[int, ...] = (200, 201, 202, 204),
) -> Response:
    """Send one request, follow no redirect, and return the response.

    `timeout` is in seconds, for connecting and for each silence while reading.

    Raises TransientError when the server cannot be reached, is silent, or answers 408, 425,
    429, 502, 503 or 504; RemoteError for any other status that `accept` does not list.
    """
    import requests

    try:
        answer = requests.request(
            method,
            url,
            headers=dict(headers or {}),
            data=body.encode() if body is not None else None,
            timeout=timeout,
            allow_redirects=False,
        )
    except requests.Timeout as error:
        raise TransientError(f"{method} {_short(url)}: no answer within {timeout:.0f} s") from error
    except requests.ConnectionError as error:
        raise TransientError(f"{method} {_short(url)}: cannot connect") from error
    except requests.RequestException as error:
        raise RemoteError(f"{method} {_short(url)}: {redact.one_line(str(error))}") from error
    response = Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.text)
    if response.status in accept:
        return response
    kind = TransientError if response.status in _TRANSIENT else RemoteError
    raise kind(f"{method} {_short(url)}: HTTP {response.status}: {redact.one_line(response.body, 400)}")


def _short(url: str) -> str:
    return redact.one_line(url.split("?", 1)[0], 120)
