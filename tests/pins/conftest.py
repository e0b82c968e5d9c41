from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small import Platform, closing


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with closing(Platform(tmp_path / "platform")) as made:
        yield made
