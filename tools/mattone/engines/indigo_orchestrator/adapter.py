"""The engine elsewhere: `engines.interface.Engine` over the INDIGO PaaS Orchestrator.

The server makes the ids and knows no idempotency key, so one wish is kept to one deployment by
marks in the template: whoever posts looks for them first, and a post whose answer was lost is
looked for and never repeated. What it cannot do is left to the plan (`CAPABILITIES`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mattone import process, redact
from mattone.engines.indigo_orchestrator import document, report
from mattone.engines.indigo_orchestrator.answers import UUID, Deployment
from mattone.engines.indigo_orchestrator.client import Client, Refused, UnknownDeployment
from mattone.engines.interface import Capabilities, Observation, Phase, Remote, Submission
from mattone.errors import RemoteError, TransientError
from mattone.platform.orchestrator import OrchestratorSettings

# PUT merges parameters, and the Infrastructure Manager behind it ignores the sizes of machines that exist.
CAPABILITIES = Capabilities(resize_in_place=False, unset_inputs=False, start_stop=True, poll=5.0)

_UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED"})
_AT_ONCE = 8  # templates that are read at the same time
_LONGER = 300.0  # seconds that an operation may take beyond the bound that the orchestrator was given


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the server, in seconds.

    busy     for an earlier operation to end, and for a deletion
    poll     between two looks meanwhile
    lost     when to look for what was posted and not answered, each after the one before
    """

    busy: float = 1800.0
    poll: float = 2.0
    lost: tuple[float, ...] = (0.0, 1.0, 3.0, 8.0)


