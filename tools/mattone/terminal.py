"""What a person at a terminal or in a CI log sees: results on stdout, progress on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mattone import digests, redact
from mattone.errors import MattoneError

if TYPE_CHECKING:
    from rich.console import Console


def say(text: str = "") -> None:
    """Print a result, cleaned."""
    print(redact.visible(text), flush=True)


def say_json(value: Any) -> None:
    """Print a value as JSON, cleaned, with stable key order."""
    text = json.dumps(redact.clean_value(digests.plain(value)), indent=2, sort_keys=True, ensure_ascii=False)
    print(redact.clean(text).encode("utf-8", "backslashreplace").decode(), flush=True)


def note(line: str) -> None:
    """Print a line of somebody's progress on stderr, cleaned; a live line stays below it."""
    text = redact.visible(line)
    if _live is not None:
        _live.print_above(text)
    else:
        with contextlib.suppress(OSError):  # a closed pipe or a full disk must not end what is under way
            print(text, file=sys.stderr, flush=True)


def clear() -> None:
    """Begin a new page where stdout is a terminal; elsewhere nothing is lost."""
    if sys.stdout.isatty():
        print("\033[2J\033[3J\033[H", end="", flush=True)


class Trickle:
    """For programs that print hundreds of lines: a live line on a terminal, now and then a line elsewhere."""

    def __init__(self, every: float = 15.0) -> None:
        self._every = every
        self._next = 0.0

    def __call__(self, line: str) -> None:
        if not line.strip():
            return
        if _live is not None:
            _live.update(line)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            note(f"    {redact.one_line(line, 120)}")


def complain(error: MattoneError) -> None:
    """Print an error for a person: message with its place, and the hint."""
    where = f"{error.place}: " if error.place else ""
    print(redact.visible(f"error: {where}{error.message}"), file=sys.stderr)
    if error.hint:
        print(redact.visible(f" hint: {error.hint}"), file=sys.stderr)


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Rows as aligned text columns with a heading; `-` where a row has nothing."""
    cells = [[column.replace("_", " ").upper() for column in columns]]
    cells += [[redact.one_line(_shown(row.get(column))) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def _shown(value: object) -> str:
    return "-" if value is None or value == "" else str(value)


class Progress:
    """Progress of long work: a live line on a terminal, plain lines elsewhere."""

    def __init__(self, title: str, console: Console | None) -> None:
        self._title = title
        self._started = time.monotonic()
        self._last = ""
        self._status = console.status(_plain(title)) if console is not None else None

    def update(self, text: str) -> None:
        """Say what is going on now; repeating the same text prints nothing."""
        line = redact.one_line(text, 200)
        if line == self._last:
            return
        self._last = line
        if self._status is not None:
            self._status.update(f"{_plain(self._title)}: {_plain(line)}")
        else:
            self._print(f"{self._title}: {line}")

    def print_above(self, text: str) -> None:
        """Print a line above the live one."""
        if self._status is not None:
            self._status.console.print(text, markup=False, highlight=False)

    def _print(self, line: str) -> None:
        note(f"[{time.monotonic() - self._started:6.1f} s] {line}")


_live: Progress | None = None  # the one that owns the terminal's last line
_claiming = threading.Lock()


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A `Progress` that ends with how long it took; `failed` when an error passes through."""
    global _live
    with _claiming:
        console = _console() if sys.stderr.isatty() and _live is None else None
        state = Progress(redact.one_line(title), console)
        if state._status is not None:
            _live = state
    outcome = "failed"
    try:
        if state._status is not None:
            state._status.start()
        yield state
        outcome = "done"
    finally:
        if state._status is not None:
            state._status.stop()
            _live = None
        state._print(f"{state._title}: {outcome}")


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _plain(text: str) -> str:
    """Text in which rich finds no markup."""
    from rich.markup import escape

    return escape(redact.visible(text))
