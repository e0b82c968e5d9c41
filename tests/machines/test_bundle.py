"""Each service bundled on a real machine: another root file system, Python, git, user, host name and network."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
import shutil
from pathlib import Path

import pytest

from mattone.machines.interface import MachineSpec
from mattone.machines.podman import PodmanHost
from tests.catalog.files import ROOT, SERVICES
from tests.forges.site import git
from tests.pins.places import DEPLOYMENT, Place, platform_of

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]

LIBRARIES = ("PyYAML", "GitPython", "cyclonedx-python-lib", "tosca-parser")


def needed(names: tuple[str, ...]) -> set[str]:
    """The distributions that these need, themselves among them; without extras, and what this Python does not need."""
    found: set[str] = set()
    waiting = [name.lower() for name in names]
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            requires = importlib.metadata.requires(name) or ()
            found.add(name)
            wanted = (re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in requires if "extra ==" not in line)
            waiting += [one for one in wanted if one not in found]
    return found


def libraries(folder: Path) -> None:
    """Copy what the command imports; the machine's own Python runs it."""
    for name in needed(LIBRARIES):
        for file in importlib.metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), folder / file)
    shutil.copytree(ROOT / "tools/mattone", folder / "mattone", ignore=shutil.ignore_patterns("__pycache__"))


def test_a_machine_makes_the_same_bytes(machine_host: PodmanHost, tmp_path: Path) -> None:
    machine_host.create(MachineSpec("other", image="controller", cpus=2))
    libraries(tmp_path / "python")
    machine_host.copy_tree("other", tmp_path / "python", "/var/tmp/python")
    for service in SERVICES:
        folder = tmp_path / service
        root = platform_of(folder, service)
        here = Place(folder)
        assert here.run("lock").returncode == 0
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message=lock")
        first = here.bundle()
        machine_host.copy_tree("other", root, f"/var/tmp/{service}")
        command = (
            f"umask 077; cd /var/tmp/{service} && export PYTHONPATH=/var/tmp/python TZ=Asia/Tokyo LC_ALL=C && "
            f"python3 -m mattone bundle {DEPLOYMENT} -o ~/{service}.csar --output json && sha256sum ~/{service}.csar"
        )
        said = machine_host.run("other", ["sh", "-c", command]).output
        answer, _, checksum = said.rpartition("}")
        second = json.loads(answer + "}")
        assert (first["bundle"], first["digest"]) == (second["bundle"], second["digest"])
        assert checksum.split()[0] == first["digest"].removeprefix("sha256:")
