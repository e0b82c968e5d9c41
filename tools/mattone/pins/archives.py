"""Archives from elsewhere, read in memory within bounds: nothing is written to where an archive wants it."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib

from mattone.errors import InputError, RemoteError
from mattone.pins.sources import MOST_BYTES, MOST_FILES
from mattone.pins.store import Files
from mattone.redact import one_line


def unpacked(data: bytes, name: str) -> Files:
    """The files of a tar archive compressed with gzip, by their path; one folder around all of them is left out.

    name  where it is from, for messages

    Links and devices are left out. Raises RemoteError when it is no such archive, InputError when it
    holds more than 20,000 files or 200 MB, or names that lead out.
    """
    try:
        tar = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
        if len(tar) > MOST_BYTES:
            raise InputError(f"{name} holds more than {MOST_BYTES:,} bytes")
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
            files = _files(opened, name)
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise RemoteError(f"{name} is no archive of the kind .tar.gz: {one_line(str(error), 120)}") from error
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) == 1 and all("/" in path for path in files):
        return {path.split("/", 1)[1]: content for path, content in files.items()}
    return files


def _files(opened: tarfile.TarFile, name: str) -> dict[str, tuple[bool, bytes]]:
    files: dict[str, tuple[bool, bytes]] = {}
    for member in opened:
        if not member.isreg():
            continue
        path = member.name.removeprefix("./")
        if path.startswith("/") or any(part in {"", ".", ".."} for part in path.split("/")):
            raise InputError(f"{name} has a file whose name leads out of its folder: {one_line(path, 80)}")
        if len(files) >= MOST_FILES:
            raise InputError(f"{name} has more than {MOST_FILES:,} files")
        content = opened.extractfile(member)
        files[path] = (bool(member.mode & 0o100), content.read() if content else b"")
    return files
