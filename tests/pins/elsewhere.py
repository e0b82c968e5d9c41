"""Repositories that lie elsewhere, as a test makes and spoils them; real git, reached by file://."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.forges.site import git

Texts = Mapping[str, str]


class Elsewhere:
    """A git repository with a work tree; `url` is how others reach it."""

    def __init__(self, folder: Path, files: Texts, tag: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.commit(files, tag)

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: Texts, tag: str = "") -> str:
        """Change files, commit, tag when asked; returns the commit."""
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=change")
        if tag:
            git(self.folder, "tag", "--annotate", "--message=release", tag)
        return self.head()

    def head(self, revision: str = "HEAD") -> str:
        return git(self.folder, "rev-parse", f"{revision}^{{commit}}").stdout.strip()

    def move_tag(self, tag: str) -> None:
        git(self.folder, "tag", "--force", "--annotate", "--message=again", tag)

    def rewrite(self, files: Texts) -> str:
        """Replace the branch's history by one commit that shares nothing with it, and forget the old one."""
        git(self.folder, "checkout", "--quiet", "--orphan", "new")
        commit = self.commit(files)
        git(self.folder, "branch", "--quiet", "--force", "main", "new")
        git(self.folder, "checkout", "--quiet", "main")
        git(self.folder, "branch", "--quiet", "--delete", "--force", "new")
        git(self.folder, "reflog", "expire", "--expire=now", "--all")
        git(self.folder, "gc", "--quiet", "--prune=now")
        return commit
