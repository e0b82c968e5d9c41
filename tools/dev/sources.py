"""Which files of the repository are what: as git has them, new ones included, ignored ones not."""

from __future__ import annotations

from pathlib import Path

from dev.report import ROOT
from mattone import process


def files(root: Path = ROOT) -> list[str]:
    """All files that are in git or could be added, as paths from the root; links are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = process.run(command, cwd=root).output.split("\0")
    return sorted({name for name in names if name and (root / name).is_file() and not (root / name).is_symlink()})


def yaml_files() -> list[str]:
    return [name for name in files() if name.endswith((".yaml", ".yml")) and not name.startswith("tests/")]


def shell_scripts(root: Path = ROOT) -> list[str]:
    """Files that end in `.sh`, or whose first line calls sh or bash."""
    return [name for name in files(root) if name.endswith(".sh") or _is_shell(root / name)]


def _is_shell(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(128)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"/bash", b" sh", b" bash"))


def gitlab_pipelines() -> list[str]:
    """The pipeline and the job templates that it includes (with inputs: GitLab 17, `spec:` in a first document)."""
    return [name for name in files() if name == ".gitlab-ci.yml" or name.startswith("pipelines/gitlab/")]
