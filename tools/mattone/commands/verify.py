"""`mattone verify`: whether records are what was written, and whether what they say still runs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_CHANGES, EXIT_DONE, FindingsError, InputError, RemoteError

if TYPE_CHECKING:
    from mattone.reconcile.session import Session
    from mattone.records.verify import Verified

EXAMPLES = (
    "mattone verify                              the records of every deployment",
    "mattone verify school/notebooks             of one",
    "mattone verify --look                       and whether what they say still runs",
    "mattone verify --anchor                     and sign a tag on what holds today",
)

_PARALLEL = 8  # questions to the engine at once


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--look", action="store_true", help="ask the engine too: verified, but drifted")
    parser.add_argument(
        "--anchor", action="store_true", help="when all hold, sign and push a tag that fixes the records of today"
    )
    common(parser)


def run(deployments: Sequence[str], look: bool, anchor: bool, repo: Path, output: str) -> int:
    """Verify signatures, chains and anchors; exit code 3 when anything does not hold, 2 when it holds and drifted."""
    from mattone.reconcile.session import Session
    from mattone.records import anchors

    session = Session.open(repo)
    if anchor and deployments:
        raise InputError("an anchor fixes all records", hint="`mattone verify --anchor`, without names")
    found = {name: _verified(session, name) for name in _chosen(session, deployments)}
    lost = anchors.lost(session.records, session.trusted_keys, deployments)
    good = not lost and not any(verified.faults for verified in found.values())
    tag = anchors.make(session.records, session.signing_key) if anchor and good else ""
    drifted = _drifted(session, found) if look else frozenset()
    _tell(output, found, drifted, lost, tag)
    if not good:
        raise FindingsError(
            "records do not hold",
            hint="do not apply before somebody knows why; `git log` of the branch says since when",
        )
    return EXIT_CHANGES if drifted else EXIT_DONE


def _drifted(session: Session, found: Mapping[str, Verified]) -> frozenset[str]:
    """Those that are no longer as their newest record says. Raises RemoteError when the engine does not answer."""
    from mattone.reconcile.drift import State, check

    newest = (session.records.recent(name).running for name, verified in found.items() if not verified.faults)
    running = {record.deployment: record for record in newest if record is not None}
    session.hide_secrets(running.values())
    reports = check(session.engine, running, {}, _PARALLEL) if running else ()
    for one in reports:
        if one.state is State.UNKNOWN:
            raise RemoteError(f"{one.deployment}: {one.reason}", hint="`mattone verify` without --look asks no engine")
    return frozenset(one.deployment for one in reports if one.state is State.DRIFTED)


def _chosen(session: Session, deployments: Sequence[str]) -> Sequence[str]:
    from mattone.platform.deployments import split_id
    from mattone.platform.fields import did_you_mean

    for name in deployments:
        split_id(name)
        if not session.records.files(name):
            hint = did_you_mean(name, session.records.deployments())
            raise InputError(f"there is no record of {name!r}", hint=hint)
    return deployments or session.records.deployments()


def _verified(session: Session, deployment: str) -> Verified:
    from mattone.records.verify import verify_chain

    return verify_chain(session.environment, deployment, session.records.files(deployment), session.trusted_keys)


def _tell(output: str, found: Mapping[str, Verified], drifted: Set[str], lost: Sequence[str], tag: str) -> None:
    from mattone import redact, terminal

    rows: list[dict[str, Any]] = [
        {
            "deployment": name,
            "verdict": "broken" if verified.faults else "verified, but drifted" if name in drifted else "verified",
            "records": len(verified.records),
            "faults": [{"path": fault.path, "message": fault.message} for fault in verified.faults],
        }
        for name, verified in found.items()
    ]
    if output == "json":
        terminal.say_json({"deployments": rows, "lost": list(lost), "anchor": tag})
        return
    for row in rows:
        count = f"{row['records']} record{'s' if row['records'] != 1 else ''}"
        terminal.say(f"{row['deployment']}: {row['verdict']}, {count}")
        for fault in row["faults"]:
            terminal.say(f"  {redact.one_line(fault['path'], 200)}: {redact.one_line(fault['message'], 300)}")
    for text in lost:
        terminal.say(redact.one_line(text, 300))
    if tag:
        terminal.say(f"anchored: {tag}")
    if not rows:
        terminal.say("there are no records yet")
