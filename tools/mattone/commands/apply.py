"""`mattone apply`: bring the merged state about, and record what was done."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, ApplyFailed, InputError, Interrupted, MattoneError, OutcomeUnknown, PolicyDenied

if TYPE_CHECKING:
    from mattone.reconcile.plan import Plan, Step
    from mattone.reconcile.session import Session
    from mattone.records.model import Record

LONGEST_WAIT = 86_400.0  # seconds

EXAMPLES = (
    "mattone apply                               create and update what the committed state asks for",
    "mattone apply --prune                       also delete what is no longer asked for",
    "mattone apply --prune --confirm school/notebooks",
    "mattone apply --plan plan.json              only if the plan still holds",
    "mattone apply --parallel 16                 sixteen deployments at once",
    "mattone apply --wait 600                    when somebody else is applying, wait up to ten minutes",
    "mattone apply --dry-run                     the same way, without changing anything",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="refuse when this plan no longer holds")
    parser.add_argument("--prune", action="store_true", help="delete deployments whose file is gone")
    parser.add_argument(
        "--confirm",
        action="append",
        default=[],
        metavar="GROUP/NAME",
        help="confirm a deletion by name; may be repeated",
    )
    parser.add_argument("--parallel", type=_count, metavar="N", help="how many at once (`apply.parallel`, else 4)")
    parser.add_argument(
        "--wait", type=_seconds, default=0.0, metavar="SECONDS", help="wait for another apply's lease (0)"
    )
    parser.add_argument(
        "--break-lease",
        default="",
        metavar="OPERATION",
        help="take the lease from this operation, which is surely dead",
    )
    parser.add_argument("--dry-run", action="store_true", help="stop before the first change")
    common(parser)


def _count(text: str) -> int:
    """A number of deployments as somebody typed it. Raises ArgumentTypeError for less than one, or too many."""
    if not (text.isdecimal() and text.isascii() and 1 <= len(text.lstrip("0")) <= 4):
        raise ArgumentTypeError("not a number from 1 to 9999")
    return int(text)


def _seconds(text: str) -> float:
    """Seconds as somebody typed them. Raises ArgumentTypeError when nobody could wait for so long, or so short."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_WAIT:
        raise ArgumentTypeError(f"not a number of seconds from 0 to {LONGEST_WAIT:.0f}")
    return value


def run(
    deployments: Sequence[str],
    plan: Path | None,
    prune: bool,
    confirm: Sequence[str],
    parallel: int | None,
    wait: float,
    break_lease: str,
    dry_run: bool,
    repo: Path,
    output: str,
) -> int:
    """Plan, check, carry out step by step; a failed deployment does not stop the others."""
    from mattone.reconcile import show
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    with session.lease(local=dry_run, breaks=break_lease, wait=wait) as lease:
        if not dry_run:
            session.require_merged()
            session.require_trusted_key()
        unsettled = {} if dry_run else _settle(session)
        made = session.plan(look=True, only=deployments)
        if plan is not None:
            _must_hold(plan, made)
        allowed = _allowed(made, prune, set(confirm), empty=not session.wishes())
        steps = [step for step in allowed if step.deployment not in unsettled]
        work = bool(steps) and not dry_run
        records: list[Record] = []
        errors: list[MattoneError] = []
        if work:
            from mattone.reconcile.carrying import Carrying

            records, errors = Carrying(session, made, lease, unsettled, parallel).out(steps)
    _tell(output, made, records, "" if work else show.as_text(made))
    errors = [*unsettled.values(), *errors, *_blocked(made, unsettled)]
    for error in errors[1:]:
        from mattone import terminal

        terminal.complain(error)
    if errors:
        raise _gravest(errors)
    return EXIT_DONE


def _settle(session: Session) -> dict[str, MattoneError]:
    """End what an earlier run left open; the deployments of which nobody knows, with the reason."""
    from mattone import terminal
    from mattone.reconcile.applier import make_applier

    unsettled: dict[str, MattoneError] = {}
    for name, operation in session.journal.open_operations().items():
        with terminal.progress(f"settle {name}") as progress:
            try:
                make_applier(session, progress.update).settle(operation)
            except MattoneError as error:
                unsettled[name] = error
    return unsettled


