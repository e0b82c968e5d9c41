"""Paths as repositories write them: with forward slashes, from the root."""

from __future__ import annotations

import posixpath


def relative_path(base: str, reference: str) -> str:
    """The repository path of a relative reference in the file `base`; may begin with `../` when it leaves."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
