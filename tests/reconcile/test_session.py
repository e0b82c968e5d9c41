"""A session: one apply of an environment at a time, whichever process it runs in."""

from __future__ import annotations

import os
import signal

from mattone.errors import LockHeld
from tests.doubles.world import World, in_a_process


def test_second_process_is_told_that_the_environment_is_held(world: World) -> None:
    def work() -> None:
        try:
            with world.session().lease():
                pass
        except LockHeld:
            os.kill(os.getpid(), signal.SIGUSR1)

    with world.session().lease():
        assert in_a_process(work) == signal.SIGUSR1
    assert in_a_process(work) == 0
