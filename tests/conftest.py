"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The host may be busy: how long one example takes says nothing about the code.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

# Whoever starts the tests in the background may have interrupts ignored, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cache_folder() -> Path:
    """Where machine images are kept between runs; it may be missing, and is made when something is put there."""
    from mattone.platform import site

    return site.cache_folder()


@pytest.fixture(scope="session")
def real_machines(cache_folder: Path) -> None:
    """Passes where real machines can run; else the test fails with the reasons, or is skipped on request.

    The request is the environment variable MATTONE_NO_MACHINES=1.
    """
    from mattone.machines import doctor

    if os.environ.get("MATTONE_NO_MACHINES") == "1":
        pytest.skip("MATTONE_NO_MACHINES=1: tests on real machines were left out on purpose")
    able, line = doctor.verdict(doctor.check(cache_folder))
    if not able:
        pytest.fail(f"{line}; set MATTONE_NO_MACHINES=1 to leave these tests out", pytrace=False)
