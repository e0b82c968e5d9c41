"""The deployments that the double holds, and the rules of what may be done to them."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.indigo_orchestrator import templates

ISSUER = "https://iam.example.org/"
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED")


class Refusal(Exception):
    """An answer other than success, with `{code, title, message}` or the shape of a refused token."""

    def __init__(self, status: int, message: str, *, headers: dict[str, str] | None = None, oauth: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.headers, self.oauth = status, message, headers or {}, oauth


@dataclass
class Clock:
    """The double's time in seconds. `per_request`: how much passes with each request, for tests that do not move it."""

    now: float = 0.0
    per_request: float = 1.0


@dataclass
class Account:
    """Who a token stands for. `until` is the clock's time at which it ends."""

    subject: str = "subject"
    groups: tuple[str, ...] = ("school",)
    scopes: tuple[str, ...] = ("openid", "offline_access")
    until: float = float("inf")


@dataclass
class Resource:
    """One node; a machine when the Infrastructure Manager gave it an id. `info` replaces what is said of it."""

    node: str
    type: str
    size: dict[str, Any] = field(default_factory=dict)
    state: str = "INITIAL"
    physical: str = ""
    info: str | None = None
    due: tuple[float, str] | None = None
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "uuid": self.uuid,
            "state": self.state,
            "toscaNodeType": self.type,
            "toscaNodeName": self.node,
            "requiredBy": [],
            "links": [{"rel": "self", "href": f"http://elsewhere.invalid/{self.uuid}"}],
        }
        if self.physical:
            info = self.info if self.info is not None else json.dumps({"vmProperties": self._radl()})
            found |= {"physicalId": self.physical, "metadata": {"VirtualMachineInfo": info}}
        return found

    def _radl(self) -> list[dict[str, Any]]:
        """As the Infrastructure Manager describes a machine; sizes are those it was made with."""
        return [
            {"class": "network", "id": "public", "outbound": "yes", "outports": "22/tcp-22/tcp,8080/tcp-8080/tcp"},
            {"class": "network", "id": "private"},
            {
                "class": "system",
                "id": self.node,
                "state": "stopped" if self.state == "STOPPED" else "configured",
                "cpu.count": self.size.get("num_cpus", 1),
                "memory.size": 2 << 30,
                "disk.0.free_size": 10 << 30,
                "disk.1.size": 5 << 30,
                "net_interface.0.connection": "private",
                "net_interface.0.ip": "192.168.1.10",
                "net_interface.1.connection": "public",
                "net_interface.1.ip": "192.0.2.10",
            },
        ]


@dataclass
class Row:
    """One deployment."""

    template: str
    parameters: dict[str, Any]
    group: str
    owner: str
    created: int
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    task: str = "NONE"
    provider: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    due: tuple[float, Callable[[Row], None]] | None = None
    log: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "uuid": self.uuid,
            "creationTime": "2026-01-01T10:00+0000",
            "updateTime": "2026-01-01T10:00+0000",
            "status": self.status,
            "outputs": self.outputs,
            "task": self.task,
            "userGroup": self.group,
            "createdBy": {"issuer": ISSUER, "subject": self.owner},
            "links": [
                {"rel": rel, "href": f"http://elsewhere.invalid/{rel}"} for rel in ("self", "resources", "template")
            ],
        }
        if self.provider:
            endpoint = {"cpEndpoint": "https://cloud.example.org", "region": "one", "cpComputeServiceId": "compute"}
            found |= {"cloudProviderName": self.provider, "physicalId": f"im-{self.uuid}"}
            found |= {"cloudProviderEndpoint": {**endpoint, "deploymentType": "OPENSTACK"}}
        return found | ({"statusReason": self.reason} if self.reason is not None else {})


