"""Moving refs of another repository by `git push`: all of them or none, each only from the value it had.

Source: git-push(1), `--atomic`, `--force-with-lease`, and the porcelain output.
"""

from __future__ import annotations

from collections.abc import Sequence

from mattone import redact
from mattone.errors import PolicyDenied
from mattone.git import ZERO, RefChange, RefMoved, Repository
from mattone.process import CommandFailed

# What git says of a ref that somebody else moved meanwhile, or moves at this moment.
_MOVED = (
    "stale info", "fetch first", "non-fast-forward", "already exists", "cannot lock ref", "failed to update ref",
    "incorrect old value", "reference already exists", "failed to lock", "atomic transaction failed",
)  # fmt: skip


def push(repository: Repository, url: str, changes: Sequence[RefChange], receive_pack: str = "") -> None:
    """Do all changes in the repository at `url`, or none.

    receive_pack  the program that receives there, in place of git's own choice
    Raises RefMoved, PolicyDenied (a hook or a protected branch refuses it), CommandFailed.
    """
    leases = [f"--force-with-lease={one.ref}:{'' if one.old == ZERO else one.old}" for one in changes]
    specs = [f"{'' if one.new == ZERO else one.new}:{one.ref}" for one in changes]
    receiver = [f"--receive-pack={receive_pack}"] if receive_pack else []
    words = ["push", "--atomic", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", *receiver, *leases]
    result = repository.run(*words, "--", url, *specs, accept=(0, 1))
    if result.code == 0:
        return
    refused = [line for line in result.output.splitlines() if line.startswith("!")]
    said = " ".join(refused) + result.errors
    if any(words in said for words in _MOVED):
        raise RefMoved(redact.one_line(said, 600))
    if "[remote rejected]" in said:
        reasons = [line for line in result.errors.splitlines() if line.startswith("remote:")]
        raise PolicyDenied(
            f"the forge refused the push: {redact.one_line(' '.join(reasons) or said, 400)}",
            hint="whoever releases must be allowed to push to the default branch and to make tags",
        )
    raise CommandFailed(result)
