"""The double's HTTP side: routes, the checks that come before the rules, and faults."""

from __future__ import annotations

import http.server
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.indigo_orchestrator.state import Account, Refusal, State

_FIELDS: dict[str, type] = {
    "template": str,
    "parameters": dict,
    "callback": str,
    "timeoutMins": int,
    "providerTimeoutMins": int,
    "maxProvidersRetry": int,
    "keepLastAttempt": bool,
    "userGroup": str,
}
_WRITE = ("offline_access", "fts:submit-transfer")
_ID = "([0-9a-f-]{36})"


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose `METHOD /path` the pattern matches.

    after   the request is carried out first
    drop    the connection is closed without an answer
    status, headers, body   the answer instead
    """

    pattern: str
    after: bool = False
    drop: bool = False
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    times: int = 1


@dataclass
class OrchestratorDouble:
    """A running double. `url` is where it answers, `requests` what it was asked (`METHOD /path`, body).

    files  a folder that it serves below `/files/`, as a site's web server would
    """

    state: State
    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refreshed: int = 0
    client_secret: str = ""
    files: Path | None = None

    def fault(self, pattern: str, **what: Any) -> None:
        self.faults.append(Fault(pattern, **what))

    def asked(self, pattern: str) -> int:
        """How many requests matched."""
        return sum(re.search(pattern, line) is not None for line, _ in self.requests)

    def pass_time(self, seconds: float) -> None:
        """Move the clock, as `sleep` does for the one who waits."""
        with self.state.lock:
            self.state.clock.now += seconds


@contextmanager
def running() -> Iterator[OrchestratorDouble]:
    """A double on a free port of 127.0.0.1, until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.double = OrchestratorDouble(State(), f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    double: OrchestratorDouble

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away: tests kill them."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        double = self.server.double
        if self.command == "GET" and self.path.startswith("/files/") and double.files is not None:
            self._file(double.files)
            return
        with double.state.lock:
            double.state.clock.now += double.state.clock.per_request
            double.state.settle()
            double.requests.append((f"{self.command} {self.path}", body))
            fault = self._fault()
            if fault is None or fault.after:
                status, headers, answer = self._answer(body)
        if fault is not None:
            status, headers, answer = fault.status, fault.headers, fault.body
        if fault is not None and fault.drop:
            self.close_connection = True
            return
        self._send(status, headers, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _file(self, folder: Path) -> None:
        path = (folder / self.path.removeprefix("/files/")).resolve()
        found = path.is_relative_to(folder.resolve()) and path.is_file()
        self.send_response(200 if found else 404)
        data = path.read_bytes() if found else b""
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fault(self) -> Fault | None:
        faults = self.server.double.faults
        found = next((one for one in faults if re.search(one.pattern, f"{self.command} {self.path}")), None)
        if found is not None:
            found.times -= 1
            if found.times == 0:
                faults.remove(found)
        return found

    def _answer(self, body: str) -> tuple[int, dict[str, str], str]:
        try:
            status, value = _route(self.server.double, self.command, self.path, self.headers.get("Authorization"), body)
        except Refusal as error:
            return error.status, error.headers, json.dumps(_refusal(error))
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        return status, {}, text

    def _send(self, status: int, headers: dict[str, str], answer: str) -> None:
        data = answer.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != HTTPStatus.NO_CONTENT:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _refusal(error: Refusal) -> dict[str, Any]:
    if error.oauth:
        return {"error": error.oauth, "error_description": error.message}
    return {"code": error.status, "title": HTTPStatus(error.status).phrase, "message": error.message}


def _route(double: OrchestratorDouble, method: str, target: str, token: str | None, body: str) -> tuple[int, Any]:
    parts = urlsplit(target)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if (method, parts.path) == ("POST", "/token"):
        return _issue(double, {key: values[-1] for key, values in parse_qs(body).items()})
    if (method, parts.path) == ("GET", "/info"):
        return 200, {"build": {"version": "4.0.1-double"}}
    account = _account(double.state, token)
    if method != "GET" and not set(_WRITE) & set(account.scopes):
        raise Refusal(403, "Insufficient scope for this resource", oauth="insufficient_scope")
    for wanted, pattern, act in _ROUTES:
        match = re.fullmatch(pattern, parts.path)
        if match and wanted == method:
            return act(double.state, account, query, body, *match.groups())
    raise Refusal(404, f"No handler found for {method} {parts.path}")


def _issue(double: OrchestratorDouble, form: dict[str, str]) -> tuple[int, Any]:
    """The identity provider's token endpoint (RFC 6749): both grants that the adapter knows."""
    if form.get("client_secret", "") != double.client_secret:
        raise Refusal(401, "Bad client credentials", oauth="invalid_client")
    if form.get("grant_type") not in {"refresh_token", "client_credentials"}:
        raise Refusal(400, "Unsupported grant", oauth="unsupported_grant_type")
    double.refreshed += 1
    scopes = tuple(form.get("scope", "").split())
    token = double.state.issue(scopes=scopes, until=double.state.clock.now + 3600)
    return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600}


def _account(state: State, header: str | None) -> Account:
    if header is None or not header.startswith("Bearer "):
        raise Refusal(401, "Full authentication is required to access this resource", oauth="unauthorized")
    account = state.accounts.get(header.removeprefix("Bearer "))
    if account is None or account.until <= state.clock.now:
        raise Refusal(401, "Invalid access token", oauth="invalid_token")
    return account


def _request(body: str, fields: dict[str, type], needed: str) -> dict[str, Any]:
    try:
        request: dict[str, Any] = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "JSON parse error") from error
    for key, value in request.items():
        if key not in fields:
            raise Refusal(400, f'Unrecognized field "{key}"')
        if not isinstance(value, fields[key]) or (fields[key] is int and not _positive(value)):
            raise Refusal(400, f"{key} has an illegal value")
    if request.get(needed) is None:
        raise Refusal(400, f"{needed} must be provided")
    if request.get("providerTimeoutMins", 0) > request.get("timeoutMins", 1 << 31):
        raise Refusal(400, "ProviderTimeout must be <= Timeout")
    return request


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    size, number = int(query.get("size", 10)), int(query.get("page", 0))
    pages = -(-len(items) // size)
    return {
        "links": [{"rel": "first", "href": "http://elsewhere.invalid/"}],
        "content": items[number * size : (number + 1) * size],
        "page": {"size": size, "totalElements": len(items), "totalPages": pages, "number": number},
    }


def _list(state: State, account: Account, query: dict[str, str], _body: str) -> tuple[int, Any]:
    group = query.get("userGroup")
    if group is not None and group not in account.groups:
        raise Refusal(403, f"The group {group} is not in the user's authorized groups")
    rows = [row for row in state.rows.values() if row.owner == account.subject and group in {None, row.group}]
    rows.sort(key=lambda row: row.created, reverse=query.get("sort", "createdAt,desc") == "createdAt,desc")
    return 200, _page([row.body() for row in rows], query)


def _create(state: State, account: Account, _query: dict[str, str], body: str) -> tuple[int, Any]:
    return 201, state.create(account, _request(body, _FIELDS, "template")).body()


def _get(state: State, account: Account, _query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    return 200, state.seen(account, uuid).body()


def _put(state: State, account: Account, _query: dict[str, str], body: str, uuid: str) -> tuple[int, Any]:
    state.update(account, uuid, _request(body, _FIELDS, "template"))
    return 202, None


def _patch(state: State, account: Account, _query: dict[str, str], body: str, uuid: str) -> tuple[int, Any]:
    state.reset(account, uuid, json.loads(body).get("status"))
    return 204, None


def _delete(state: State, account: Account, query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    state.delete(account, uuid, query.get("force") == "true")
    return 204, None


def _template(state: State, account: Account, _query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    return 200, state.seen(account, uuid).template


def _log(state: State, account: Account, _query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    row = state.own(account, uuid)
    if not row.provider:
        raise Refusal(500, "No deployment provider")
    return 200, row.log


def _extra(state: State, account: Account, _query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    found = [one.body()["metadata"] for one in state.own(account, uuid).resources if one.physical]
    return 200, f"[{','.join(one['VirtualMachineInfo'] for one in found)}]"


def _resources(state: State, account: Account, query: dict[str, str], _body: str, uuid: str) -> tuple[int, Any]:
    return 200, _page([one.body() for one in state.seen(account, uuid).resources], query)


def _resource(state: State, account: Account, _q: dict[str, str], _b: str, uuid: str, resource: str) -> tuple[int, Any]:
    found = [one for one in state.seen(account, uuid).resources if one.uuid == resource]
    if not found:
        raise Refusal(404, f"The resource <{resource}> in deployment <{uuid}> doesn't exist")
    return 200, found[0].body()


def _act(state: State, account: Account, _q: dict[str, str], body: str, uuid: str, resource: str) -> tuple[int, Any]:
    state.act(account, uuid, resource, _request(body, {"type": str}, "type")["type"])
    return 202, None


_ROUTES: tuple[tuple[str, str, Callable[..., tuple[int, Any]]], ...] = (
    ("GET", "/deployments", _list),
    ("POST", "/deployments", _create),
    ("GET", f"/deployments/{_ID}", _get),
    ("PUT", f"/deployments/{_ID}", _put),
    ("PATCH", f"/deployments/{_ID}", _patch),
    ("DELETE", f"/deployments/{_ID}", _delete),
    ("GET", f"/deployments/{_ID}/template", _template),
    ("GET", f"/deployments/{_ID}/log", _log),
    ("GET", f"/deployments/{_ID}/extrainfo", _extra),
    ("GET", f"/deployments/{_ID}/resources", _resources),
    ("GET", f"/deployments/{_ID}/resources/{_ID}", _resource),
    ("POST", f"/deployments/{_ID}/resources/{_ID}/actions", _act),
)
