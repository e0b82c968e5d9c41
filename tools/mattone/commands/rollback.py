"""`mattone rollback`: ask, by a merge request, for what an earlier record says."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

if TYPE_CHECKING:
    from mattone.records.model import Record
    from mattone.records.store import RecordStore

EXAMPLES = (
    "mattone rollback school/notebooks           to the last state that succeeded before this one",
    "mattone rollback school/notebooks --seq 2   to what this record says",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", metavar="GROUP/NAME")
    parser.add_argument("--seq", type=int, metavar="N", help="the record whose state to restore")
    parser.add_argument("--author", default="", metavar="NAME", help="who asks (git's user.name)")
    common(parser)


def run(deployment: str, seq: int | None, author: str, repo: Path, output: str) -> int:
    """Open the merge request; nothing changes before it is merged and applied."""
    from mattone import terminal
    from mattone.reconcile import request
    from mattone.reconcile.replay import restored
    from mattone.reconcile.session import Session

    session = Session.open(repo)
    record = _record(session.records, deployment, seq)
    desk = request.start(repo, author)
    files = restored(desk.releases, record)
    if all(desk.tree.read(path) == data for path, data in files.items()):
        raise InputError(
            f"{deployment} already is as record {record.sequence} says", hint="there is nothing to restore"
        )
    title = f"Roll {deployment} back to record {record.sequence}: {record.service}"
    when = record.times.get("ended", "")
    told = f"Restores the deployment and its lock as they were at {record.commit[:12]}, applied {when}."
    group, name = deployment.split("/")
    proposal = request.Proposal(deployment, dict(files), title, told, f"rollback/{group}-{name}-{record.sequence}")
    opened = request.open_merge_request(desk, proposal)
    if output == "json":
        terminal.say_json({"merge_request": opened.iid, "deployment": deployment, "sequence": record.sequence})
    else:
        terminal.say(f"opened !{opened.iid}: {opened.title}")
    return EXIT_DONE


def _record(store: RecordStore, deployment: str, seq: int | None) -> Record:
    """The record to go back to: by its number, else the newest success with another wish than the newest record's."""
    from mattone.records.model import Action, Outcome
    from mattone.records.select import one

    newest = one(store, deployment)
    if seq is not None:
        return one(store, f"{deployment}#{seq}")
    for record in reversed(store.history(deployment).records):
        made = record.action is not Action.DELETE and record.outcome is Outcome.SUCCEEDED
        if made and record.desired != newest.desired:
            return record
    raise InputError(f"{deployment} has no earlier state that succeeded", hint="`mattone trace` shows what it had")
