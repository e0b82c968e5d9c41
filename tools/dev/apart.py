"""Environments apart from `.venv`, below `.cache`: for what is only measured against or fuzzed with."""

from __future__ import annotations

import hashlib
import shutil
import sys

from dev.report import ROOT
from mattone import process


def python_of(name: str) -> str:
    """The interpreter of the environment that holds exactly `tools/requirements/<name>.txt`; made when it is missing.

    Raises MattoneError when the packages cannot be had.
    """
    lock = ROOT / f"tools/requirements/{name}.txt"
    folder = ROOT / ".cache" / name
    stamp = folder / "made-from"
    made_from = f"{sys.version_info[:2]} {hashlib.sha256(lock.read_bytes()).hexdigest()}"
    python = str(folder / "bin" / "python")
    if stamp.is_file() and stamp.read_text("utf-8") == made_from:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    process.run([sys.executable, "-m", "venv", str(folder)])
    options = ["--quiet", "--no-input", "--no-deps", "--require-hashes", "--disable-pip-version-check"]
    process.run([python, "-m", "pip", "install", *options, "--requirement", str(lock)], timeout=900)
    stamp.write_text(made_from, "utf-8")
    return python
