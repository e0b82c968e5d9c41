"""Every role's Molecule scenario, on real machines: check mode, run, run again, change, verify."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mattone.machines.podman import PodmanHost
from tests.catalog.files import ROLE_NAMES, ROLES

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1500)]


@pytest.fixture
def ephemeral(tmp_path: Path, real_machines: None, cache_folder: Path) -> Iterator[Path]:
    """Molecule's folder; whatever became of Molecule, no machine is left of it."""
    yield tmp_path
    PodmanHost(tmp_path / "machines", cache_folder).remove_all()


def _molecule(role: str, environment: Mapping[str, str], log: Path) -> int:
    """Run `molecule test`; an interrupted test takes Molecule and its Ansible with it.

    The output goes to a file: through a pipe, Ansible would hang for ever once nobody reads it.
    """
    words = [str(Path(sys.executable).parent / "molecule"), "test"]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            words,
            cwd=ROLES / role,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_scenario_of_the_role_passes(role: str, ephemeral: Path, cache_folder: Path) -> None:
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "MATTONE_CACHE": str(cache_folder),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(ephemeral),
        "NO_COLOR": "1",
    }
    log = ephemeral / "molecule.log"
    code = _molecule(role, environment, log)
    assert code == 0, log.read_text(encoding="utf-8", errors="replace")[-8000:]
