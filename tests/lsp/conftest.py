"""One server for the tests of a module, and the folders that they edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lsp.client import Client
from tests.small import Platform
from tests.tosca.support import FILES


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """A server without folders: each file belongs to the repository that it lies in."""
    client = Client()
    client.initialize()
    yield client
    try:
        assert client.leave() == 0
    finally:
        client.end()


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Templates and types in a folder that is a repository's root."""
    folder = tmp_path / "repository"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path / "platform")
