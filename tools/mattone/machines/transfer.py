"""Commands and folders over SSH."""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mattone import process, redact
from mattone.errors import InputError, Place

# The new folder is complete beside the old one before it takes its place.
_RECEIVE = """\
set -eu
target=$1
mkdir -p -- "$(dirname -- "$target")"
fresh=$(mktemp -d -- "$(dirname -- "$target")/.$(basename -- "$target").XXXXXX")
trap 'rm -rf -- "$fresh"' EXIT
tar -x -f - -C "$fresh" --no-same-owner
chmod 0755 -- "$fresh"
rm -rf -- "$target"
mv -T -- "$fresh" "$target"
"""


def run(
    ssh: Sequence[str],
    command: Sequence[str],
    *,
    timeout: float,
    accept: Sequence[int] = (0,),
    stdin: bytes | None = None,
) -> process.Result:
    """Run a command, given as words, behind an SSH command; the words arrive there as they are."""
    return process.run([*ssh, shlex.join(command)], timeout=timeout, accept=accept, stdin=stdin)


def copy_tree(ssh: Sequence[str], source: Path, target: str) -> None:
    """Make a remote folder an exact copy of a local one. Raises InputError, CommandFailed, TransientError."""
    path = PurePosixPath(target)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 3:
        raise InputError(
            f"{redact.one_line(repr(target))} is no place for a folder on a machine", hint="an absolute path"
        )
    run(ssh, ["sh", "-c", _RECEIVE, "sh", str(path)], timeout=600, stdin=pack(source))


def pack(source: Path) -> bytes:
    """A folder as a tar archive with nothing of this host in it: no owners, no times, sorted names.

    Raises InputError when it is no folder, or when a symbolic link in it leads out of it.
    """
    if not source.is_dir():
        raise InputError(f"{source} is not a folder", place=Place(str(source)))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(source.rglob("*")):
            if path.is_symlink() and not path.resolve().is_relative_to(source.resolve()):
                raise InputError("a symbolic link leads out of the folder that is copied", place=Place(str(path)))
            archive.add(path, arcname=str(path.relative_to(source)), recursive=False, filter=_anonymous)
    return buffer.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if not (entry.isfile() or entry.isdir() or entry.issym()):
        return None  # sockets and devices are no content
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
