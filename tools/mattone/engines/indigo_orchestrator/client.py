"""The REST calls of the INDIGO PaaS Orchestrator that mattone uses, each with its own time limit.

Source: the controllers of the orchestrator 4.0.1 (`DeploymentController`, `ResourceController`, `TemplateController`),
https://github.com/infn-datacloud/orchestrator. No link of an answer is ever followed: the token goes to one place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from mattone import http, redact
from mattone.engines.indigo_orchestrator import answers
from mattone.engines.indigo_orchestrator.tokens import TokenSource, subject
from mattone.errors import RemoteError, TransientError

_ANY = range(200, 600)
_BUSY = frozenset({409, 429})  # with `Retry-After`: refused, nothing was done
_AWAY = frozenset({408, 425, 429, 502, 503, 504})
_TRIES = 5
_LONGEST_WAIT = 30.0  # seconds that one `Retry-After` is obeyed for
_SIZE = 100  # elements a page
_PAGES = 10_000
_LISTINGS = 3
_LARGEST = 16 << 20  # bytes of an answer


class UnknownDeployment(RemoteError):
    """The orchestrator has no deployment or resource of this id that the token may see."""


class Refused(RemoteError):
    """The orchestrator understood and will not do it; `status` is the HTTP status."""

    def __init__(self, message: str, status: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Client:
    """One orchestrator. `timeout` in seconds is for one call; `sleep` waits between two."""

    def __init__(
        self, url: str, tokens: TokenSource, *, timeout: float = 60.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._tokens = tokens
        self._timeout = timeout
        self._sleep = sleep

    def account(self) -> str:
        """Whose deployments are seen, `<subject>@<issuer>`; "" when the token does not say (RFC 7519, 4.1)."""
        return subject(self._tokens.token())

    def info(self) -> Mapping[str, Any]:
        """`GET /info`: what the server says of its own build."""
        return answers.parsed(self._call("GET", "/info").body, "itself")

    def deployments(self, group: str) -> tuple[answers.Deployment, ...]:
        """All of the account's own deployments in a group, the oldest first.

        What is made while pages are read comes at the end; what goes moves others from page to page,
        so a list that is not as long as it says is read again.
        """
        for _ in range(_LISTINGS):
            found: dict[str, answers.Deployment] = {}
            elements = 0
            for page in self._pages("/deployments", {"createdBy": "me", "userGroup": group}, "deployments"):
                elements = page.elements
                found |= {one.uuid: one for one in map(answers.deployment, page.content)}
            if len(found) >= elements:
                return tuple(found.values())
        raise TransientError("the orchestrator's list of deployments changes while it is read", hint="try again")

    def deployment(self, uuid: str) -> answers.Deployment:
        """One deployment. Raises UnknownDeployment."""
        return answers.deployment(answers.parsed(self._call("GET", _path(uuid)).body, uuid), uuid)

    def template(self, uuid: str) -> str:
        """The template that the server has now. After an update it is the server's own writing of it."""
        return self._call("GET", f"{_path(uuid)}/template", accept="text/plain, application/json, */*").body

    def create(self, body: Mapping[str, Any]) -> str:
        """Post a deployment; the id that the server made for it. There is no second try once it may have been done."""
        answer = self._call("POST", "/deployments", body=body)
        return answers.deployment(answers.parsed(answer.body, "the new deployment")).uuid

    def update(self, uuid: str, body: Mapping[str, Any]) -> None:
        """Put a template and the parameters that change: those that are left out stay as they are."""
        self._call("PUT", _path(uuid), body=body)

    def reset(self, uuid: str) -> None:
        """Declare a deletion that hangs failed, so that it can be asked for again."""
        self._call("PATCH", _path(uuid), body={"status": "DELETE_FAILED"})

    def delete(self, uuid: str, *, force: bool) -> None:
        """Ask for the deletion, which goes on behind."""
        self._call("DELETE", f"{_path(uuid)}?force={'true' if force else 'false'}")

    def log(self, uuid: str) -> str:
        """What the Infrastructure Manager and its Ansible printed."""
        return self._call("GET", f"{_path(uuid)}/log", accept="text/plain, application/json, */*").body

    def resources(self, uuid: str) -> tuple[answers.Resource, ...]:
        """Every node of a deployment, as many times as it is there."""
        pages = self._pages(f"{_path(uuid)}/resources", {}, f"resources of {uuid}")
        found = {one.uuid: one for page in pages for one in map(answers.resource, page.content)}
        return tuple(found.values())

    def resource(self, uuid: str, resource: str) -> answers.Resource:
        """One resource. Raises UnknownDeployment."""
        body = self._call("GET", f"{_path(uuid)}/resources/{_id(resource)}").body
        return answers.resource(answers.parsed(body, resource))

    def act(self, uuid: str, resource: str, action: str) -> None:
        """`start` or `stop` one machine, which goes on behind."""
        self._call("POST", f"{_path(uuid)}/resources/{_id(resource)}/actions", body={"type": action})

    def _pages(self, path: str, query: Mapping[str, str], what: str) -> Iterator[answers.Page]:
        for number in range(_PAGES):
            wanted = urlencode({**query, "page": number, "size": _SIZE, "sort": "createdAt,asc"})
            page = answers.page(answers.parsed(self._call("GET", f"{path}?{wanted}").body, what), what)
            yield page
            if number + 1 >= page.pages:
                return
        raise RemoteError(f"the orchestrator's list of {what} has no end")

    def _call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, accept: str = "application/json"
    ) -> http.Response:
        """One call, repeated where nothing can have been done twice: reads, and refusals with `Retry-After`."""
        for attempt in range(_TRIES):
            try:
                answer = self._authorized(method, path, body, accept)
            except TransientError:
                if method != "GET" or attempt + 1 == _TRIES:
                    raise
                self._sleep(0.2 * 2**attempt)
                continue
            wait = _retry_after(answer) if answer.status in _BUSY else None
            if wait is None and not (method == "GET" and answer.status in _AWAY):
                return _accepted(answer, method, path)
            self._sleep(wait if wait else 0.2 * 2**attempt)
        raise TransientError(f"{method} {path.split('?')[0]}: {_words(answer)}", hint="try again later")

    def _authorized(self, method: str, path: str, body: Mapping[str, Any] | None, accept: str) -> http.Response:
        """One request; with another token when the server does not take the first."""
        answer = self._request(method, path, body, accept, self._tokens.token())
        if answer.status == 401:
            answer = self._request(method, path, body, accept, self._tokens.renew())
        return answer

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, accept: str, token: str
    ) -> http.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": accept}
        text = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            text = json.dumps(body, allow_nan=False)
        return http.call(
            method,
            self._url + path,
            headers=headers,
            body=text,
            timeout=self._timeout,
            accept=_ANY,
            limit=_LARGEST,
        )


