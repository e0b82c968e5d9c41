from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.releases.workshop import Workshop
from tests.small import closing


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """The small platform, all of its components released as 1.0.0."""
    made = Workshop(tmp_path / "platform")
    with closing(made):
        yield made
