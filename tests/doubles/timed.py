"""A double of an engine in memory, each of whose creations takes the same time: for measuring what is added to it."""

from __future__ import annotations

import threading
import time

from mattone.engines.interface import Capabilities, Observation, Phase, Remote, RemoteMachine, Submission


class TimedEngine:
    """Conforms to `mattone.engines.interface.Engine`; a creation is ready `seconds` after it was submitted."""

    name = "timed double"
    instance = "timed"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: dict[str, tuple[str, str, float]] = {}
        self._lock = threading.Lock()
        self.submitted: list[float] = []  # when, in seconds of the monotonic clock

    def version(self) -> str:
        return "Timed double 1.0"

    def capabilities(self) -> Capabilities:
        return Capabilities(poll=0.1)

    def submit(self, submission: Submission) -> str:
        now = time.monotonic()
        with self._lock:
            self.submitted.append(now)
            remote = f"remote-{len(self.submitted)}"
            self._held[remote] = (submission.deployment, submission.operation, now + self._seconds)
        return remote

    def update(self, remote_id: str, submission: Submission) -> str:
        raise NotImplementedError

    def observe(self, remote_id: str) -> Observation:
        machine = (RemoteMachine(f"{remote_id}-1", "server", "running", "192.0.2.1", 1, 512),)
        ready = time.monotonic() >= self._held[remote_id][2]
        return Observation(Phase.READY if ready else Phase.PENDING, "", machine)

    def destroy(self, remote_id: str) -> None:
        raise NotImplementedError

    def log(self, remote_id: str) -> str:
        return remote_id

    def find(self, deployment: str) -> tuple[Remote, ...]:
        with self._lock:
            rows = self._held.items()
            return tuple(Remote(key, row[0], row[1]) for key, row in rows if row[0] == deployment)

    def start(self, remote_id: str, machine: str) -> None:
        raise NotImplementedError

    def stop(self, remote_id: str, machine: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing runs."""
