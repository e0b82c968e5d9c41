"""The two ends of a server: standard input and output, or one connection on the loopback address."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, TypeVar

T = TypeVar("T")

_CHUNK = 65536


class StandardInput:
    """Standard input as an asyncio stream; a thread that never keeps the process alive reads it."""

    def __init__(self, stdin: BinaryIO) -> None:
        self._stream = asyncio.StreamReader()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(stdin.fileno(),), daemon=True).start()

    def _read(self, descriptor: int) -> None:
        data = b"."
        while data:
            try:
                data = os.read(descriptor, _CHUNK)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._feed, data)
            except RuntimeError:  # the loop has ended
                return

    def _feed(self, data: bytes) -> None:
        if data:
            self._stream.feed_data(data)
        else:
            self._stream.feed_eof()

    async def readline(self) -> bytes:
        """One line of a header; an endless one is as good as the end."""
        try:
            return await self._stream.readline()
        except ValueError:
            return b""

    async def readexactly(self, number: int) -> bytes:
        try:
            return await self._stream.readexactly(number)
        except asyncio.IncompleteReadError:
            return b""


class StandardOutput:
    """What standard output was; from now on, what anything prints goes to standard error."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._file = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` gives, computed in a thread that does not keep the process alive when it ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)  # type: ignore[arg-type] # without an error, `value` is what `work` gave

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except Exception as caught:  # noqa: BLE001 - it is raised again where it is awaited
            error = caught
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    threading.Thread(target=run, daemon=True).start()
    return await done
