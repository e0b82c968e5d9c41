"""Making the bare repository of an embedded forge, with the rules that hold for plain `git push`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from mattone.errors import HostError, InputError
from mattone.forges.local import names
from mattone.git import Repository

_SETTINGS = {
    "core.hooksPath": "hooks",  # a person's own global hooksPath must not switch our hook off
    "core.logAllRefUpdates": "true",
    "core.fsync": "committed,loose-object",  # a ref never leads to what a power cut lost
    "core.useReplaceRefs": "false",
    "receive.denyNonFastForwards": "true",
    "receive.fsckObjects": "true",
}


def create_bare(path: Path, source: Repository, branch: str) -> None:
    """A bare repository at `path` whose default branch `branch` is the committed HEAD of `source`.

    It appears whole or not at all. Raises InputError (the place is taken, nothing is
    committed, no such branch name), HostError (the place cannot be written).
    """
    path = path.absolute()
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise InputError(f"{path} is there already", hint="give a path that does not exist, or an empty folder")
    head = source.resolve("HEAD")
    if head is None:
        raise InputError(f"nothing is committed in {source.root}", hint="commit the platform's files first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise HostError(f"cannot make a forge at {path}: {error.strerror}") from error
    made = Path(folder)
    try:
        _fill(Repository.init_bare(made, names.branch(source, branch)), source, head, branch)
        made.chmod(0o755)
        made.replace(path)
    except OSError as error:
        raise HostError(f"cannot make a forge at {path}: {error.strerror}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _fill(bare: Repository, source: Repository, head: str, branch: str) -> None:
    refspec = f"{head}:refs/heads/{branch}"
    # --update-shallow: a CI checkout has the newest commits only
    bare.run("fetch", "--quiet", "--update-shallow", "--", str(source.root.absolute()), refspec)
    protect(bare)


def protect(bare: Repository) -> None:
    """Settings and hook: the default branch moves by merge requests alone, their state by the forge alone."""
    for key, value in _SETTINGS.items():
        bare.run("config", key, value)
    hook = bare.root / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes((Path(__file__).parent / "update.sh").read_bytes())
    hook.chmod(0o755)
