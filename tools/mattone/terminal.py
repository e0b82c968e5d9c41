"""What a person at a terminal or in a CI log sees: results on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mattone import redact
from mattone.errors import MattoneError


def say(text: str = "") -> None:
    """Print a result, cleaned."""
    print(redact.visible(text), flush=True)


def say_json(value: Any) -> None:
    """Print a value as JSON, cleaned, with stable key order."""
    print(redact.clean(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)), flush=True)


def note(line: str) -> None:
    """Print a line of somebody's progress on stderr, cleaned."""
    print(redact.visible(line), file=sys.stderr, flush=True)


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

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._last = ""
        self._live: Any = None

    def update(self, text: str) -> None:
        """Say what is going on now; repeating the same text prints nothing."""
        line = redact.one_line(text, 200)
        if line == self._last:
            return
        self._last = line
        if self._live is not None:
            self._live.update(f"{_plain(self._title)}: {_plain(line)}")
        else:
            self._print(f"{self._title}: {line}")

    def _print(self, line: str) -> None:
        print(f"[{time.monotonic() - self._started:6.1f} s] {redact.visible(line)}", file=sys.stderr, flush=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A `Progress` that ends with how long it took; `failed` when an error passes through."""
    state = Progress(redact.one_line(title))
    live = _spinner(state) if sys.stderr.isatty() else None
    outcome = "failed"
    try:
        if live is not None:
            live.start()
        yield state
        outcome = "done"
    finally:
        if live is not None:
            live.stop()
        state._print(f"{state._title}: {outcome}")


def _spinner(state: Progress) -> Any:
    from rich.console import Console

    state._live = Console(stderr=True).status(_plain(state._title))
    return state._live


def _plain(text: str) -> str:
    """Text in which rich finds no markup."""
    from rich.markup import escape

    return escape(redact.visible(text))
