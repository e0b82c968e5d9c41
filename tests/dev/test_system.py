"""What the system lacks is found and said; installing for real is part of every first run on a clean machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.report import ROOT

SCRIPT = ROOT / "tools/setup/system.sh"
NOBODY = 65534


@pytest.fixture
def bare() -> Iterator[Path]:
    """A PATH with next to nothing, that every user may read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        for name in ("apt-get", "dpkg-query"):
            if found := shutil.which(name):
                (path / name).symlink_to(found)
        yield path


def system(word: str, *, user: int | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.read_text("utf-8")  # by standard input: another user may not be able to read the checkout
    return subprocess.run(
        ["/bin/bash", "-s", word],
        input=script,
        cwd="/",
        env={**os.environ, **more},
        user=user,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_missing_programs_are_listed_by_package(bare: Path) -> None:
    found = system("missing", PATH=str(bare), PYTHON=str(bare / "no-python")).stdout.split()
    assert {"podman", "python3-venv", "openssh-client", "mmdebstrap", "git"} <= set(found)
    assert "ca-certificates" not in found or not Path("/etc/ssl/certs/ca-certificates.crt").exists()


def test_without_root_the_one_command_is_printed_and_setting_up_goes_on(bare: Path) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    done = system("install", user=user, PATH=str(bare), PYTHON=str(bare / "no-python"))
    assert done.returncode == 0
    packages = (
        "sudo apt-get install --no-install-recommends" if shutil.which("apt-get") else "install the equivalents of:"
    )
    assert packages in done.stderr
    assert " podman" in done.stderr


def test_removal_names_what_was_added_and_is_still_there_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "added-packages").write_text("base-files\nno-such-package-anywhere\n")
    said = system("removal", MATTONE_SYSTEM_STATE=str(tmp_path)).stdout
    assert "the 1 system packages that mattone added" in said
    assert "make demo-clean PURGE=1" in said


def test_nothing_is_said_where_nothing_was_added(tmp_path: Path) -> None:
    assert system("removal", MATTONE_SYSTEM_STATE=str(tmp_path / "absent")).stdout == ""


def test_word_it_does_not_know_is_refused() -> None:
    done = system("remove-everything")
    assert done.returncode == 2
    assert "usage" in done.stderr
