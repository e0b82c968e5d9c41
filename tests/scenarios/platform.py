"""A platform as its users have it: an embedded forge, a clone, and the command line, all for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


@dataclass(frozen=True)
class Platform:
    """`forge` is the bare repository, `clone` where people work; `cache` is shared by all platforms."""

    forge: Path
    clone: Path
    cache: Path

    @classmethod
    def create(cls, folder: Path, cache: Path) -> Platform:
        """Serve the committed state of this very repository."""
        platform = cls(folder / "forge.git", folder / "platform", cache)
        made = platform.mattone(
            "forge", "create", str(platform.forge), "--clone", str(platform.clone), "--repo", str(ROOT), at=ROOT
        )
        assert made.code == 0, made.errors
        return platform

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT / "tools"), "MATTONE_CACHE": str(self.cache)}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        command = [sys.executable, "-P", "-m", "mattone", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.clone, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def mattone(self, *words: str, at: Path | None = None, timeout: float = 900) -> Result:
        """Run a command to its end."""
        command = [sys.executable, "-P", "-m", "mattone", *words]
        done = subprocess.run(
            command, cwd=at or self.clone, env=self.environment, capture_output=True, text=True, timeout=timeout
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *words: str, timeout: float = 900) -> Result:
        """Run a command that must succeed."""
        done = self.mattone(*words, timeout=timeout)
        assert done.code == 0, f"mattone {' '.join(words)}: {done.code}\n{done.output}\n{done.errors}"
        return done

    def request(self, *words: str) -> int:
        """Open a merge request as a researcher; returns its number."""
        done = self.ok("request", *words, "--author", "researcher", "--yes", "--output", "json")
        return int(done.json["merge_request"])

    def merge(self, number: int) -> None:
        """Run the pipeline, approve and merge as a maintainer, and get the result into the clone."""
        self.ok("pipeline", str(number))
        self.ok("mr", "approve", str(number), "--user", "maintainer")
        self.ok("mr", "merge", str(number), "--user", "maintainer")
        self.git("pull", "--quiet", "--ff-only")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(self.clone), *words], check=True, capture_output=True)
        return done.stdout.decode(errors="replace")

    def secret(self, name: str, value: str) -> None:
        """Keep a secret where the workspace's own are kept."""
        folder = self.clone / ".mattone"
        folder.mkdir(mode=0o700, exist_ok=True)
        store = folder / "secrets.env"
        store.touch(mode=0o600)
        with store.open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")
