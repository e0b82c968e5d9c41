"""`mattone bundle` where all that differs between machines differs: path, clock, zone, mask, locale, hash seed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone.git import environment
from tests.catalog.files import ROOT
from tests.forges.site import git

DEPLOYMENT = "school/thing"

# A clock that is wrong by years, for every way in which Python asks for the time. It stands for another machine's
# clock where the real one cannot be set: it is a double, and knows nothing of the clocks of git and the kernel.
_CLOCK = """\
import time

_SHIFT = {seconds}
for _name in ("time", "time_ns"):
    def _shifted(_real=getattr(time, _name), _more=_SHIFT * (1 if _name == "time" else 10**9)):
        return _real() + _more
    setattr(time, _name, _shifted)
for _name in ("localtime", "gmtime"):
    def _shifted(seconds=None, _real=getattr(time, _name)):
        return _real(time.time() if seconds is None else seconds)
    setattr(time, _name, _shifted)
"""


@dataclass(frozen=True)
class Place:
    """One of two that must agree: where the clone lies, and all that is set around the process."""

    folder: Path
    mask: int = 0o022
    shift: int = 0
    variables: tuple[tuple[str, str], ...] = ()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`mattone` in the clone, with a home and caches that nobody has used."""
        clock = self.folder / "clock"
        clock.mkdir(exist_ok=True)
        (clock / "sitecustomize.py").write_text(_CLOCK.format(seconds=self.shift))
        set_here = {
            "HOME": str(self.folder / "home"),
            "MATTONE_CACHE": str(self.folder / "cache"),
            "PYTHONPATH": os.pathsep.join([str(clock), str(ROOT / "tools")]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "mattone", *words],
            cwd=self.folder / "platform",
            env={**environment(), **set_here, **dict(self.variables)},
            umask=self.mask,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def bundle(self) -> dict[str, Any]:
        """What the command says of the bundle that it wrote to `out.csar` beside the clone."""
        done = self.run("bundle", DEPLOYMENT, "-o", str(self.folder / "out.csar"), "--output", "json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def forget(self) -> None:
        """Delete every cache, the workspace and the home."""
        for name in ("cache", "home", "platform/.mattone"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def inputs(service: str) -> str:
    """The inputs that the service's template demands."""
    return "inputs:\n  token: {secret: 'env:TOKEN'}\n" if service == "jupyterlab" else ""


def platform_of(folder: Path, service: str) -> Path:
    """A clone of this platform's catalogue as it lies here, with one locked deployment of a service."""
    root = folder / "platform"
    for name in ("catalog", "tosca-types", "ansible-roles", "federation"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ansible"))
    shutil.copy(ROOT / "mattone.toml", root)
    wanted = root / "deployments" / f"{DEPLOYMENT}.yaml"
    wanted.parent.mkdir(parents=True)
    wanted.write_text(f'service: {service}\nversion: "*"\n{inputs(service)}')
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=start")
    return root


def clone(source: Path, folder: Path) -> None:
    """Another clone, with settings of git that change how files look in the work tree."""
    folder.mkdir(parents=True)
    git(
        folder,
        "-c",
        "core.autocrlf=true",
        "clone",
        "--quiet",
        "--config",
        "core.fileMode=false",
        str(source),
        "platform",
    )