def _accepted(answer: http.Response, method: str, path: str) -> http.Response:
    """The answer when it is one of success, else the error that says what the server has against it."""
    if answer.status < 300:
        return answer
    said = answers.refusal(answer.body)
    if answer.status == 401:
        hint = "renew the token, or check engine.token, engine.oidc_agent or engine.token_url"
        raise Refused(f"the orchestrator does not take the token: {said}", 401, hint=hint)
    if answer.status == 403:
        hint = "writing needs the scope `offline_access`, and the token must name engine.group"
        raise Refused(f"the orchestrator forbids it: {said}", 403, hint=hint)
    if answer.status == 404 and path.startswith("/deployments/"):
        raise UnknownDeployment(f"the orchestrator does not know it: {said}")
    if answer.status in _AWAY:
        raise TransientError(f"{method} {path.split('?')[0]}: {_words(answer)}")
    if answer.status < 400 or answer.status == 404:
        what = "redirects" if answer.status < 400 else "is not there"
        raise RemoteError(f"the orchestrator {what} (HTTP {answer.status})", hint="check engine.url")
    raise Refused(f"the orchestrator refuses: {said}", answer.status)


def _words(answer: http.Response) -> str:
    return f"HTTP {answer.status}: {answers.refusal(answer.body)}"


def _retry_after(answer: http.Response) -> float | None:
    """Seconds that the server asks to wait, bounded; None when it does not ask (RFC 9110, 10.2.3)."""
    value = answer.headers.get("retry-after")
    if value is None:
        return None
    return min(float(value), _LONGEST_WAIT) if value.isascii() and value.isdigit() else 1.0


def _path(uuid: str) -> str:
    return f"/deployments/{_id(uuid)}"


def _id(uuid: str) -> str:
    if not answers.UUID.fullmatch(uuid):
        raise UnknownDeployment(f"{redact.one_line(uuid, 60)!r} is no id of the INDIGO PaaS Orchestrator")
    return quote(uuid, safe="")
