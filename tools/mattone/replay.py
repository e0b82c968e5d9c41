"""Answers of `mattone validate`, kept by the content of everything that they were made from.

An answer is what was printed and the exit code. Beside it stands each file that was read, with the digest of
its content, and each place where a file was looked for in vain; when all of that is the same again, the
answer holds, and giving it takes little more than starting Python. So this module imports next to nothing.

Answers are written whole and renamed, so parallel runs at worst do the same work twice. They hold for one
command line in one folder, for one version of mattone's code, and for one day (waivers end at midnight UTC).
A cache that cannot be read or written is the same as none.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Mapping, Sequence

try:
    from _blake2 import blake2b  # hashlib's own, without loading OpenSSL: a tenth of the time that an answer takes
except ImportError:
    from hashlib import blake2b

# What may be answered from the cache: a check of files, with these options at most.
_OPTIONS = ("--format", "--output", "--import-map", "--waivers", "--repo", "--jobs")
_KEPT = 500  # answers; the oldest go
_ABSENT, _FOLDER = "-", "/"
_CODE = ("", "commands", "checks", "tosca")  # the folders whose code decides an answer


def replay(words: Sequence[str]) -> int | None:
    """Print the answer to a command line again and return its exit code; None when there is none that holds."""
    if not is_kept(words):
        return None
    try:
        with open(_entry(words), encoding="utf-8", newline="") as file:  # noqa: PTH123 # pathlib is slow to import
            head, _, number = file.readline().partition(" ")
            code = int(head)
            for _ in range(int(number)):
                state, _, path = file.readline().rstrip("\n").partition(" ")
                if state != state_of(path):
                    return None
            answer = file.read()
    except (OSError, ValueError):
        return None
    sys.stdout.write(answer)
    sys.stdout.flush()
    return code


def keep(words: Sequence[str], code: int, answer: str, seen: Mapping[str, str]) -> None:
    """Keep an answer. `seen` has the state of every path that it was made from, as `state_of` gave it."""
    if not is_kept(words) or any("\n" in path for path in seen):
        return
    entry = _entry(words)
    lines = [f"{code} {len(seen)}\n", *(f"{state} {path}\n" for path, state in sorted(seen.items()))]
    new = f"{entry}.{os.getpid()}"
    with contextlib.suppress(OSError, UnicodeError):
        os.makedirs(folder(), mode=0o700, exist_ok=True)  # noqa: PTH103
        with open(new, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
            file.writelines([*lines, answer])
        os.replace(new, entry)  # noqa: PTH105
        _forget_the_oldest()


def is_kept(words: Sequence[str]) -> bool:
    """Whether a command line is one whose answers are kept: a check of files that changes and waits for nothing."""
    if not words or words[0] != "validate":
        return False
    options = [word for word in words if word.startswith("-")]
    return all(option.partition("=")[0] in _OPTIONS for option in options)


def state_of(path: str) -> str:
    """The digest of a file's content; a mark when nothing is there, or a folder, and of a folder whose path ends
    with a `/` the digest of the names in it.

    A path that leads through a symbolic link has no state that stays the same: it never matches. Nor does
    what is neither a file nor a folder, and it is not opened: a pipe would wait for its writer.
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            return f"special-{time.time_ns()}"
        if path.endswith("/"):
            path = path.rstrip("/") or "/"
            digest = blake2b("\0".join(sorted(os.listdir(path))).encode(errors="surrogateescape")).hexdigest()  # noqa: PTH208
        else:
            with open(path, "rb") as file:  # noqa: PTH123
                digest = blake2b(file.read()).hexdigest()
    except FileNotFoundError:
        return _ABSENT
    except IsADirectoryError:
        return _FOLDER
    except OSError as error:
        return f"error-{error.errno}"
    return digest if os.path.realpath(path) == path else f"link-{time.time_ns()}"


def folder() -> str:
    """Where answers are kept: below MATTONE_CACHE, XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get("MATTONE_CACHE")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "mattone")  # noqa: PTH111, PTH118
    return os.path.join(base, "answers")  # noqa: PTH118


def _entry(words: Sequence[str]) -> str:
    """The path of an answer: the question, and the code that answers it."""
    digest = blake2b(repr((sys.version_info[:2], time.time() // 86400)).encode())
    package = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    for inner in _CODE:
        with os.scandir(os.path.join(package, inner)) as entries:  # noqa: PTH118
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name.endswith((".py", ".yaml")):
                    status = entry.stat()
                    digest.update(f"{entry.path} {status.st_size} {status.st_mtime_ns}\0".encode(errors="replace"))
    digest.update("\0".join([os.getcwd(), *words]).encode(errors="surrogateescape"))  # noqa: PTH109
    return os.path.join(folder(), digest.hexdigest())  # noqa: PTH118


def _forget_the_oldest() -> None:
    with os.scandir(folder()) as entries:
        found = list(entries)
    if len(found) > _KEPT:
        for entry in sorted(found, key=lambda one: one.stat().st_mtime)[: len(found) - _KEPT // 2]:
            os.unlink(entry.path)  # noqa: PTH108