def _blocked(plan: Plan, told: Container[str]) -> list[MattoneError]:
    """What the plan cannot bring about, as failures: an apply that leaves a wish unmet did not succeed."""
    from mattone.reconcile.plan import Change

    steps = (step for step in plan.steps if step.change is Change.BLOCKED and step.deployment not in told)
    return [ApplyFailed(f"{step.deployment} is blocked: {step.why}") for step in steps]


def _must_hold(path: Path, made: Plan) -> None:
    """A plan file must be the plan that is made now, byte for byte in all that it is bound to.

    Raises PolicyDenied when it is another one, or shows something else than what it is bound to.
    """
    import json
    from dataclasses import asdict, replace

    from mattone import digests, redact
    from mattone.errors import Place

    place = Place(str(path))
    try:
        value = json.loads(path.read_bytes())
        digest = value["digest"]
        looked = any(step["observed"] for step in value["steps"])
        shown = {name: value[name] for name in ("environment", "head", "base", "steps")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("this is no plan file", place=place, hint="make one with `plan --out`") from error
    # A plan made without `--look` says nothing of what the engine runs; all else must be the same.
    held = made if looked else replace(made, steps=tuple(replace(step, observed="") for step in made.steps))
    same = digest == held.digest
    if not same and digest == digests.of_value(shown):
        raise PolicyDenied(
            "the plan no longer holds: commits, locks, records or the engine's state have changed since it was made",
            place=place,
            hint="plan again, look at it, and apply that",
        )
    if not same or shown != json.loads(redact.clean(json.dumps(digests.plain(asdict(held))))):
        raise PolicyDenied(
            "this plan was altered after it was made: it shows something else than what it is bound to by its digest",
            place=place,
            hint="whoever looked at it saw another change; plan again, look at it, and apply that",
        )


def _allowed(plan: Plan, prune: bool, confirmed: set[str], *, empty: bool) -> list[Step]:
    """The steps to carry out. Raises PolicyDenied when deletions lack their confirmation.

    `empty`: the desired state asks for nothing at all. A wrong branch or a broken checkout would
    then delete everything.
    """
    from mattone.reconcile.plan import Change

    deletions = [step for step in plan.changes if step.change is Change.DELETE]
    asked = [step for step in deletions if prune or step.deployment in confirmed]
    missing = [step.deployment for step in asked if (step.protected or empty) and step.deployment not in confirmed]
    if missing:
        why = "the desired state is empty" if empty else "protected deployments would be deleted"
        flags = " ".join(f"--confirm {name}" for name in missing)
        raise PolicyDenied(f"{why}: {', '.join(missing)}", hint=f"if this is meant: mattone apply --prune {flags}")
    wanted = [step for step in plan.changes if step.change in {Change.CREATE, Change.UPDATE}]
    return wanted + asked


def _gravest(errors: Sequence[MattoneError]) -> MattoneError:
    """The error that decides the exit code: unknown, failed, interrupted, anything else."""
    order = (OutcomeUnknown, ApplyFailed, Interrupted, MattoneError)
    return min(errors, key=lambda error: next(i for i, kind in enumerate(order) if isinstance(error, kind)))


def _tell(output: str, plan: Plan, records: Sequence[Record], text: str) -> None:
    from mattone import terminal
    from mattone.reconcile import show

    if output == "json":
        rows = [
            {"deployment": r.deployment, "action": r.action, "outcome": r.outcome, "seconds": r.seconds}
            for r in records
        ]
        terminal.say_json({"plan": plan.digest, "summary": show.summary(plan), "done": rows})
        return
    if text:
        terminal.say(text)
    for record in records:
        terminal.say(f"{record.deployment}: {record.action} {record.outcome} in {record.seconds:.1f} s")
        for name, value in sorted(record.outputs.items()):
            terminal.say(f"    {name}: {value}")
    left = [step for step in plan.changes if step.deployment not in {record.deployment for record in records}]
    for step in left if records else ():
        terminal.say(f"{step.deployment}: {step.change} not done: {step.why}")
