"""Run a command and print its exit code, CPU seconds and peak memory (kB): `python -I -S launch.py COMMAND...`.

A process of its own, and a small one: what the kernel gives as a child's peak memory is at least that of whoever
started it.
"""

import os
import sys

command = sys.argv[1:]
nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
process = os.posix_spawn(command[0], command, os.environ, file_actions=nowhere)
_, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
