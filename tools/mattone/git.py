"""The one door to git: a cleaned environment, argument lists, no hooks, our errors.

Reading of commits, trees and blobs goes through GitPython, which keeps one `git cat-file`
process open; everything that changes a repository is the git program itself.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mattone import process, redact
from mattone.errors import InputError, MattoneError

if TYPE_CHECKING:
    import git as gitpython

ZERO = "0" * 40  # as the old value of a ref: it must not exist yet

_FILE, _SYMLINK, _SUBMODULE = "100644", "120000", "160000"
_FSCK = "`git fsck` says what is damaged; a fresh clone has none of it"
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


class RefMoved(MattoneError):
    """A ref no longer has the value that a compare-and-swap expected."""


class DamagedObject(MattoneError):
    """An object is gone, or has another content than its id says."""


@dataclass(frozen=True, slots=True)
class RefChange:
    """One ref of a transaction: `new` None checks it only, `ZERO` deletes it; `old` `ZERO`: must not exist."""

    ref: str
    new: str | None
    old: str

    def command(self) -> str:
        """The change as `git update-ref --stdin -z` reads it."""
        if self.new is None:
            return f"verify {self.ref}\0{self.old}\0"
        if self.new == ZERO:
            return f"delete {self.ref}\0{self.old}\0"
        return f"update {self.ref}\0{self.new}\0{self.old}\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree: path from the root, git's mode, the blob's object id."""

    path: str
    mode: str
    blob: str

    @property
    def is_symlink(self) -> bool:
        return self.mode == _SYMLINK

    @property
    def is_submodule(self) -> bool:
        return self.mode == _SUBMODULE


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit says of itself; `when` in RFC 3339 with the committer's offset."""

    id: str
    author: str
    email: str
    when: str
    subject: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who writes a commit."""

    name: str
    email: str


MATTONE = Signature("mattone", "mattone@localhost")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without git's own variables and without questions.

    A hook or an outer git exports GIT_DIR, GIT_INDEX_FILE and more, which would lead every
    call to the wrong repository.
    """
    keep = {"GIT_SSL_CAINFO", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in keep}
    clean.update(GIT_TERMINAL_PROMPT="0", LC_ALL="C.UTF-8", GIT_OPTIONAL_LOCKS="0", **(extra or {}))
    return clean


