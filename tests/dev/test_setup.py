"""Setting up for real: a small checkout with the real scripts, and packages from wherever pip is set up to look."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev.report import ROOT

PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "small"
version = "1"
[tool.setuptools.packages.find]
include = ["small*"]
"""


def setuptools_lock() -> str:
    """The entry of the real lock that is enough to install a project of our own."""
    text = (ROOT / "tools/requirements/run.txt").read_text("utf-8")
    found = re.search(r"^setuptools==(?:.*\\\n)*.*", text, re.MULTILINE)
    assert found is not None
    return found[0] + "\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "tools/setup", root / "tools/setup")
    (root / "tools/requirements").mkdir()
    for name in ("run", "dev"):
        (root / f"tools/requirements/{name}.txt").write_text(setuptools_lock())
    (root / "small").mkdir()
    (root / "small/__init__.py").write_text("")
    (root / "pyproject.toml").write_text(PROJECT)
    return root


def start(checkout: Path, kind: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(checkout / "tools/setup/venv.sh"), kind],
        env={**os.environ, "PYTHON": sys.executable, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def venv(checkout: Path, kind: str, **more: str) -> tuple[int, str, str]:
    """Run the script to its end: exit code, output, errors."""
    child = start(checkout, kind, **more)
    output, errors = child.communicate(timeout=120)
    return child.returncode, output, errors


def spoil(lock: Path) -> None:
    lock.write_text(re.sub(r"sha256:\w+", "sha256:" + "0" * 64, lock.read_text()))


def test_two_at_once_replace_a_half_made_environment_by_one_good_one(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").write_text("half a file")
    both = [start(checkout, "dev") for _ in range(2)]
    outputs = [child.communicate(timeout=120)[0] for child in both]
    assert [child.returncode for child in both] == [0, 0]
    assert sum("installing 1 packages of tools/requirements/dev.txt" in output for output in outputs) == 1
    subprocess.run([str(checkout / ".venv/bin/python"), "-c", "import small"], cwd="/", check=True)

    started = time.monotonic()
    assert venv(checkout, "dev") == (0, "", "")
    assert venv(checkout, "run") == (0, "", ""), "the larger environment serves the smaller wish"
    assert time.monotonic() - started < 1.0

    spoil(checkout / "tools/requirements/dev.txt")
    code, output, _ = venv(checkout, "run")
    assert (code, "tools/requirements/dev.txt" in output) == (1, True), "who had the larger environment keeps it"


def test_wrong_hash_is_refused_the_next_try_starts_clean_and_a_moved_checkout_is_made_anew(checkout: Path) -> None:
    lock = checkout / "tools/requirements/run.txt"
    good = lock.read_text()
    spoil(lock)
    code, _, errors = venv(checkout, "run")
    assert code == 1
    assert "DO NOT MATCH THE HASHES" in errors
    assert "mattone: pip install failed" in errors

    lock.write_text(good)
    assert venv(checkout, "run")[0] == 0
    moved = checkout.rename(checkout.with_name("elsewhere"))
    spoil(moved / "tools/requirements/run.txt")
    assert "installing" in venv(moved, "run")[1]


def test_python_that_is_too_old_or_absent_is_named(checkout: Path) -> None:
    code, _, errors = venv(checkout, "run", PYTHON=str(checkout / "no-python"))
    assert code == 1
    assert "Python 3.11 or newer is needed" in errors
    assert not (checkout / ".venv").exists()
