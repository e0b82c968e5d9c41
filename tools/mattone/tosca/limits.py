"""How much a YAML file may hold before it is refused."""

from __future__ import annotations

MAX_BYTES = 5_000_000
MAX_DEPTH = 100
MAX_VALUES = 2_000_000  # after aliases are followed; 5 MB hold about one million values
