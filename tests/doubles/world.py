"""The small platform with its embedded forge, real records and journal, and an engine double."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mattone.commands import apply
from mattone.errors import MattoneError
from mattone.forges.local import LocalForge
from mattone.git import Repository
from mattone.pins.lock import dump
from mattone.pins.releases import Releases
from mattone.pins.resolve import Resolver
from mattone.platform.deployments import lock_path
from mattone.reconcile.journal import Journal, State
from mattone.reconcile.session import Session
from mattone.records.model import Record
from mattone.records.signing import SigningKey
from mattone.records.store import RecordStore
from tests import small
from tests.doubles.engine import EngineDouble
from tests.forges.site import git

PAGE = small.DEPLOYMENT


class World:
    """`root` is the clone where people work, `forge` the bare repository, `engine` the double."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "platform"
        self.forge = folder / "forge.git"
        self.engine = EngineDouble(folder / "engine.json")

    @classmethod
    def create(cls, folder: Path) -> World:
        """A platform that wishes for school/page; nothing is applied yet."""
        world = cls(folder)
        platform = small.Platform(world.root)
        platform.commit({".gitignore": ".mattone/\n"})
        world.wish()
        LocalForge.create(world.forge, platform.repository)
        git(world.root, "remote", "add", "origin", str(world.forge))
        platform.repository.close()
        return world

    def copy(self, folder: Path) -> World:
        """The same world elsewhere, with nothing shared."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        other = World(folder)
        git(other.root, "remote", "set-url", "origin", str(other.forge))
        return other

    def wish(self, text: str = "", name: str = PAGE) -> None:
        """Commit a deployment and its lock, as a merge would bring them."""
        self.wish_many([name], text)

    def wish_many(self, names: Sequence[str], text: str = "") -> None:
        """The same for several at once."""
        repository = Repository(self.root)
        resolver = Resolver(Releases(repository, "HEAD"))
        for name in names:
            self._write(resolver, name, text)
        repository.close()
        self._commit()

    def _write(self, resolver: Resolver, name: str, text: str) -> None:
        path = self.root / f"deployments/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or small.wish(), encoding="utf-8")
        (self.root / lock_path(name)).write_bytes(dump(resolver.lock(small.deployment(text, name))))

    def unwish(self, name: str = PAGE) -> None:
        (self.root / f"deployments/{name}.yaml").unlink()
        (self.root / lock_path(name)).unlink()
        self._commit()

    def _commit(self) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message=merged")
        if self.forge.exists():  # only merged state is applied
            git(self.forge, "fetch", "--quiet", "--force", str(self.root), "HEAD:refs/heads/main")

    def apply(
        self,
        *names: str,
        prune: bool = False,
        confirm: Sequence[str] = (),
        wait: float = 0.0,
        breaks: str = "",
        parallel: int | None = None,
    ) -> int:
        """`mattone apply` in this process; returns its exit code."""
        try:
            return apply.run(names, None, prune, confirm, parallel, wait, breaks, False, self.root, "json")
        except MattoneError as error:
            return error.exit_code

    def session(self) -> Session:
        return Session.open(self.root)

    def records(self, name: str = PAGE) -> tuple[Record, ...]:
        store = RecordStore(Repository(self.root), "production", SigningKey.generate)
        store.fetch()
        return store.history(name).records

    def told(self, name: str = PAGE) -> list[str]:
        """Each record as `<action> <outcome>`, oldest first."""
        return [f"{record.action} {record.outcome}" for record in self.records(name)]

    def journal(self) -> Journal:
        return Journal(self.root / ".mattone/journal/production.jsonl")

    def states(self) -> list[State]:
        """The states that operations of the journal are in."""
        return [operation.state for operation in self.journal().open_operations().values()]


def use(world: World, patch: pytest.MonkeyPatch) -> World:
    """Let every session of this process have the double, and wait for nothing."""
    patch.setattr("mattone.engines.choose.open_engine", lambda _site: world.engine)
    patch.setattr("mattone.reconcile.apply.POLL", 0.0)
    patch.setattr("mattone.reconcile.apply.PAUSES", (0.0, 0.0, 0.0))
    return world


def in_a_process(action: Callable[[], object]) -> int:
    """Do it in a process of its own; returns the signal that ended it, 0 when none did."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