def _is(blob: str, data: bytes) -> bool:
    """Whether content has this object id (git's object format, with SHA-1)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == blob


class Repository:
    """One repository on disk, with or without a work tree.

    `root` is the work tree's top folder, or the bare repository itself.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._reading = threading.Lock()  # one process answers, one question at a time

    @classmethod
    def discover(cls, start: Path) -> Repository:
        """The repository whose work tree holds `start`. Raises InputError when none does."""
        result = process.run(
            ["git", "-C", str(start), "rev-parse", "--show-toplevel"], env=environment(), accept=(0, 128)
        )
        if "dubious ownership" in result.errors:
            raise InputError(
                f"the repository of {start} belongs to another user",
                hint="if you trust it: `git config --global --add safe.directory FOLDER`",
            )
        if result.code != 0:
            raise InputError(f"{start} is not inside a git repository", hint="run it in a clone, or give --repo PATH")
        return cls(Path(result.output.rstrip("\n")))

    @classmethod
    def init_bare(cls, path: Path, branch: str = "main") -> Repository:
        process.run(["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", str(path)], env=environment())
        return cls(path)

    @classmethod
    def clone(cls, url: str, path: Path, branch: str | None = None) -> Repository:
        choice = ["--branch", branch] if branch else []
        process.run(["git", "clone", "--quiet", *choice, "--", url, str(path)], env=environment())
        return cls(path)

    def run(
        self,
        *arguments: str,
        stdin: str | bytes | None = None,
        accept: Sequence[int] = (0,),
        env: Mapping[str, str] | None = None,
        timeout: float = 300.0,
    ) -> process.Result:
        """`git <arguments>` in this repository, hooks off."""
        command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(self.root), *arguments]
        return process.run(command, env=environment(env), stdin=stdin, accept=accept, timeout=timeout)

    @cached_property
    def _reader(self) -> gitpython.Repo:
        import git as gitpython

        repo = gitpython.Repo(self.root)
        # GitPython's child inherits our environment: name what an outer git may have set otherwise.
        common = str(repo.common_dir)
        repo.git.update_environment(
            GIT_DIR=str(repo.git_dir),
            GIT_COMMON_DIR=common,
            GIT_OBJECT_DIRECTORY=str(Path(common) / "objects"),
            GIT_ALTERNATE_OBJECT_DIRECTORIES="",
        )
        return repo

    def close(self) -> None:
        """End the reading process; needed only where many repositories are opened."""
        if "_reader" in self.__dict__:
            self._reader.close()
            del self.__dict__["_reader"]

    # Reading

    def resolve(self, revision: str) -> str | None:
        """The full id of the commit a revision names, or None."""
        result = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", accept=(0, 1, 128)
        )
        return result.output.strip() or None

    def commit(self, revision: str) -> Commit:
        """The commit a revision names. Raises InputError."""
        full = self.resolve(revision)
        if full is None:
            raise InputError(f"{revision!r} names no commit in {self.root}")
        with self._reading:
            found = self._reader.commit(full)
            author = found.author
            return Commit(
                id=full,
                author=author.name or "",
                email=author.email or "",
                when=found.committed_datetime.isoformat(),
                subject=str(found.summary),
            )

    def files(self, revision: str, under: str = "") -> tuple[Entry, ...]:
        """Every file of a revision's tree below a folder (or the one file of that path), sorted by path."""
        where = ["--", under] if under else []
        text = self.run("ls-tree", "-r", "-z", "--full-tree", revision, *where)
        entries = []
        for line in text.output.split("\0"):
            if line:
                head, path = line.split("\t", 1)
                mode, _, blob = head.split(" ")
                entries.append(Entry(path, mode, blob))
        return tuple(sorted(entries, key=lambda entry: entry.path))

    def blob(self, blob: str) -> bytes:
        """A blob's content by its object id. Raises DamagedObject when it is not there, or not what its id says.

        Git itself checks an object's id when it is fetched, and not when it is read.
        """
        try:
            with self._reading:
                _, _, _, data = self._reader.git.get_object_data(blob)
        except ValueError as error:
            raise DamagedObject(f"the repository {self.root} has no object {blob}", hint=_FSCK) from error
        if not _is(blob, data):
            raise DamagedObject(f"the object {blob[:12]} was changed in the repository {self.root}", hint=_FSCK)
        return bytes(data)

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's content in a revision, or None when there is no such file."""
        for entry in self.files(revision, path):
            if entry.path == path:
                return self.blob(entry.blob)
        return None

    def last_change(self, revision: str, *paths: str) -> str | None:
        """The id of the newest commit up to a revision that changed one of the paths."""
        return self.run("rev-list", "-1", revision, "--", *paths).output.strip() or None

    def contains(self, revision: str, commit: str) -> bool:
        """Whether a commit is in a revision's history."""
        return self.run("merge-base", "--is-ancestor", commit, revision, accept=(0, 1)).code == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that is in the history of both, or None when they share none."""
        return self.run("merge-base", one, other, accept=(0, 1)).output.strip() or None

    def changed_files(self, revision: str) -> frozenset[str]:
        """Paths where the work tree differs from a commit: changed, new, removed; a renamed file is both.

        Files that git ignores are not among them.
        """
        differ = self.run("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", revision, "--").output
        new = self.run("ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/").output
        return frozenset(path for path in (differ + new).split("\0") if path)

    def added_files(self, old: str, new: str, under: str) -> tuple[Entry, ...]:
        """The files below a folder that a commit has and an earlier one has not, sorted by path."""
        form = ("--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=A")
        words = self.run("diff-tree", "-r", *form, old, new, "--", under).output.split("\0")
        heads = (word.split(" ") for word in words[0:-1:2])
        return tuple(Entry(path, head[1], head[3]) for head, path in zip(heads, words[1::2], strict=True))

    def is_shallow(self) -> bool:
        return self.run("rev-parse", "--is-shallow-repository").output.strip() == "true"

    def refs(self, prefix: str) -> dict[str, str]:
        """Ref name to the commit it leads to (annotated tags followed), for all below a prefix."""
        form = "%(refname)%00%(objectname)%00%(*objectname)"
        lines = self.run("for-each-ref", f"--format={form}", prefix).output.splitlines()
        rows = (line.split("\0") for line in lines)
        return {name: peeled or direct for name, direct, peeled in rows}

    def unfinished(self) -> str | None:
        """`merge`, `rebase`, ... when the repository is in the middle of one, else None."""
        folder = Path(self.run("rev-parse", "--absolute-git-dir").output.rstrip("\n"))
        return next((what for name, what in _UNFINISHED.items() if (folder / name).exists()), None)

    def is_clean(self, *paths: str) -> bool:
        return not self.run("status", "--porcelain", "--", *paths).output.strip()

    # Writing objects and refs, without a work tree

    def write_blob(self, data: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", stdin=data).output.strip()

    def write_tree(self, files: Mapping[str, bytes], onto: str | None = None) -> str:
        """A tree with these files, by path; those of the revision `onto` stay where not replaced."""
        blobs = {path: self.write_blob(data) for path, data in files.items()}
        return self._index_tree((f"{_FILE} {blob}\t{path}\0" for path, blob in blobs.items()), onto)

    def without(self, revision: str, paths: Iterable[str]) -> str:
        """The tree of a revision with these paths removed."""
        return self._index_tree((f"0 {ZERO}\t{path}\0" for path in paths), revision)

    def _index_tree(self, lines: Iterable[str], onto: str | None) -> str:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if onto is not None:
                self.run("read-tree", onto, env=index)
            self.run("update-index", "-z", "--index-info", stdin="".join(lines), env=index)
            return self.run("write-tree", env=index).output.strip()

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature = MATTONE, sign: bool = False
    ) -> str:
        """A commit object of a tree, signed by git's own settings if asked; returns its id. No ref moves."""
        who = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.email,
        }
        above = [word for parent in parents for word in ("-p", parent)]
        how = ["-S"] if sign else []
        return self.run("commit-tree", tree, *above, *how, "-F", "-", stdin=message, env=who).output.strip()

    def write_tag(self, name: str, commit: str, message: str, tagger: Signature = MATTONE) -> str:
        """An annotated tag object on a commit; returns its id. No ref moves."""
        when = f"{int(time.time())} +0000"
        head = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger.name} <{tagger.email}> {when}\n\n"
        return self.run("mktag", stdin=f"{head}{message}\n").output.strip()

    def move_ref(self, ref: str, new: str, old: str) -> None:
        """Set a ref if it still has the old value (`ZERO`: must not exist). Raises RefMoved."""
        result = self.run("update-ref", ref, new, old, accept=(0, 1, 128))
        if result.code == 0:
            return
        if "cannot lock ref" in result.errors:
            raise RefMoved(f"{ref} was moved by somebody else meanwhile", hint="try again")
        raise process.CommandFailed(result)

    def move_refs(self, changes: Iterable[RefChange]) -> None:
        """Do all changes, in their order, or none. Raises RefMoved.

        git locks every ref and compares its old value before it writes the first. Only a git that
        is itself killed while writing leaves some changes done: those at the front. It goes on
        only when it is told so at the end: when we are killed while telling, nothing happens.
        """
        commands = "".join(change.command() for change in changes)
        told = f"start\0{commands}prepare\0commit\0"
        result = self.run("update-ref", "--stdin", "-z", stdin=told, accept=(0, 1, 128))
        if result.code == 0:
            return
        if "cannot lock ref" in result.errors or "packed-refs.lock" in result.errors:
            raise RefMoved(redact.one_line(result.errors.strip().splitlines()[0], 600))
        raise process.CommandFailed(result)

    def merge_tree(self, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        """The tree of a three-way merge and the paths in conflict (git 2.38 or newer)."""
        result = self.run("merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs, accept=(0, 1))
        tree, *conflicts = result.output.strip().splitlines()
        return tree, tuple(conflicts)
