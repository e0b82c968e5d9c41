"""Switching a deployment's machines on and off; what is desired and recorded does not change."""

from __future__ import annotations

from pathlib import Path

from mattone import terminal
from mattone.errors import EXIT_DONE, InputError
from mattone.platform.fields import did_you_mean
from mattone.reconcile.session import Session


def switch(repo: Path, deployment: str, machine: str | None, verb: str, output: str) -> int:
    """Start or stop one machine or all of a deployment. Raises InputError for an unknown machine."""
    session = Session.open(repo)
    remote_id = session.running(deployment).remote_id
    names = [found.name for found in session.engine.observe(remote_id).machines]
    if machine is not None and machine not in names:
        raise InputError(f"{deployment} has no machine {machine!r}", hint=did_you_mean(machine, names))
    chosen = names if machine is None else [machine]
    act = session.engine.start if verb == "start" else session.engine.stop
    for name in chosen:
        with terminal.progress(f"{verb} {name}"):
            act(remote_id, name)
    if output == "json":
        terminal.say_json({"deployment": deployment, verb: chosen})
    else:
        terminal.say(f"{deployment}: {verb} done for {', '.join(chosen) or 'no machine'}")
    return EXIT_DONE
