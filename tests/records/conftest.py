"""A forge and clones of it whose `origin` it is, for tests of records; real git throughout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mattone.git import Repository
from mattone.records.signing import SigningKey
from mattone.records.store import RecordStore
from tests.forges.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture
def clone(site: Site, tmp_path: Path) -> Callable[[str], RecordStore]:
    """Makes the records of a new clone; all sign with one key."""
    key = SigningKey.generate()
    return lambda name: RecordStore(Repository.clone(site.forge.url, tmp_path / name), "production", lambda: key)
