"""Processors and memory of a running machine, written to its control group.

`podman update` came after podman 4.3, and a stopped container starts with the limits that it was
created with: so the limits of the record are written at each start, before the machine's init
runs, and at each resize. Both control group versions are known (kernel documentation,
admin-guide/cgroup-v1 and cgroup-v2).
"""

from __future__ import annotations

from pathlib import Path

from mattone.errors import HostError

PERIOD = 100_000  # microseconds


def files(cgroups: str, mountinfo: str, cpus: float, memory: int) -> tuple[tuple[Path, str], ...]:
    """The control group files to write for the limits, with their values.

    `cgroups` is the text of /proc/PID/cgroup and `mountinfo` that of /proc/self/mountinfo;
    memory in MiB. Swap is not given on top of memory. Raises HostError when this host has no
    controller for processors or memory.
    """
    roots = _roots(mountinfo)
    paths = _paths(cgroups)
    quota, limit = str(round(cpus * PERIOD)), str(memory * 1024 * 1024)
    if "cpu" in paths and "cpu" in roots and "memory" in paths and "memory" in roots:
        cpu, ram = roots["cpu"] / paths["cpu"], roots["memory"] / paths["memory"]
        return (
            (ram / "memory.limit_in_bytes", limit),
            (ram / "memory.memsw.limit_in_bytes", limit),
            (cpu / "cpu.cfs_period_us", str(PERIOD)),
            (cpu / "cpu.cfs_quota_us", quota),
        )
    if "" in paths and "" in roots:
        unified = roots[""] / paths[""]
        return (
            (unified / "memory.max", limit),
            (unified / "memory.swap.max", "0"),
            (unified / "cpu.max", f"{quota} {PERIOD}"),
        )
    raise HostError("this host offers no control groups for processors and memory", hint="`mattone doctor` says more")


def _paths(cgroups: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        # systemd moves itself one level down; the limits belong to the machine's own group.
        path = path.strip().removesuffix("/init.scope").lstrip("/")
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _roots(mountinfo: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for line in mountinfo.splitlines():
        fields, _, tail = line.partition(" - ")
        kind, _, options = (*tail.split(" "), "", "", "")[:3]
        place = Path(fields.split(" ")[4]) if fields.count(" ") >= 4 else Path("/")
        if kind == "cgroup2":
            found.setdefault("", place)
        elif kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, place)
    return found


def apply(pid: int, cpus: float, memory: int) -> None:
    """Set the limits of the machine with that first process. Raises HostError with what the kernel said."""
    wanted = files(Path(f"/proc/{pid}/cgroup").read_text(), Path("/proc/self/mountinfo").read_text(), cpus, memory)
    memory_files = [(path, value) for path, value in wanted if path.exists() and path.name.startswith("memory")]
    # With swap accounting, memory must never be above memory and swap together: whichever order works.
    for attempt in (memory_files, memory_files[::-1]):
        failed = [problem for path, value in attempt if (problem := _write(path, value))]
        if not failed:
            break
    else:
        raise HostError(
            f"a machine cannot be limited to {memory} MiB: {failed[0]}",
            hint="it may be using more than that; stop it first",
        )
    for path, value in wanted:
        if not path.name.startswith("memory") and (problem := _write(path, value)):
            raise HostError(f"a machine cannot be limited to {cpus} processors: {problem}")


def _write(path: Path, value: str) -> str:
    try:
        path.write_text(value)
    except OSError as error:
        return f"{path.name}: {error.strerror}"
    return ""
