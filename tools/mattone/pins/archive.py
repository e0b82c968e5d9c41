"""Files as a zip archive whose bytes depend on nothing but the files, and such an archive read with distrust.

Entries are sorted, stored without compression (deflate differs between builds of zlib), dated 1980-01-01
(the earliest a zip can say), with mode 0644 or 0755. ZIP's own specification: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping

from mattone.errors import InputError, Place
from mattone.redact import one_line

Files = Mapping[str, tuple[bool, bytes]]  # path to (executable, content)

_BEGIN = (1980, 1, 1, 0, 0, 0)
_UNIX = 3  # who made it: decides how the mode is read
_MOST_FILES = 20_000
_MOST_BYTES = 512 << 20  # of all files together, unpacked
_ENCRYPTED = 0x1


def pack(files: Files, first: str = "") -> bytes:
    """The archive of these files, the entry `first` before all others. Equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files, key=lambda one: (one != first, one)):
            runs, data = files[path]
            entry = zipfile.ZipInfo(path, _BEGIN)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | (0o755 if runs else 0o644)) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def unpack(name: str, data: bytes) -> dict[str, tuple[bool, bytes]]:
    """The files of an archive, whoever made it; folders are left out.

    name  what messages call the archive

    Raises InputError, naming the entry, for what is no archive, is damaged or too large, and for an
    entry that is encrypted, a link, there twice, or named so that it would lie outside.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_size(name, entries)
            return {one.filename: _read(name, archive, one) for one in _sound(name, entries)}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InputError(f"this is no zip archive that can be read: {error}", place=Place(name)) from error


def _refuse_size(name: str, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MOST_FILES or sum(one.file_size for one in entries) > _MOST_BYTES:
        raise InputError(
            f"the archive holds more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MiB", place=Place(name)
        )


def _sound(name: str, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The entries that are files. Raises InputError at the first that no honest archive has."""
    seen: set[str] = set()
    for one in entries:
        problem = _problem(one) or ("is there twice" if one.filename in seen else "")
        if problem:
            raise InputError(f"the entry `{one_line(one.filename, 120)}` {problem}", place=Place(name))
        seen.add(one.filename)
    return [one for one in entries if not one.is_dir()]


def _problem(entry: zipfile.ZipInfo) -> str:
    path = entry.filename.removesuffix("/")
    if "\\" in path or "\0" in entry.orig_filename or any(part in ("", ".", "..") for part in path.split("/")):
        return "has a name that could lead out of the archive"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, not a file"
    return ""


def _read(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[bool, bytes]:
    try:
        with archive.open(entry) as file:
            data = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError) as error:
        raise InputError(f"the entry `{one_line(entry.filename, 120)}` is damaged", place=Place(name)) from error
    if len(data) != entry.file_size:
        raise InputError(f"the entry `{one_line(entry.filename, 120)}` is not as long as it says", place=Place(name))
    return bool(entry.external_attr >> 16 & stat.S_IXUSR), data
