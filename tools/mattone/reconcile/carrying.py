"""Carrying out the steps of a plan, several at once."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from mattone import terminal
from mattone.errors import Interrupted, MattoneError
from mattone.platform.federation import load_federation
from mattone.reconcile.applier import make_applier
from mattone.reconcile.lease import Lease
from mattone.reconcile.plan import Change, Plan, Step, Wish
from mattone.reconcile.schedule import Schedule, Task, stopping
from mattone.reconcile.session import Session
from mattone.records.model import Outcome, Record


@dataclass(frozen=True, slots=True)
class Carrying:
    """One apply's work.

    unsettled  deployments of which nobody knows what an earlier run did
    parallel   how many at once; None as the settings say
    """

    session: Session
    plan: Plan
    lease: Lease | None
    unsettled: Container[str] = ()
    parallel: int | None = None

    def out(self, steps: Sequence[Step]) -> tuple[list[Record], list[MattoneError]]:
        """The records of what was done and the errors of what was not, in the order of their ends."""
        wishes = self.session.wishes()
        by_name = {step.deployment: step for step in steps}
        slots = threading.Semaphore(self._at_once())
        # While the engine is at work on some, others are prepared and recorded.
        threads = 1 if self._at_once() == 1 else 2 * self._at_once()
        with stopping() as stop:

            def work(task: Task) -> Record:
                return self._one(by_name[task.name], wishes.get(task.name), stop, slots)

            done = Schedule(
                [_task(step, wishes.get(step.deployment)) for step in steps], work, threads, self._limits(),
                self._absent, stop, _tell_of_stop,
            )  # fmt: skip
            try:
                results = done.run().values()
            except KeyboardInterrupt:
                if self.lease is not None:
                    self.lease.abandon()  # a thread may be sending something at this moment
                raise
        records = [one for one in results if not isinstance(one, MattoneError)]
        return records, [one for one in results if isinstance(one, MattoneError)]

    def _one(self, step: Step, wish: Wish | None, stop: threading.Event, slots: threading.Semaphore) -> Record:
        def permit() -> None:
            if stop.is_set():
                raise Interrupted(f"{step.deployment} was not begun", hint="run `mattone apply` again: it goes on")
            if self.lease is not None:
                self.lease.permit()

        with terminal.progress(f"{step.change} {step.deployment}") as progress:
            return make_applier(self.session, progress.update, permit, stop, slots).carry_out(step, wish)

    def _at_once(self) -> int:
        wanted = self.parallel or self.session.site.settings.apply.parallel
        return min(wanted, self.session.engine.capabilities().parallel or wanted)

    def _limits(self) -> Mapping[str, int]:
        providers = load_federation(self.session.tree).providers
        return {name: provider.parallel for name, provider in providers.items() if provider.parallel}

    def _absent(self, need: str) -> str:
        """Why a need that this apply does nothing for is not fulfilled; "" when it is."""
        if need in self.unsettled:
            return "of which nobody knows what an earlier run did"
        planned = next((step for step in self.plan.steps if step.deployment == need), None)
        if planned is not None:
            return "" if planned.change is Change.NONE else f"which is {planned.change}"
        last = self.session.records.recent(need).last_applied
        runs = last is not None and last.outcome is Outcome.SUCCEEDED and bool(last.remote_id)
        return "" if runs else "which does not run"


def _task(step: Step, wish: Wish | None) -> Task:
    if wish is None:
        return Task(step.deployment)
    return Task(step.deployment, wish.deployment.needs, wish.deployment.provider)


def _tell_of_stop(running: Sequence[str]) -> None:
    left = f"leaving to the engine: {', '.join(running)}" if running else "nothing is under way"
    terminal.note(f"stopping: {left}; once more ends at once")
