"""Every role's Molecule scenario, on real machines: check mode, run, run again, change, verify."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog.files import ROLE_NAMES, ROLES

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1500)]


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_scenario_of_the_role_passes(role: str, real_machines: None, cache_folder: Path, tmp_path: Path) -> None:
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "MATTONE_CACHE": str(cache_folder),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path),
        "NO_COLOR": "1",
    }
    words = [str(tools / "molecule"), "test"]
    # In a session of its own: a test that is interrupted must not leave Molecule without its last step.
    result = subprocess.run(
        words, cwd=ROLES / role, env=environment, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-8000:]
