"""Scalar units, versions, ranges and timestamps: reading them, so that they can be compared (1.3, 3.3)."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

_SIZE = {"b": 1, "kb": 10**3, "kib": 2**10, "mb": 10**6, "mib": 2**20, "gb": 10**9, "gib": 2**30, "tb": 10**12}
_SIZE |= {"tib": 2**40}
_TIME = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_FREQUENCY = {"hz": 1, "khz": 10**3, "mhz": 10**6, "ghz": 10**9}
_BITS = {"bps": 1, "kbps": 10**3, "kibps": 2**10, "mbps": 10**6, "mibps": 2**20, "gbps": 10**9, "gibps": 2**30}
_BITS |= {"tbps": 10**12, "tibps": 2**40}

UNITS: dict[str, dict[str, Any]] = {
    "scalar-unit.size": _SIZE,
    "scalar-unit.time": _TIME,
    "scalar-unit.frequency": _FREQUENCY,
    "scalar-unit.bitrate": _BITS,
}
SPELLED = {
    "scalar-unit.size": "B kB KiB MB MiB GB GiB TB TiB",
    "scalar-unit.time": "d h m s ms us ns",
    "scalar-unit.frequency": "Hz kHz MHz GHz",
    "scalar-unit.bitrate": "bps Kbps Kibps Mbps Mibps Gbps Gibps Tbps Tibps, or with B for bytes",
}
_SCALAR = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*([A-Za-z]+)\s*\Z")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?"
    r"(?:[ \t]*(?:Z|([-+])(\d\d?)(?::?(\d\d))?))?)?\Z",
    re.ASCII,
)
_VERSION = re.compile(r"(\d{1,18})(?:\.(\d{1,18})(?:\.(\d{1,18})(?:\.([A-Za-z0-9]+)(?:-(\d{1,18}))?)?)?)?\Z")


def scalar_unit(kind: str, value: Any) -> float | None:
    """A scalar unit in its base unit (bytes, seconds, hertz, bits per second); None when it is none.

    Unit names are read without regard to case, as 3.3.6.4 says of sizes and all tools do of the others;
    of bit rates, `Bps` is bytes.
    """
    found = _SCALAR.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    unit = found.group(2)
    factor = UNITS[kind].get(unit.lower())
    if kind == "scalar-unit.bitrate" and "B" in unit and factor is not None:
        factor *= 8
    return None if factor is None else float(found.group(1)) * factor


def version(value: Any) -> tuple[Any, ...] | None:
    """A TOSCA version (3.3.2) in a form that compares; None when it is none.

    A number is accepted as tools do (`version: 7`): what YAML lost of it was reported when it was read.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    found = _VERSION.match(str(value).strip())
    if found is None:
        return None
    major, minor, fix, qualifier, build = found.groups()
    return (int(major), int(minor or 0), int(fix or 0), qualifier is None, qualifier or "", int(build or 0))


def bounds(value: Any) -> tuple[float, float] | None:
    """A range `[low, high]` (3.3.3), UNBOUNDED as infinity; None when it is none."""
    if not (isinstance(value, list) and len(value) == 2):
        return None
    low, high = (_bound(part, default) for part, default in zip(value, (-math.inf, math.inf), strict=True))
    return None if low is None or high is None or low > high else (low, high)


def _bound(value: Any, unbounded: float) -> float | None:
    if value == "UNBOUNDED":
        return unbounded
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def timestamp(value: Any) -> datetime.datetime | None:
    """A timestamp in any form that YAML 1.1 has for it, as UTC time; None when it is none."""
    found = _TIMESTAMP.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    fraction, sign, hours, minutes = found.groups("0")[6:]
    offset = datetime.timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    year, month, day, hour, minute, second = (int(part) for part in found.groups("0")[:6])
    micros = int(f"{fraction:0<6.6}")
    try:
        second = min(second, 59) if second == 60 else second  # a leap second (RFC 3339, 5.7)
        return datetime.datetime(year, month, day, hour, minute, second, micros, datetime.UTC) - offset
    except (ValueError, OverflowError):
        return None
