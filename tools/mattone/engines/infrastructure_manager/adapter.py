"""The embedded engine: `engines.interface.Engine` over the Infrastructure Manager and this host's machines.

The machines come first and are ours; IM only configures them. So a deployment is found again by two
marks that say the same: the labels of its machines, and the metadata of the template that IM stores.
Both are made from the deployment's name alone, so whatever was killed, doing it again changes what
is there instead of making a second one.

IM's own update merges documents and forgets nothing: a node, an input or an output that is gone from
the template stays. Since IM's deleting touches no machine of ours, an update here forgets the old
infrastructure and posts the new document; posting is the last step, so what IM has is always whole.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone import process, redact
from mattone.engines.infrastructure_manager import machines, report, translate
from mattone.engines.infrastructure_manager.client import Client, UnknownInfrastructure
from mattone.engines.infrastructure_manager.folder import Folder
from mattone.engines.infrastructure_manager.install import Installation, install
from mattone.engines.infrastructure_manager.playbooks import playbooks
from mattone.engines.infrastructure_manager.supervisor import Endpoint, Supervisor
from mattone.engines.infrastructure_manager.topology import Topology, read
from mattone.engines.interface import Capabilities, Observation, Phase, Remote, Submission
from mattone.errors import InputError, RemoteError
from mattone.machines.interface import Machine, MachineHost
from mattone.tosca.template import ServiceTemplate

_ROLES = "/var/tmp/ansible/roles"  # noqa: S108  (on the controller; where IM's Ansible looks)
_ROLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
# What a configuration leaves on the controller: its agent, which runs on when IM is killed, and playbooks with secrets.
_FORGET = 'pkill -KILL -f "/var/tmp/[.]im/$1/" || true; rm -rf -- "/var/tmp/.im/$1"'


@dataclass(frozen=True, slots=True)
class _Infrastructure:
    """One infrastructure that IM holds, with our marks; orphaned when an earlier IM process was to configure it."""

    id: str
    remote: str
    operation: str
    orphaned: bool
    client: Client


def _holds(known: Sequence[_Infrastructure], operation: str) -> bool:
    """Whether IM has this very operation already, whose answer was lost, and is at it or through with it."""
    if len(known) != 1 or known[0].operation != operation:
        return False
    phase = report.PHASES.get(known[0].client.state(known[0].id)[0])
    return phase is Phase.READY or (phase is Phase.PENDING and not known[0].orphaned)


def _refuse(template: ServiceTemplate, wanted: Sequence[machines.Wish], submission: Submission) -> None:
    """Everything that can be wrong with a submission, before anything is made for it. Raises InputError."""
    for role in submission.roles:
        if not _ROLE.fullmatch(role) or not (submission.files / "roles" / role).is_dir():
            raise InputError(f"role `{redact.one_line(role, 80)}` is not in the bundle")
    if (submission.files / "collections").exists():
        raise InputError(
            "the bundle brings Ansible collections, and this engine uses the ones of its controller alone",
            hint="use roles instead: what is locked must be what runs",
        )
    topology = Topology(template, machines.placeholders(wanted))
    playbooks(topology, submission.files)
    topology.outputs()


class InfrastructureManagerEngine:
    """The engine of one workspace folder. `host` makes the machines; `prepare` installs IM."""

    def __init__(self, workspace: Path, host: MachineHost, prepare: Callable[[], Installation] = install) -> None:
        self._host = host
        self._supervisor = Supervisor(workspace, prepare, on_start=self._sweep)
        self._folder = Folder(self._supervisor.folder)

    @property
    def name(self) -> str:
        return "infrastructure-manager"

    @property
    def instance(self) -> str:
        return self._folder.identity()

    def version(self) -> str:
        return f"Infrastructure Manager {self._client().version()}"

    def capabilities(self) -> Capabilities:
        return Capabilities(resize_in_place=True, unset_inputs=True, start_stop=True, parallel=1)

    def submit(self, submission: Submission) -> str:
        """Make the machines and hand the template to IM; the same submission again changes nothing."""
        remote = machines.remote_id(submission.deployment)
        self._bring(remote, submission)
        return remote

    def update(self, remote_id: str, submission: Submission) -> str:
        """Make the deployment what the template says; what the template no longer names is deleted."""
        if remote_id != machines.remote_id(submission.deployment):
            raise RemoteError(f"{remote_id} is not the engine's id of {submission.deployment}")
        self._bring(remote_id, submission)
        return remote_id

    def observe(self, remote_id: str) -> Observation:
        own = self._machines(remote_id)
        found = self._infrastructures(remote_id)
        if not found:
            return self._without_infrastructure(remote_id, own)
        try:
            return report.observation(found[-1].client, found[-1].id, own, orphaned=found[-1].orphaned)
        except UnknownInfrastructure:  # deleted by another command since it was listed
            return self._without_infrastructure(remote_id, own)

    def destroy(self, remote_id: str) -> None:
        """Make IM forget it, then delete its machines; can be repeated after a kill at any point."""
        with self._folder.working(remote_id):
            for infrastructure in self._infrastructures(remote_id):
                self._forget(infrastructure)
            machines.remove(self._host, self._machines(remote_id))

    def log(self, remote_id: str) -> str:
        current = [one.client.log(one.id) for one in self._infrastructures(remote_id)]
        return redact.visible("\n".join([*self._folder.logs(remote_id), *current]))

    def find(self, deployment: str) -> tuple[Remote, ...]:
        remote = machines.remote_id(deployment)
        found = self._infrastructures(remote)
        if found:
            return (Remote(remote, deployment, found[-1].operation),)
        own = self._machines(remote)
        return (Remote(remote, deployment, own[0].spec.labels.get(machines.OPERATION, "")),) if own else ()

    def start(self, remote_id: str, machine: str) -> None:
        self._host.start(self._own(remote_id, machine))

    def stop(self, remote_id: str, machine: str) -> None:
        self._host.stop(self._own(remote_id, machine))

    def close(self) -> None:
        """End the IM process; its database stays, and the next call starts it again."""
        self._supervisor.stop()

    def _bring(self, remote: str, submission: Submission) -> None:
        """The one way to a wanted state, from whatever is there."""
        with self._folder.working(remote), process.parallel(2) as workers:
            template = read(submission.template)
            wanted = machines.wishes(Topology(template), submission.deployment, submission.operation)
            _refuse(template, wanted, submission)
            # IM and its controller are made ready while the machines boot.
            starting = workers.start(self._client)
            preparing = workers.start(self._controller, submission)
            existing = self._machines(remote)
            made = machines.settle(self._host, wanted, existing)
            names = {wish.spec.name for wish in wanted}
            machines.remove(self._host, [one for one in existing if one.spec.name not in names])
            client, controller = workers.result(starting), workers.result(preparing)
            known = self._infrastructures(remote)
            fresh = {one.spec.name for one in made} - {one.spec.name for one in existing}
            if not fresh and _holds(known, submission.operation):
                return
            for infrastructure in known:
                self._forget(infrastructure)
            addresses = machines.addresses(wanted, made)
            self._post(client, submission, remote, Topology(template, addresses), addresses, controller)

    def _controller(self, submission: Submission) -> Machine:
        controller = machines.controller(self._host)
        self._copy_roles(controller, submission)
        return controller

    def _post(
        self,
        client: Client,
        submission: Submission,
        remote: str,
        topology: Topology,
        addresses: Mapping[str, list[str]],
        controller: Machine,
    ) -> None:
        access = translate.Access(self._host.user, self._host.key_file.read_text(), controller.address)
        marks = {
            translate.REMOTE: remote,
            translate.DEPLOYMENT: submission.deployment,
            translate.OPERATION: submission.operation,
            translate.PROCESS: client.instance,
        }
        with self._folder.playbooks(remote, playbooks(topology, submission.files)) as paths:
            client.create(translate.document(topology, addresses, paths, access, marks))

    def _copy_roles(self, controller: Machine, submission: Submission) -> None:
        """Put the roles where Ansible looks; their names are made from their content, so what is there is right."""
        there = self._host.run(controller.spec.name, ["ls", "-1", _ROLES]).output.split()
        for role in submission.roles:
            if role not in there:
                self._host.copy_tree(controller.spec.name, submission.files / "roles" / role, f"{_ROLES}/{role}")

    def _forget(self, infrastructure: _Infrastructure) -> None:
        self._folder.keep_log(infrastructure.remote, infrastructure.client.log(infrastructure.id))
        infrastructure.client.delete(infrastructure.id)
        if any(one.spec.name == machines.CONTROLLER for one in self._host.list()):
            controller = machines.controller(self._host)
            self._host.run(controller.spec.name, ["sudo", "sh", "-c", _FORGET, "sh", infrastructure.id])

    def _sweep(self, endpoint: Endpoint) -> None:
        """Drop what IM was killed over before it had stored the template: nobody else is using it at its start."""
        client = Client(endpoint)
        for infrastructure in client.infrastructures():
            if translate.REMOTE not in client.template(infrastructure).get("metadata", {}):
                client.delete(infrastructure)

    def _client(self) -> Client:
        return Client(self._supervisor.ensure())

    def _machines(self, remote: str) -> tuple[Machine, ...]:
        own = self._host.list({machines.REMOTE: remote})
        return tuple(sorted(own, key=machines.place))

    def _infrastructures(self, remote: str) -> tuple[_Infrastructure, ...]:
        """What IM holds of a deployment, the newest last; IM is not started where it never ran."""
        if not self._supervisor.has_run():
            return ()
        client, found = self._client(), []
        for identity in reversed(client.infrastructures()):  # IM lists the newest first
            with contextlib.suppress(UnknownInfrastructure):
                marks: Mapping[str, Any] = client.stored_template(identity).get("metadata") or {}
                if marks.get(translate.REMOTE) == remote:
                    orphaned = marks.get(translate.PROCESS) != client.instance
                    operation = str(marks.get(translate.OPERATION, ""))
                    found.append(_Infrastructure(identity, remote, operation, orphaned, client))
        return tuple(found)

    def _without_infrastructure(self, remote: str, own: tuple[Machine, ...]) -> Observation:
        if self._folder.is_working(remote):
            return Observation(Phase.PENDING, "machines are being made", report.remote_machines(own))
        if not own:
            return Observation(Phase.GONE)
        reason = "it was interrupted before the engine began to configure; apply again"
        return Observation(Phase.FAILED, reason, report.remote_machines(own))

    def _own(self, remote: str, machine: str) -> str:
        if machine not in {one.spec.name for one in self._machines(remote)}:
            raise RemoteError(f"{remote} has no machine {redact.one_line(machine, 80)!r}")
        return machine
