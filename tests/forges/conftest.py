from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.forge.close_reader()


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the merge request !1, shared by tests of what is refused: after each it is as before."""
    made = Site(tmp_path_factory.mktemp("still"))
    made.opened()
    yield made
    made.forge.close_reader()


@pytest.fixture
def untouched(still: Site) -> Iterator[Site]:
    """The shared site, and the proof that the test changed none of its refs."""
    before = still.bare.refs("refs")
    yield still
    assert still.bare.refs("refs") == before
