"""Where access tokens come from. Every token is hidden from all output before anybody receives it.

Sources: RFC 6749, sections 4.4 (client credentials), 5.1 (answer), 5.2 (errors) and 6 (refreshing).
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from mattone import http, process, redact
from mattone.errors import InputError, RemoteError

_TOKEN = re.compile(r"[\x21-\x7e]{8,20000}")  # one word: a token of many lines would forge headers
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,100}")
_EARLY = 60.0  # seconds before its end that a token is replaced
_LIMIT = 1 << 20


class TokenSource(Protocol):
    """Gives access tokens. Raises InputError, HostError or RemoteError when there is none to be had."""

    def token(self) -> str:
        """A token that should be good for a while, the same one as long as it is."""

    def renew(self) -> str:
        """Another token: the last one was refused."""


class GivenToken:
    """A token that something else keeps fresh; `read` gives the value that its secret has now."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    def token(self) -> str:
        return _checked(self._read(), "the secret of engine.token")

    renew = token


class AgentToken:
    """Tokens of a running oidc-agent, from its own program `oidc-token`.

    Source: https://indigo-dc.gitbook.io/oidc-agent/user/oidc-token
    """

    def __init__(self, account: str, clock: Callable[[], float] = time.monotonic) -> None:
        if not _ACCOUNT.fullmatch(account):
            raise InputError(
                f"{redact.one_line(account, 80)!r} is not the name of an oidc-agent account",
                hint="`oidc-add --list` shows them",
            )
        self._kept = _Kept(self._ask, clock)
        self._account = account

    def token(self) -> str:
        return self._kept.get()

    def renew(self) -> str:
        return self._kept.get(fresh=True)

    def _ask(self) -> tuple[str, float]:
        hint = "start oidc-agent and load the account with `oidc-add`"
        program = process.require("oidc-token", hint="install oidc-agent, or use another source of tokens")
        command = [program, f"--time={_EARLY:.0f}", self._account]
        try:
            said = process.run(command, timeout=60.0).output
        except process.CommandFailed as error:
            raise RemoteError(f"oidc-agent gives no token: {error.message}", hint=hint) from None
        return _checked(said.strip(), "what oidc-token printed"), 2 * _EARLY


class EndpointToken:
    """Tokens of an OpenID Connect token endpoint.

    grant   the parameters of the request, without the client; secrets are read anew for every request
    """

    def __init__(
        self, url: str, grant: Callable[[], Mapping[str, str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._grant = grant
        self._kept = _Kept(self._ask, clock)

    def token(self) -> str:
        return self._kept.get()

    def renew(self) -> str:
        return self._kept.get(fresh=True)

    def _ask(self) -> tuple[str, float]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = http.call(
            "POST",
            self._url,
            headers=headers,
            body=urlencode(dict(self._grant())),
            accept=(200, 400, 401, 403),
            limit=_LIMIT,
        )
        said = _object(answer.body)
        if answer.status != 200:
            why = said.get("error_description") or said.get("error") or f"HTTP {answer.status}"
            raise RemoteError(
                f"the token endpoint refuses: {redact.one_line(str(why), 300)}",
                hint="check engine.client_id and the secrets that engine.client_secret and engine.refresh_token name",
            )
        token = said.get("access_token")
        if not isinstance(token, str):
            raise RemoteError("the token endpoint answered without a token", hint="check engine.token_url")
        lasts = said.get("expires_in", 0)
        seconds = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else 0.0
        return _checked(token, "what the token endpoint gave"), max(0.0, min(seconds, 86_400.0))


def subject(token: str) -> str:
    """`<subject>@<issuer>` as a JSON Web Token says it, unproven; "" for a token of another kind."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return ""
    said = [claims.get("sub"), claims.get("iss")] if isinstance(claims, dict) else []
    words = [one for one in said if isinstance(one, str) and one]
    return redact.one_line("@".join(words), 200) if len(words) == 2 else ""


class _Kept:
    """The last token, until shortly before its end; threads share it."""

    def __init__(self, ask: Callable[[], tuple[str, float]], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def get(self, *, fresh: bool = False) -> str:
        with self._lock:
            if fresh or not self._token or self._clock() >= self._until:
                self._token, lasts = self._ask()
                self._until = self._clock() + max(lasts - _EARLY, lasts / 2)
            return self._token


def _checked(token: str, what: str) -> str:
    redact.register([token])
    if not _TOKEN.fullmatch(token):
        raise RemoteError(f"{what} is no token: it must be one word of 8 or more characters")
    return token


def _object(body: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise RemoteError("the token endpoint answered something that is not JSON", hint="check engine.token_url")
    return said
