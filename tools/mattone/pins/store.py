"""The store: what was fetched from elsewhere, each piece named by its digest and verified whenever it is used.

    sha256/<first 2 digits>/<the other 62>   the bytes that have this digest
    locks/<2 digits>                         held while a piece is fetched, so that two runs fetch it once

A folder is kept as its listing, a file of lines `path NUL x-or-dash NUL digest of the content`, whose own
digest is the folder's (`digests.of_files`), and the contents of its files.

Everything in it can be fetched again: deleting it loses nothing but time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mattone import digests, terminal
from mattone.errors import HostError, InputError, RemoteError
from mattone.files import write_atomic
from mattone.platform.site import cache_folder
from mattone.redact import one_line

T = TypeVar("T")
Files = Mapping[str, tuple[bool, bytes]]  # path to (executable, content)


class Damaged(HostError):
    """A piece of the store does not have the content that its name says."""


class SourceChanged(RemoteError):
    """A source gives something else than what was locked."""


@dataclass(frozen=True, slots=True)
class Store:
    """A store in a folder; many processes may use it at once."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Where the piece with this digest lies. Raises InputError when the text is no digest."""
        kind, _, hexadecimal = digest.partition(":")
        if kind != "sha256" or len(hexadecimal) != 64 or not set(hexadecimal) <= set("0123456789abcdef"):
            raise InputError(f"{one_line(digest, 80)!r} is not a digest")
        return self.folder / kind / hexadecimal[:2] / hexadecimal[2:]

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their digest. A damaged piece of this name is mended."""
        digest = digests.of_bytes(data)
        path = self.path(digest)
        if _read(path) != data:
            write_atomic(path, data, 0o444)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes of a digest, or None. Raises Damaged when the piece has another content."""
        path = self.path(digest)
        data = _read(path)
        if data is not None and digests.of_bytes(data) != digest:
            raise Damaged(f"the stored copy of {digest[:19]}… is damaged", hint=f"delete {path} and fetch it again")
        return data

    def put_files(self, files: Files) -> str:
        """Keep a folder; returns its digest, that of `digests.of_files`."""
        lines = []
        for path, (runs, data) in files.items():
            if "\n" in path or "\0" in path:
                raise InputError(f"the file name {one_line(path, 80)!r} cannot be kept: it holds a line break")
            lines.append(f"{path}\0{'x' if runs else '-'}\0{self.put(data).removeprefix('sha256:')}\n")
        return self.put("".join(sorted(lines)).encode())

    def get_files(self, digest: str) -> Files | None:
        """The files of a folder's digest, or None when the listing or any file is not here. Raises Damaged."""
        listing = self.get(digest)
        if listing is None:
            return None
        files: dict[str, tuple[bool, bytes]] = {}
        for line in listing.decode().split("\n")[:-1]:
            path, mode, content = line.split("\0")
            data = self.get(f"sha256:{content}")
            if data is None:
                return None
            files[path] = (mode == "x", data)
        return files

    def obtain(self, digest: str, name: str, fetch: Callable[[], bytes]) -> bytes:
        """The bytes of a digest, fetched when they are not here or damaged.

        name  what it is, for messages

        Two runs at once fetch once. Raises SourceChanged when the source gives other bytes, and what `fetch` raises.
        """
        found = self._intact(digest, name, self.get)
        if found is not None:
            return found
        with self._fetching(digest):
            found = self._intact(digest, name, self.get)
            if found is None:
                found = fetch()
                _same(name, digest, digests.of_bytes(found))
                self.put(found)
        return found

    def obtain_files(self, digest: str, name: str, fetch: Callable[[], Files]) -> Files:
        """Like `obtain`, for a folder."""
        found = self._intact(digest, name, self.get_files)
        if found is not None:
            return found
        with self._fetching(digest):
            found = self._intact(digest, name, self.get_files)
            if found is None:
                found = fetch()
                _same(name, digest, digests.of_files((path, *rest) for path, rest in found.items()))
                self.put_files(found)
        return found

    def _intact(self, digest: str, name: str, get: Callable[[str], T | None]) -> T | None:
        try:
            return get(digest)
        except Damaged:
            terminal.note(f"the stored copy of {one_line(name, 120)} was damaged and is fetched again")
            return None

    @contextlib.contextmanager
    def _fetching(self, digest: str) -> Iterator[None]:
        """Holds the lock of a digest; a process that is killed gives it back."""
        path = self.folder / "locks" / self.path(digest).parent.name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def default_store() -> Store:
    """The store below the user's cache folder."""
    return Store(cache_folder() / "store")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _same(name: str, wanted: str, found: str) -> None:
    if wanted != found:
        raise SourceChanged(
            f"{one_line(name, 160)} is not what was locked: it now has {found[:19]}…, locked is {wanted[:19]}…",
            hint="find out what changed at the source; to accept it, lock it anew with `--upgrade`",
        )
