"""The one door for text that leaves mattone: secrets hidden, control characters made visible.

Terminals, logs, reports, comments and records all receive text that began outside: a branch
name, an Ansible error, a server's answer. Two things are done to it here and nowhere else:
values registered as secret become ``(secret)``, and control characters, which could drive a
terminal or forge a log line, become visible escapes.
"""

from __future__ import annotations

import re
from _thread import allocate_lock  # threading's own, without the time that importing it takes
from collections.abc import Iterable
from typing import Any

MASK = "(secret)"

_SHORTEST = 4  # shorter values would mask ordinary words all over the text
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_PRIVATE_KEY = r"(?s)-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----.*?(?:-----END \1PRIVATE KEY-----|\Z)"  # hardly ever met

_lock = allocate_lock()
_secrets: tuple[str, ...] = ()


def register(values: Iterable[str]) -> None:
    """Remember secret values for the life of this process; all text is cleaned of them.

    Spellings that a tool is likely to print instead are remembered too: JSON and URL
    escapes, base64, and each line of a value of many lines. Values under 4 characters are
    not masked: they are refused as secrets where they are resolved.
    """
    global _secrets
    spellings = {spelling for value in values for spelling in _spellings(value)}
    with _lock:
        # The longest first, so that a secret within another does not leave the rest behind.
        _secrets = tuple(sorted(spellings | set(_secrets), key=lambda text: (-len(text), text)))


def _spellings(value: str) -> set[str]:
    import base64
    import json
    from urllib.parse import quote

    encoded = base64.b64encode(value.encode()).decode()
    found = {value, quote(value, safe=""), quote(value), encoded, repr(value)[1:-1]}
    found |= {json.dumps(value, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}
    found.update(line.strip() for line in value.splitlines() if len(line.strip()) >= 2 * _SHORTEST)
    return {text for text in found if len(text) >= _SHORTEST}


def clean(text: str) -> str:
    """The text with every registered secret and every private key masked; layout untouched.

    A mask that is there already stays as it is: text may come through this door twice.
    """
    for secret in _secrets:
        if secret in text:
            text = MASK.join(part.replace(secret, MASK) for part in text.split(MASK))
    return re.sub(_PRIVATE_KEY, MASK, text) if "PRIVATE KEY" in text else text


def clean_value(value: Any) -> Any:
    """A plain value with every text in it, keys too, made clean.

    For what will be written as JSON: there, a text that quotes JSON itself is escaped twice, and is not found any more.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean_value(key): clean_value(item) for key, item in value.items()}
    return [clean_value(item) for item in value] if isinstance(value, list | tuple) else value


def visible(text: str) -> str:
    """`clean` text in which control and bidirectional characters and lone surrogates are visible escapes.

    Tab and newline stay; a carriage return, ESC or a right-to-left override become ``\\x0d``,
    ``\\x1b``, ``\\u202e``, so that hostile text can neither drive a terminal nor forge lines.
    """
    return _CONTROLS.sub(lambda found: _escape(found.group()), clean(text))


def one_line(text: str, limit: int = 300) -> str:
    """`visible` text on one line of at most `limit` characters, for messages and tables."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