@dataclass
class State:
    """Everything the double holds; `lock` is held for each request.

    delays      seconds that creating, updating, deleting and acting take
    failing     operation (`create`, `update`, `delete`) to the reason why the next one of it fails
    agreements  ids that an account may choose, with their providers
    """

    clock: Clock = field(default_factory=Clock)
    delays: dict[str, float] = field(default_factory=lambda: {"create": 3, "update": 3, "delete": 2, "act": 1})
    failing: dict[str, str] = field(default_factory=dict)
    agreements: dict[str, str] = field(default_factory=lambda: {"one": "local", "two": "far"})
    accounts: dict[str, Account] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    serial: int = 0

    def issue(self, **about: Any) -> str:
        """A new token, made at random: a JSON Web Token in form, with a signature that is none."""
        account = Account(**about)
        claims = {"sub": account.subject, "iss": ISSUER, "groups": account.groups, "jti": secrets.token_hex(8)}
        parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
        written = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
        token = ".".join([*written, secrets.token_urlsafe(24)])
        self.accounts[token] = account
        return token

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        for row in list(self.rows.values()):
            for resource in row.resources:
                if resource.due is not None and resource.due[0] <= self.clock.now:
                    resource.state, resource.due = resource.due[1], None
            if row.due is not None and row.due[0] <= self.clock.now:
                (_, act), row.due = row.due, None
                act(row)

    def create(self, account: Account, request: dict[str, Any]) -> Row:
        if request.get("userGroup") not in account.groups:
            raise Refusal(403, f"The group {request.get('userGroup')} is not in the user's authorized groups")
        template = self._prepared(request["template"], request.get("parameters", {}))
        self.serial += 1
        row = Row(
            template=request["template"],
            parameters=dict(request.get("parameters", {})),
            group=request["userGroup"],
            owner=account.subject,
            created=self.serial,
            options={key: value for key, value in request.items() if key not in {"template", "parameters"}},
        )
        for name, node in templates.nodes(template).items():
            row.resources += [self._resource(row, template, name, node) for _ in range(templates.count(node))]
        self.rows[row.uuid] = row
        row.due = (self.clock.now + self.delays["create"], lambda row: self._deployed(row, template))
        return row

    def update(self, account: Account, uuid: str, request: dict[str, Any]) -> None:
        row = self.own(account, uuid)
        if row.status not in UPDATABLE:
            raise Refusal(409, f"Cannot update a deployment in {row.status} state")
        template = self._prepared(request["template"], {**row.parameters, **request.get("parameters", {})})
        row.parameters.update(request.get("parameters", {}))
        row.status, row.reason, row.task = "UPDATE_IN_PROGRESS", None, "NONE"
        row.due = (
            self.clock.now + self.delays["update"],
            lambda row: self._updated(row, template, request["template"]),
        )

    def reset(self, account: Account, uuid: str, status: Any) -> None:
        row = self.own(account, uuid)
        if status != "DELETE_FAILED":
            raise Refusal(400, f"Cannot reset deployment: illegal status {status}.")
        if row.status != "DELETE_IN_PROGRESS":
            raise Refusal(409, f"Cannot reset a deployment in {row.status} state")
        row.status, row.reason, row.due = "DELETE_FAILED", None, None

    def delete(self, account: Account, uuid: str, force: bool) -> None:
        row = self.own(account, uuid)
        if row.status in {"DELETE_COMPLETE", "DELETE_IN_PROGRESS"}:
            raise Refusal(409, f"Deployment already in {row.status} state.")
        if not row.provider:  # nothing was made for it yet
            del self.rows[uuid]
            return
        row.status, row.reason, row.options["force"] = "DELETE_IN_PROGRESS", None, force
        row.due = (self.clock.now + self.delays["delete"], self._deleted)

    def act(self, account: Account, uuid: str, resource_id: str, action: Any) -> None:
        row = self.own(account, uuid)
        found = [one for one in row.resources if one.uuid == resource_id]
        if not found:
            raise Refusal(400, f"Resource <{resource_id}> not found in deployment <{uuid}>")
        if row.status not in UPDATABLE:
            raise Refusal(409, f"Cannot perform actions on deployment in {row.status} state")
        resource = found[0]
        if not resource.physical:
            raise Refusal(400, f"Actions not supported on node of type {resource.type}")
        needed, between, after = {
            "start": ("STOPPED", "STARTING", "STARTED"),
            "stop": ("STARTED", "STOPPING", "STOPPED"),
        }.get(action, ("", "", ""))
        if resource.state != needed:
            raise Refusal(400, f"Cannot {action} node in state {resource.state}")
        resource.state, resource.due = between, (self.clock.now + self.delays["act"], after)

    def own(self, account: Account, uuid: str) -> Row:
        row = self.seen(account, uuid)
        if row.owner != account.subject:
            raise Refusal(403, "Only the owner of the deployment can perform this operation")
        return row

    def seen(self, account: Account, uuid: str) -> Row:
        row = self.rows.get(uuid)
        if row is None:
            raise Refusal(404, f"The deployment <{uuid}> doesn't exist")
        return row

    def _prepared(self, text: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            template = templates.parse(text)
            templates.check_inputs(template, parameters)
            templates.agreement(template)
        except templates.BadTemplate as error:
            raise Refusal(400, str(error)) from error
        return template

    def _resource(self, row: Row, template: dict[str, Any], name: str, node: dict[str, Any]) -> Resource:
        capabilities = templates.evaluated(node.get("capabilities") or {}, template, row.parameters)
        size = (capabilities.get("host") or {}).get("properties") or {}
        return Resource(name, str(node.get("type")), size)

    def _deployed(self, row: Row, template: dict[str, Any]) -> None:
        wanted = templates.agreement(template)
        if wanted and wanted not in self.agreements:
            self._failed(row, "CREATE_FAILED", f"No SLA with id {wanted} available")
            return
        row.provider = self.agreements.get(wanted, "local")
        if reason := self.failing.pop("create", ""):
            self._failed(row, "CREATE_FAILED", reason)
        else:
            self._finished(row, template, "CREATE_COMPLETE")

    def _updated(self, row: Row, template: dict[str, Any], text: str) -> None:
        wanted = templates.nodes(template)
        row.template = templates.rewritten(text)
        if reason := self.failing.pop("update", ""):
            self._failed(row, "UPDATE_FAILED", reason)
            return
        kept: list[Resource] = []
        for name, node in wanted.items():
            there = [one for one in row.resources if one.node == name and one.type == str(node.get("type"))]
            there = there[: templates.count(node)]  # sizes of what exists are not touched
            new = range(templates.count(node) - len(there))
            kept += there + [self._resource(row, template, name, node) for _ in new]
        row.resources = kept
        self._finished(row, template, "UPDATE_COMPLETE")

    def _finished(self, row: Row, template: dict[str, Any], status: str) -> None:
        for resource in row.resources:
            resource.state = "STARTED"
            if templates.is_compute(template, resource.type) and not resource.physical:
                resource.physical = f"vm-{resource.uuid[:8]}"
        row.status, row.reason, row.task = status, None, "NONE"
        row.log = f"PLAY RECAP of {row.uuid}\n"
        outputs = templates.topology(template).get("outputs") or {}
        row.outputs = {name: _output(raw, template, row.parameters) for name, raw in outputs.items()}

    def _failed(self, row: Row, status: str, reason: str) -> None:
        row.status, row.reason = status, reason
        row.log = f"TASK [web : install]\nfatal: {reason}\n"
        for resource in row.resources:
            resource.state = "ERROR"

    def _deleted(self, row: Row) -> None:
        if (reason := self.failing.pop("delete", "")) and not row.options.get("force"):
            self._failed(row, "DELETE_FAILED", reason)
            return
        del self.rows[row.uuid]


def _output(raw: dict[str, Any], template: dict[str, Any], parameters: dict[str, Any]) -> Any:
    value = templates.evaluated(raw.get("value"), template, parameters)
    return "192.0.2.10" if isinstance(value, dict) and "get_attribute" in value else value
