"""The REST calls of the Infrastructure Manager that mattone uses, each with its own time limit.

Source: IM's REST API, https://imdocs.readthedocs.io/en/latest/REST.html, and what was measured of it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mattone import http, redact
from mattone.errors import RemoteError, TransientError

if TYPE_CHECKING:
    from mattone.engines.infrastructure_manager.supervisor import Endpoint

_LINE = "\\n"  # IM's mark for a line break inside the header: a backslash and an n
_STORED_WITHIN = 30.0  # seconds
_ADDING_WITHIN = 60.0  # seconds
_LOOKS = 3  # in a row at which a deleted infrastructure must be gone
_OK = (200, 201, 202, 204)
_TRACE = re.compile(r"\s+File \S+, line \d+, in ")  # tosca-parser adds its own stack to its messages


class UnknownInfrastructure(RemoteError):
    """IM does not have an infrastructure of this id, or no longer."""


class RefusedTemplate(RemoteError):
    """IM read the template and will not have it; the message is IM's own."""


class Client:
    """One engine process behind its endpoint. `timeout` in seconds is for the quick calls."""

    def __init__(self, endpoint: Endpoint, *, cloud: str = "DeployedNode", timeout: float = 30.0) -> None:
        self.instance = endpoint.instance
        self._url = endpoint.url
        self._timeout = timeout
        account = f"type = InfrastructureManager; username = {endpoint.user}; password = {endpoint.password}"
        self._headers = {
            "X-Mattone-Key": endpoint.key,
            "Authorization": f"{account}{_LINE}id = local; type = {cloud}; host = localhost:80",
        }

    def version(self) -> str:
        """The version of the process that answers, for example `2.0.0`."""
        return _text(self._call("GET", "/version", accept="text/plain"))

    def infrastructures(self) -> tuple[str, ...]:
        """The ids of all that this workspace created."""
        listed = self._call("GET", "/infrastructures", accept="text/uri-list").body
        return tuple(line.strip().rsplit("/", 1)[-1] for line in listed.splitlines() if line.strip())

    def create(self, document: str) -> str:
        """Post a template as YAML text; return the id while the machines are still being configured."""
        answer = self._call("POST", "/infrastructures?async=true", body=document, timeout=120)
        return answer.body.strip().rsplit("/", 1)[-1]

    def state(self, infrastructure: str) -> tuple[str, Mapping[str, str]]:
        """The state of the whole, and that of each machine by IM's number for it."""
        answer = self._json(f"/infrastructures/{infrastructure}/state").get("state")
        if not isinstance(answer, dict) or not isinstance(answer.get("state"), str):
            raise RemoteError(f"the engine's state of {infrastructure} cannot be read")
        return answer["state"], {str(number): str(state) for number, state in answer.get("vm_states", {}).items()}

    def template(self, infrastructure: str) -> dict[str, Any]:
        """The template as IM has it; empty when it was killed before it had stored it."""
        import yaml

        answer = self._call("GET", f"/infrastructures/{infrastructure}/tosca", accept="text/plain", ok=(*_OK, 403))
        if answer.status == 403:
            return {}
        try:
            parsed = yaml.load(answer.body, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  a safe loader
        except yaml.YAMLError as error:
            raise RemoteError(f"the engine's template of {infrastructure} cannot be read") from error
        return parsed if isinstance(parsed, dict) else {}

    def stored_template(self, infrastructure: str) -> dict[str, Any]:
        """The template as soon as IM has stored it, which it does a moment after it has given the id away.

        Raises UnknownInfrastructure when it is gone, TransientError when nothing is stored within 30 s: until then
        nobody can say whose it is.
        """
        deadline = time.monotonic() + _STORED_WITHIN
        while not (found := self.template(infrastructure)):
            if time.monotonic() > deadline:
                raise TransientError(f"the engine does not say what {infrastructure} is", hint="try again")
            time.sleep(0.1)
        return found

    def outputs(self, infrastructure: str) -> dict[str, Any]:
        """The evaluated outputs of the template; empty when IM has stored no template."""
        answer = self._call("GET", f"/infrastructures/{infrastructure}/outputs", ok=(*_OK, 403))
        found = {} if answer.status == 403 else _object(answer).get("outputs")
        return found if isinstance(found, dict) else {}

    def address(self, infrastructure: str, number: str) -> str:
        """The address under which IM configures its machine of this number."""
        for part in self._json(f"/infrastructures/{infrastructure}/vms/{number}").get("radl", ()):
            if isinstance(part, dict) and part.get("class") == "system":
                return str(part.get("net_interface.0.ip", ""))
        return ""

    def log(self, infrastructure: str) -> str:
        """What IM and its Ansible printed while they configured (`contmsg`)."""
        return self._call("GET", f"/infrastructures/{infrastructure}/contmsg", accept="text/plain").body

    def delete(self, infrastructure: str) -> None:
        """Make IM forget it and stop its configuration; returns when it has, also when it had before.

        IM refuses while it is still adding the machines (409), and a machine that is being added may bring back what
        was deleted: both are waited for, TransientError after 60 s.
        """
        deadline = time.monotonic() + _ADDING_WITHIN
        looks = _LOOKS
        while looks > 0:
            if time.monotonic() > deadline:
                raise TransientError(f"the engine is still adding machines to {infrastructure}", hint="try again")
            looks = looks - 1 if self._deleted(infrastructure) else _LOOKS
            time.sleep(0.2)

    def _deleted(self, infrastructure: str) -> bool:
        """Ask IM to forget it; whether it had already."""
        try:
            self._call("DELETE", f"/infrastructures/{infrastructure}?force=true", timeout=120, ok=(*_OK, 409))
        except UnknownInfrastructure:
            return True
        return False

    def _json(self, path: str) -> dict[str, Any]:
        return _object(self._call("GET", path))

    def _call(
        self,
        method: str,
        path: str,
        *,
        accept: str = "application/json",
        body: str | None = None,
        timeout: float | None = None,
        ok: tuple[int, ...] = _OK,
    ) -> http.Response:
        headers = {**self._headers, "Accept": accept if method == "GET" else "text/plain, */*"}
        if body is not None:
            headers["Content-Type"] = "text/yaml"
        url = self._url + path
        answer = http.call(
            method, url, headers=headers, body=body, timeout=timeout or self._timeout, accept=(*ok, 400, 404)
        )
        if answer.status == 404:
            raise UnknownInfrastructure(f"the engine does not know {path.split('/')[-1].split('?')[0]}")
        if answer.status == 400:
            kind = RefusedTemplate if body is not None else RemoteError
            said = _TRACE.split(_text(answer), maxsplit=1)[0]
            raise kind(f"the engine refuses: {redact.one_line(said, 600)}")
        return answer


def _text(answer: http.Response) -> str:
    """The text of an answer that may also be JSON around it."""
    try:
        parsed = json.loads(answer.body)
    except ValueError:
        return answer.body.strip()
    if isinstance(parsed, dict):
        return str(parsed.get("version", parsed.get("message", answer.body)))
    return str(parsed)


def _object(answer: http.Response) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.body)
    except ValueError as error:
        raise RemoteError("the engine answered something that is not JSON") from error
    if not isinstance(parsed, dict):
        raise RemoteError("the engine answered something unexpected")
    return parsed
