"""Work shared out over forked processes, for what takes so long that starting them is the least of it.

A worker gives its answer as plain values through a pipe; it never runs anything that it was not forked with. One that
ends without an answer (killed, out of memory, an error) is as if it had never been: its part is done here, where
whatever went wrong shows itself.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

Part = TypeVar("Part")


class _Worker(NamedTuple):
    process: int
    answer: int  # file descriptor


def shared_out(parts: Sequence[Part], work: Callable[[Part], Any]) -> list[Any]:
    """The answer to each part, in their order; the first is worked on here, the others each in a process of its own.

    work  gives plain values: numbers, texts, and tuples, lists and dictionaries of them

    Whatever `work` raises here is raised, and no worker is left behind. For a process without other threads.
    """
    workers: list[_Worker | None] = []
    try:
        for part in parts[1:]:
            workers.append(_fork(part, work))
        first = [work(part) for part in parts[:1]]
        for number, part in enumerate(parts[1:]):
            first.append(_answer(workers, number, part, work))
        return first
    finally:
        for worker in filter(None, workers):
            _end(worker)


def _fork(part: Part, work: Callable[[Part], Any]) -> _Worker | None:
    """A worker on a part; None when this machine has no room for one."""
    try:
        answer, mouth = os.pipe()
    except OSError:
        return None
    try:
        process = os.fork()
    except OSError:
        os.close(answer)
        os.close(mouth)
        return None
    if process == 0:
        _work(mouth, part, work)
    os.close(mouth)
    return _Worker(process, answer)


def _work(mouth: int, part: Part, work: Callable[[Part], Any]) -> None:
    """The life of a worker: it ends here whatever happens, and leaves Ctrl-C to the process that started it."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        answer = marshal.dumps((work(part),))
        with open(mouth, "wb") as file:  # a descriptor
            file.write(answer)
    finally:
        os._exit(0)  # nothing of the other's: no buffers, no handlers, no message


def _answer(workers: list[_Worker | None], number: int, part: Part, work: Callable[[Part], Any]) -> Any:
    worker = workers[number]
    if worker is not None:
        with open(worker.answer, "rb", closefd=False) as file:
            written = file.read()
        with contextlib.suppress(ValueError, EOFError, TypeError):  # cut off
            return marshal.loads(written)[0]  # noqa: S302 # our own child's
    return work(part)


def _end(worker: _Worker) -> None:
    os.close(worker.answer)
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker.process, signal.SIGKILL)  # it is ours until it is waited for
    os.waitpid(worker.process, 0)


def shares(sizes: Sequence[int], most: int, worth: int) -> list[slice]:
    """Neighbours that belong together: at most so many runs of about the same size, of at least `worth` on average."""
    total = sum(sizes)
    number = max(1, min(most, total // worth, len(sizes)))
    ends: list[int] = []
    so_far = 0
    for index, size in enumerate(sizes):
        if so_far * number >= total * (len(ends) + 1) and len(ends) < number - 1:
            ends.append(index)
        so_far += size
    return [slice(begin, end) for begin, end in zip([0, *ends], [*ends, len(sizes)], strict=True)]
