"""Small pieces of Markdown, and reading field descriptions out of docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence

_FIELD = re.compile(r" {0,4}([a-z_]+(?:, [a-z_]+)*) {2,}(\S.*)")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table's lines; a `|` in a cell stays a character."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *cells)]


def code(text: str) -> str:
    """Text as inline code; nothing for nothing."""
    return f"`{text}`" if text else ""


def fence(text: str, language: str = "text") -> list[str]:
    return [f"```{language}", *text.splitlines(), "```"]


def joined(lines: Iterable[str]) -> str:
    """A page from its lines, with one newline at its end."""
    return "\n".join(lines).rstrip("\n") + "\n"


def described(kind: type) -> Mapping[str, str]:
    """Field to meaning, from the lines `name   meaning` of a dataclass's docstring.

    A meaning goes on in lines indented to where it began. Raises ValueError when a field has none.
    """
    found: dict[str, str] = {}
    current: tuple[str, ...] = ()
    for line in (inspect.getdoc(kind) or "").splitlines():
        started = _FIELD.fullmatch(line)
        if started:
            current = tuple(started[1].split(", "))
            found |= dict.fromkeys(current, started[2])
        elif line.startswith("    ") and current:
            found |= {name: f"{found[name]} {line.strip()}" for name in current}
        else:
            current = ()
    names = [field.name for field in dataclasses.fields(kind)]
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{kind.__module__}.{kind.__qualname__}: the docstring says nothing of {', '.join(missing)}")
    return {name: found[name] for name in names}
