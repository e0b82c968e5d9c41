"""Plain YAML 1.1 scalars: their values, and the readings that surprise the people who wrote them."""

from __future__ import annotations

import re
from typing import NamedTuple

_PREFIX = "tag:yaml.org,2002:"
_TRUE = frozenset(("yes", "true", "on"))
_BOOLEANS = frozenset(("yes", "no", "true", "false", "on", "off"))
_TRAILING = re.compile(r"\d+\.\d+0\Z")  # 1.10, 20.10: a version more often than a measure; 1.0 is a measure


class NotPlain(ValueError):
    """The scalar has no plain value: an unknown tag, or text that its tag cannot read."""


class Trap(NamedTuple):
    """Rule, message and hint of one surprising reading."""

    rule: str
    message: str
    hint: str


def plain(tag: str, text: str) -> str | int | float | bool | None:
    """The value of a scalar with a resolved tag (YAML 1.1 types).

    Timestamps, `=` and `<<` stay text. Raises NotPlain for other tags and for text that does not fit.
    """
    short = tag.removeprefix(_PREFIX)
    if short in ("str", "timestamp", "value", "merge"):
        return text
    reader = _READERS.get(short)
    if reader is None:
        raise NotPlain(f"tag `{tag.replace(_PREFIX, '!!')}` is not supported")
    try:
        return reader(text)
    except (ValueError, OverflowError) as error:
        raise NotPlain(f"`{text[:40]}` is not a value of `!!{short}`") from error


def _null(_text: str) -> None:
    return None


def _bool(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return text.lower() in _TRUE


def _int(text: str) -> int:
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if len(digits) > 100:
        raise ValueError("too long")
    if ":" in digits:
        return sign * int(_sexagesimal(digits))
    if digits[:2] in ("0x", "0b"):
        return sign * int(digits, 0)
    if len(digits) > 1 and digits.startswith("0"):
        return sign * int(digits, 8)
    return sign * int(digits)


def _float(text: str) -> float:
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits.startswith("-") else 1.0
    digits = digits.lstrip("+-")
    if digits in (".inf", ".nan"):
        return sign * float(digits[1:])
    if ":" in digits:
        return sign * _sexagesimal(digits)
    return sign * float(digits)


def _sexagesimal(digits: str) -> float:
    value = 0.0
    for part in digits.split(":"):
        value = value * 60 + float(part)
    return value


_READERS = {"null": _null, "bool": _bool, "int": _int, "float": _float}


def trap(tag: str, text: str, value: object, key: object) -> Trap | None:
    """What is surprising in the reading of an unquoted scalar under a key; None where nothing is."""
    short = tag.removeprefix(_PREFIX)
    quoted = f'If text is meant, write `"{text}"`.'
    if short == "bool" and text.lower() not in ("true", "false"):
        word = "true" if value else "false"
        return Trap("YAML3001", f"`{text}` is read as {word}", f'Write `{word}`, or `"{text}"` if text is meant.')
    if short == "timestamp":
        return Trap("YAML2005", f"`{text}` is read as a date by most tools", quoted)
    if short == "int":
        return _int_trap(text, value, quoted)
    if short == "float":
        return _float_trap(text, value, key, quoted)
    return None


def _int_trap(text: str, value: object, quoted: str) -> Trap | None:
    digits = text.lstrip("+-")
    if ":" in digits:
        return Trap("YAML2004", f"`{text}` is read as the number {value} (base 60)", quoted)
    if len(digits) > 1 and digits.startswith("0") and digits[1] not in "xXbB":
        return Trap("YAML2003", f"`{text}` is read as the octal number {value}", quoted)
    if "_" in digits:
        return Trap("YAML2006", f"`{text}` is read as the number {value}", quoted)
    return None


def _float_trap(text: str, value: object, key: object, quoted: str) -> Trap | None:
    if ":" in text:
        return Trap("YAML2004", f"`{text}` is read as the number {value} (base 60)", quoted)
    if _TRAILING.match(text):
        return Trap("YAML2002", f"`{text}` is read as the number {value}: its last zero is lost", quoted)
    if isinstance(key, str) and key.lower().endswith("version"):
        return Trap("YAML2002", f"`{text}` is read as the number {value}, not as a version", quoted)
    return None
