"""`mattone validate --watch` as a process: it checks again after a change, and ends with Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mattone
from tests.tosca.support import FILES, PATH, TEMPLATE


class Watching:
    """A running `validate --watch`; stdout and stderr are read as one."""

    def __init__(self, folder: Path, *words: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mattone", "validate", "--watch", *words],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def until_checked(self) -> str:
        """All that it prints up to the end of the next check; the test's own time limit bounds the wait."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "waiting for a change" in line:
                return "".join(lines)
        raise AssertionError(f"it ended: {''.join(lines)}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    made = Watching(folder, PATH)
    yield made
    made.process.kill()
    made.process.wait()
    assert made.process.stdout is not None
    made.process.stdout.close()


def test_a_defect_shows_when_it_is_written_and_goes_when_it_is_mended(folder: Path, watching: Watching) -> None:
    assert "No findings." in watching.until_checked()
    (folder / PATH).write_text(TEMPLATE.replace("- host: server", "- host: sever"))
    assert "TOSCA1032" in watching.until_checked()
    (folder / PATH).write_text(TEMPLATE)
    assert "No findings." in watching.until_checked()


def test_a_change_of_an_import_is_a_change(folder: Path, watching: Watching) -> None:
    watching.until_checked()
    types = folder / "tosca-types/example.yaml"
    types.write_text(types.read_text().replace("example.App:", "example.Apple:"))
    assert "TOSCA1010" in watching.until_checked()


def test_a_file_that_goes_and_comes_back_does_not_end_it(folder: Path, watching: Watching) -> None:
    watching.until_checked()
    (folder / PATH).unlink()
    assert "there is no such file" in watching.until_checked()
    (folder / PATH).write_text(TEMPLATE)
    assert "No findings." in watching.until_checked()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_at_once_with_130(watching: Watching, number: signal.Signals) -> None:
    watching.until_checked()
    watching.process.send_signal(number)
    assert watching.process.wait(timeout=10) == 130
    assert watching.process.stdout is not None
    assert watching.process.stdout.read() == "interrupted\n"
