"""Every error that mattone raises on purpose, and its exit code.

    MattoneError                 1  something is wrong and is said with place and hint
    ├── InputError               1  what a person wrote: a file, a field, an argument
    │   └── FindingsError        3  a check found defects in files; carries the count
    ├── HostError                1  this machine lacks a tool, a right, space or a port
    ├── RemoteError              1  an engine, forge or store answered badly or not at all
    │   └── TransientError       1  the same, and the same call may work a little later
    ├── PolicyDenied             4  the platform's policy does not allow it
    ├── LockHeld                 5  another apply holds the environment
    ├── Interrupted            130  somebody stopped it; what is under way goes on at the engine
    ├── ApplyFailed              6  at least one deployment could not be applied
    └── OutcomeUnknown           7  a remote operation may or may not have happened

Everything else that escapes is a defect of mattone itself: exit code 70 and a log file
(see `mattone.cli`). Codes without an error: 0 done, 2 changes present, 130 interrupted.
"""

from __future__ import annotations

from typing import NamedTuple

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_CHANGES = 2
EXIT_FINDINGS = 3
EXIT_DENIED = 4
EXIT_LOCKED = 5
EXIT_APPLY_FAILED = 6
EXIT_UNKNOWN = 7
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class Place(NamedTuple):
    """Where something stands: a path as the user knows it, line and column from 1 (0: not known)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


class MattoneError(Exception):
    """One clear message, with its place and what to do next where these are known."""

    exit_code = EXIT_ERROR

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint


class InputError(MattoneError):
    """What a person wrote cannot be used."""


class FindingsError(InputError):
    """Checks found defects; they were reported already."""

    exit_code = EXIT_FINDINGS


class HostError(MattoneError):
    """This machine cannot do it as it is."""


class RemoteError(MattoneError):
    """An outside system refused, failed or was not understood."""


class TransientError(RemoteError):
    """An outside system failed in a way that may pass: time-outs, refused connections, 429, 503."""


class PolicyDenied(MattoneError):
    """The platform's policy forbids it."""

    exit_code = EXIT_DENIED


class LockHeld(MattoneError):
    """Somebody else is applying this environment."""

    exit_code = EXIT_LOCKED


class Interrupted(MattoneError):
    """Somebody asked to stop; the next `mattone apply` goes on."""

    exit_code = EXIT_INTERRUPTED


class ApplyFailed(MattoneError):
    """The engine could not bring a deployment to its desired state."""

    exit_code = EXIT_APPLY_FAILED


class OutcomeUnknown(MattoneError):
    """Nobody knows whether a remote operation happened; the next `mattone apply` finds out and goes on."""

    exit_code = EXIT_UNKNOWN