class IndigoOrchestratorEngine:
    """The deployments of one account in one group of an orchestrator.

    `clock` gives seconds and `sleep` lets them pass.
    """

    def __init__(
        self,
        settings: OrchestratorSettings,
        client: Client,
        patience: Patience | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._client = client
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        self._account = ""
        self._names: dict[str, str] = {}  # id to the deployment that it is marked as; nobody marks it anew

    @property
    def name(self) -> str:
        return "indigo-orchestrator"

    @property
    def instance(self) -> str:
        """The URL, and the account: what one account made, another can neither list nor change."""
        if not self._account:
            self._account = self._client.account() or "an unknown account"
        return f"{self._settings.url} as {self._account}"

    def version(self) -> str:
        """What the server says of itself; a site may have switched that off, which is no reason to record nothing."""
        try:
            said = self._client.info()
        except RemoteError:
            said = {}
        build = said.get("build")
        version = build.get("version") if isinstance(build, dict) else said.get("version")
        return redact.one_line(f"INDIGO PaaS Orchestrator {version or '(of unknown version)'}", 100)

    def capabilities(self) -> Capabilities:
        bound = 60 * self._settings.timeout
        return replace(CAPABILITIES, patience=bound + _LONGER) if bound else CAPABILITIES

    def submit(self, submission: Submission) -> str:
        """Post it once. The same operation again finds what it made before.

        Raises TransientError when no answer came and the server does not (yet) show it.
        """
        body = self._body(submission)
        held = self.find(submission.deployment)
        if held:
            return self._same(held, submission)
        return self._post(body, submission)

    def update(self, remote_id: str, submission: Submission) -> str:
        """Put it, once no other operation is at work; what was never made whole is made anew, under another id."""
        body = self._body(submission)
        current = self._client.deployment(remote_id)
        self._require_own(current, submission.deployment)
        current = self._settled(current)
        if current.status == "CREATE_FAILED":  # PUT refuses it, for ever; nothing in it was ever ready
            self.destroy(remote_id)
            return self._post(body, submission)
        if current.status not in _UPDATABLE:
            raise RemoteError(_not_updatable(current), hint="delete it, and ask for it again")
        self._put(remote_id, body, submission)
        return remote_id

    def observe(self, remote_id: str) -> Observation:
        try:
            current = self._client.deployment(remote_id)
            resources = self._client.resources(remote_id)
        except UnknownDeployment:
            return Observation(Phase.GONE)
        return report.observation(current, resources)

    def destroy(self, remote_id: str) -> None:
        """Delete it and wait until it is gone.

        Raises RemoteError when the orchestrator could not, TransientError when it takes too long.
        """
        end = self._clock() + self._patience.busy
        begun = self._clock()
        asked = False
        while (current := self._look(remote_id)) is not None and current.status != "DELETE_COMPLETE":
            if current.status != "DELETE_IN_PROGRESS":
                if asked and current.status == "DELETE_FAILED":
                    reason = current.reason or "the orchestrator does not say why"
                    raise RemoteError(f"{remote_id} could not be deleted: {reason}", hint=_DELETE_HINT)
                asked, begun = self._delete(remote_id) or asked, self._clock()
            elif self._hangs(begun):
                self._reset(remote_id)
                asked, begun = False, self._clock()
                continue
            if self._clock() > end:
                raise TransientError(f"the deletion of {remote_id} is not through after {self._patience.busy:.0f} s")
            self._sleep(self._patience.poll)

    def log(self, remote_id: str) -> str:
        current = self._client.deployment(remote_id)
        head = f"{current.status} at {current.provider or 'no provider yet'}: {current.reason or 'no reason given'}"
        try:
            said = self._client.log(remote_id)
        except Refused as error:
            said = f"no log: {error.message}"
        return redact.visible(f"{head}\n{said}")

    def find(self, deployment: str) -> tuple[Remote, ...]:
        listed = self._client.deployments(self._settings.group)
        held = [one.uuid for one in listed if one.status != "DELETE_COMPLETE"]
        candidates = [uuid for uuid in held if self._names.get(uuid, deployment) == deployment]
        with process.parallel(_AT_ONCE) as workers:
            read = dict(zip(candidates, workers.map(self._marks, candidates), strict=True))
        self._names |= {uuid: marks.deployment if marks else "" for uuid, marks in read.items()}
        return tuple(
            Remote(uuid, marks.deployment, marks.operation)
            for uuid, marks in read.items()
            if marks is not None and marks.deployment == deployment
        )

    def start(self, remote_id: str, machine: str) -> None:
        self._act(remote_id, machine, "start", done=("STARTED", "STARTING"), needed="STOPPED")

    def stop(self, remote_id: str, machine: str) -> None:
        self._act(remote_id, machine, "stop", done=("STOPPED", "STOPPING"), needed="STARTED")

    def close(self) -> None:
        """Nothing of it runs on this host."""

    # Creating and updating

    def _body(self, submission: Submission) -> dict[str, Any]:
        """The request; its fields that the settings leave out are for the server to decide."""
        settings = self._settings
        wanted = {
            "userGroup": settings.group,
            "timeoutMins": settings.timeout,
            "providerTimeoutMins": settings.provider_timeout,
            "maxProvidersRetry": settings.max_providers,
            "keepLastAttempt": settings.keep_last_attempt,
        }
        options = {key: value for key, value in wanted.items() if value}
        folder = Path(settings.files_folder) if settings.files_folder else None
        return document.body(submission, options, folder, settings.files_url)

    def _same(self, held: tuple[Remote, ...], submission: Submission) -> str:
        if len(held) == 1 and held[0].operation == submission.operation:
            return held[0].id
        listed = ", ".join(remote.id for remote in held)
        raise RemoteError(f"the orchestrator holds {submission.deployment} already: {listed}")

    def _post(self, body: dict[str, Any], submission: Submission) -> str:
        try:
            return self._client.create(body)
        except Refused as error:
            if error.status < 500:
                raise
            return self._lost(submission, error)
        except RemoteError as error:
            return self._lost(submission, error)

    def _lost(self, submission: Submission, error: RemoteError) -> str:
        """The id of what was posted without a readable answer, by its mark.

        Raises TransientError when it is not to be seen: then it may still come, and a second post may make two.
        """
        for pause in self._patience.lost:
            self._sleep(pause)
            for remote in self._found(submission.deployment):
                if remote.operation == submission.operation:
                    return remote.id
        if isinstance(error, Refused):  # the server said that it failed, and holds nothing
            raise error
        raise TransientError(f"the answer to a create was lost: {error.message}", hint=error.hint) from error

    def _found(self, deployment: str) -> tuple[Remote, ...]:
        try:
            return self.find(deployment)
        except TransientError:
            return ()

    def _put(self, remote_id: str, body: dict[str, Any], submission: Submission) -> None:
        """Put it; an answer that was lost is made up for by the mark, once the server has taken the template over."""
        try:
            self._client.update(remote_id, body)
        except Refused as error:
            if error.status < 500:
                raise
            self._require_put(remote_id, submission, error)
        except TransientError as error:
            self._require_put(remote_id, submission, error)

    def _require_put(self, remote_id: str, submission: Submission, error: RemoteError) -> None:
        """Return when the update is at work or done. Raises `error` when the server shows nothing of it."""
        for pause in self._patience.lost:
            self._sleep(pause)
            try:
                current, marks = self._client.deployment(remote_id), self._marks(remote_id)
            except TransientError:
                continue
            taken = marks is not None and marks.operation == submission.operation
            if taken or current.status == "UPDATE_IN_PROGRESS":
                return
        raise error

    def _settled(self, current: Deployment) -> Deployment:
        """The deployment once nothing is at work on it. Raises RemoteError when that takes too long."""
        end = self._clock() + self._patience.busy
        while current.status.endswith("_IN_PROGRESS"):
            if self._clock() > end:
                raise RemoteError(
                    f"{current.uuid} is still busy with an earlier operation ({current.status})",
                    hint="apply again later",
                )
            self._sleep(self._patience.poll)
            current = self._client.deployment(current.uuid)
        return current

    # Whose it is

    def _require_own(self, current: Deployment, deployment: str) -> None:
        """Raises RemoteError when what is there does not carry our mark: it is not ours to change."""
        marks = self._marks(current.uuid)
        if marks is None or marks.deployment != deployment:
            whose = f"that of {redact.one_line(marks.deployment, 80)}" if marks else "none"
            raise RemoteError(f"{current.uuid} is not the engine's id of {deployment}: its mark is {whose}")

    def _marks(self, uuid: str) -> document.Marks | None:
        """The marks of a deployment, None when it has none or is gone. Raises RemoteError when they cannot be read."""
        try:
            return document.marks(self._client.template(uuid))
        except UnknownDeployment:
            return None
        except ValueError as error:
            raise RemoteError(f"the orchestrator's template of {uuid} cannot be read: {error}") from None

    # Deleting

    def _look(self, remote_id: str) -> Deployment | None:
        try:
            return self._client.deployment(remote_id)
        except UnknownDeployment:
            return None

    def _delete(self, remote_id: str) -> bool:
        """Ask for the deletion; whether the server took it, or had it already. A lost answer shows in the next look."""
        try:
            self._client.delete(remote_id, force=self._settings.force_deletion)
        except UnknownDeployment:
            return True
        except Refused as error:
            if error.status != 409:  # 409: it is being deleted already
                raise
        except TransientError:
            return False
        return True

    def _hangs(self, begun: float) -> bool:
        minutes = self._settings.reset_deletion_after
        return bool(minutes) and self._clock() - begun > 60 * minutes

    def _reset(self, remote_id: str) -> None:
        try:
            self._client.reset(remote_id)
        except UnknownDeployment:
            return
        except Refused as error:
            if error.status != 409:  # 409: it has ended in this moment
                raise

    # Machines

    def _act(self, remote_id: str, machine: str, action: str, *, done: tuple[str, ...], needed: str) -> None:
        unknown = RemoteError(f"{remote_id} has no machine {redact.one_line(machine, 80)!r}")
        if not UUID.fullmatch(machine):
            raise unknown
        try:
            resource = self._client.resource(remote_id, machine)
        except UnknownDeployment:
            raise unknown from None
        if resource.state in done:
            return
        if resource.state != needed:
            state = redact.one_line(resource.state, 40) or "no state"
            raise RemoteError(
                f"a machine in {state} cannot {action}", hint=f"it needs to be {needed}; wait and try again"
            )
        self._client.act(remote_id, machine, action)


_DELETE_HINT = "`mattone log` may say more; engine.force_deletion forgets what a provider does not delete"


def _not_updatable(current: Deployment) -> str:
    return f"the orchestrator updates nothing that is {redact.one_line(current.status, 60)}: {current.uuid}"
