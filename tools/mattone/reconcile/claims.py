"""Where a lease stands: one branch an environment at the forge, changed by compare-and-swap alone.

A bare repository and GitLab take it alike. Each claim is a commit without files, whose message says who holds the
environment; it stands on the one before it, so that no push ever has to force. A released lease is a deleted branch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mattone import redact
from mattone.errors import InputError, PolicyDenied, TransientError
from mattone.forges.pushing import push
from mattone.git import ZERO, RefChange, Repository
from mattone.process import CommandFailed

FOLDER = "refs/heads/leases"
LONGEST = 3600.0  # seconds; a claim that promises more is not believed

_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a lease says.

    started, expires  RFC 3339, by the holder's clock: told to people, and nothing is decided by them
    term              seconds after the last renewal in which the holder may begin something
    replaces          the operation whose lease was taken over, if any
    commit            the commit that says so
    """

    owner: str
    operation: str
    started: str
    expires: str
    term: float
    replaces: str = ""
    commit: str = ""

    @classmethod
    def made(cls, owner: str, operation: str, term: float) -> Claim:
        return cls(owner, operation, _time(0), _time(term), term)

    def renewed(self) -> Claim:
        return replace(self, expires=_time(self.term))


class Place:
    """The lease of one environment, in a clone whose `origin` is the forge."""

    def __init__(self, repository: Repository, environment: str) -> None:
        self.repository = repository
        self.environment = environment
        self.ref = f"{FOLDER}/{environment}"
        self._fetched = f"refs/mattone/lease-{environment}"

    def read(self) -> Claim | None:
        """Who holds it now. Raises TransientError when the forge cannot be reached, InputError for what is no lease."""
        fetched = self.repository.run(
            "fetch", "--quiet", "--no-tags", "origin", f"+{self.ref}:{self._fetched}", accept=(0, 1, 128)
        )
        if fetched.code != 0:
            if "couldn't find remote ref" in fetched.errors:
                return None
            raise TransientError(f"cannot read the lease: {fetched.errors.strip()}", hint="check the remote `origin`")
        commit, _, message = self.repository.run("log", "-1", "--format=%H%n%B", self._fetched).output.partition("\n")
        return self._parsed(commit, message)

    def swap(self, claim: Claim, old: Claim | None) -> Claim:
        """Put a claim in the place of another, or where none is. Raises RefMoved when that is no longer so."""
        taken_over = old is not None and old.operation != claim.operation
        told = replace(claim, replaces=old.operation) if old is not None and taken_over else claim
        tree = self.repository.run("mktree", stdin="").output.strip()
        commit = self.repository.write_commit(tree, [old.commit] if old else [], self._message(told))
        self._push(commit, old.commit if old else ZERO)
        return replace(told, commit=commit)

    def clear(self, claim: Claim) -> None:
        """Give the lease back. Raises RefMoved when somebody else holds it."""
        self._push(ZERO, claim.commit)

    def _push(self, new: str, old: str) -> None:
        try:
            push(self.repository, "origin", [RefChange(self.ref, new, old)])
        except PolicyDenied as error:
            hint = "whoever applies must be allowed to make, move and delete the branches below leases/"
            raise PolicyDenied(error.message, hint=hint) from error
        except CommandFailed as error:
            raise TransientError(f"cannot change the lease: {error.result.errors.strip()}") from error

    def _message(self, claim: Claim) -> str:
        # GitLab begins no pipeline for a commit that says so, and ignores it elsewhere.
        subject = f"lease({self.environment}): held by {claim.owner} [skip ci]"
        lines = {
            "Owner": claim.owner,
            "Operation": claim.operation,
            "Started": claim.started,
            "Expires": claim.expires,
            "Term": f"{claim.term:g}",
        }
        lines |= {"Replaces": claim.replaces} if claim.replaces else {}
        return f"{subject}\n\n" + "".join(f"{name}: {value}\n" for name, value in lines.items())

    def _parsed(self, commit: str, message: str) -> Claim:
        """A claim from its message, which anybody may have written."""
        fields = dict(line.split(": ", 1) for line in message.splitlines() if ": " in line)
        owner, operation, started, expires = (
            redact.one_line(fields.get(name, ""), 100) for name in ("Owner", "Operation", "Started", "Expires")
        )
        try:
            term = float(fields["Term"])
        except (KeyError, ValueError):
            term = math.nan
        if not operation or not 0 < term <= LONGEST:
            branch = self.ref.removeprefix("refs/heads/")
            hint = f"look at it, and delete it: `git push origin --delete {branch}`"
            raise InputError(f"the forge's branch {branch!r} is no lease", hint=hint)
        return Claim(owner, operation, started, expires, term, commit=commit)


def _time(after: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=after)).strftime(_FORM)
