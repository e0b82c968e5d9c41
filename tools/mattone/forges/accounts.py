"""Account names, as every forge compares them: without regard to case or Unicode spelling."""

from __future__ import annotations

import unicodedata


def same_account(one: str, other: str) -> bool:
    """Whether two names mean one account: `Alice` must not approve what `alice` wrote."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
