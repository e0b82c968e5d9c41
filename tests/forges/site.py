"""A platform repository and its embedded forge in a temporary folder, for tests; real git throughout."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from mattone.forges.interface import MergeRequest, Pipeline, PipelineState
from mattone.forges.local import LocalForge
from mattone.git import Repository, Signature, environment

TRUNK = {"README.md": b"a platform\n", "deployments/school/one.yaml": b"service: one\n"}
ALICE = Signature("alice", "alice@example.org")


def git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Plain git, as a person types it: hooks on, identity given."""
    who = ["-c", "user.name=alice", "-c", "user.email=alice@example.org"]
    return subprocess.run(
        ["git", *who, "-C", str(folder), *arguments], check=check, capture_output=True, text=True, env=environment()
    )


def checkout(folder: Path, files: Mapping[str, bytes] = TRUNK) -> Repository:
    """A checkout with one commit of these files on main."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=start")
    return Repository(folder)


class Site:
    """A forge made from a checkout, and short ways to bring it where a test begins."""

    def __init__(self, folder: Path, files: Mapping[str, bytes] = TRUNK) -> None:
        self.folder = folder
        self.checkout = checkout(folder / "checkout", files)
        self.forge = LocalForge.create(folder / "forge.git", self.checkout)
        self.bare = self.forge.repository

    def head(self, branch: str = "main") -> str | None:
        return self.bare.refs("refs/heads").get(f"refs/heads/{branch}")

    def must_head(self, branch: str = "main") -> str:
        found = self.head(branch)
        assert found is not None
        return found

    def push(self, branch: str, files: Mapping[str, bytes], start: str = "main", message: str = "change") -> str:
        """One more commit on a branch, or on a new one from `start`, without the detour of a push."""
        parent = self.head(branch) or self.must_head(start)
        commit = self.bare.write_commit(self.bare.write_tree(files, onto=parent), [parent], message, ALICE)
        self.bare.run("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def opened(self, branch: str = "wish", files: Mapping[str, bytes] | None = None) -> MergeRequest:
        """A merge request by alice that adds a file named like its branch."""
        self.push(branch, files or {f"deployments/school/{branch}.yaml": b"service: single-vm\n"})
        return self.forge.open(branch, f"Add {branch}", "because", "alice")

    def passed(self, iid: int, state: PipelineState = PipelineState.SUCCESS) -> MergeRequest:
        head = self.forge.merge_request(iid).head
        return self.forge.set_pipeline(iid, Pipeline(head, state, (("check", state, 1.5),)))

    def ready(self, branch: str = "wish", files: Mapping[str, bytes] | None = None) -> MergeRequest:
        """Like `opened`, with a passed pipeline and bob's approval."""
        request = self.opened(branch, files)
        self.passed(request.iid)
        return self.forge.approve(request.iid, "bob")

    def trunk(self) -> list[str]:
        """The first-parent line of main, newest first."""
        return self.bare.run("rev-list", "--first-parent", "main").output.split()
