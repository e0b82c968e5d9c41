"""Measure planning releases: `python -m dev.bench_releases`, beside python-semantic-release on the same repository."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.report import ROOT
from mattone.git import Repository

COMMITS = 10_000
SERVICES, ROLES = 20, 19  # and the type library: 40 components

_TYPES = ("feat", "fix", "fix", "docs", "refactor", "test", "chore", "perf")
_START = 1_600_000_000  # seconds since 1970


@dataclass(frozen=True, slots=True)
class _Step:
    """One commit: its message, the files it writes, the tags it gets."""

    message: str
    files: dict[str, bytes]
    tags: tuple[str, ...] = ()


def folders() -> tuple[str, ...]:
    """The components of the generated repository."""
    services = (f"catalog/service-{number}" for number in range(SERVICES))
    roles = (f"ansible-roles/role_{number}" for number in range(ROLES))
    return ("tosca-types", *services, *roles)


def generate(path: Path, commits: int = COMMITS) -> Repository:
    """A repository with many commits, made from this repository's own components; the same for the same number."""
    repository = Repository.init_bare(path / ".git")
    repository.run("config", "core.bare", "false")
    stream = b"".join(_commands(commits))
    repository.run("fast-import", "--quiet", stdin=stream)
    made = Repository(path)
    made.run("reset", "--quiet", "--hard", "main")
    return made


def _commands(commits: int) -> Iterator[bytes]:
    for number, step in enumerate(_steps(commits)):
        who = f"developers <developers@example.org> {_START + 600 * number} +0000"
        text = step.message.encode()
        yield f"commit refs/heads/main\nmark :{number + 1}\ncommitter {who}\ndata {len(text)}\n".encode() + text + b"\n"
        for path, data in step.files.items():
            yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
        for tag in step.tags:
            yield f"tag {tag}\nfrom :{number + 1}\ntagger {who}\ndata {len(tag)}\n{tag}\n".encode()


def _steps(commits: int) -> Iterator[_Step]:
    chance = random.Random(4)  # noqa: S311 - the same repository every time
    files = _first()
    yield _Step("feat: the first version", files, tuple(f"{folder}/v1.0.0" for folder in folders()))
    every = max(1, commits // 20)
    for number in range(1, commits):
        folder = chance.choice(folders())
        kind = chance.choice(_TYPES)
        path = _edited(folder, chance)
        files[path] = _changed(path, files.get(path, b"").decode(), number).encode()
        tags: tuple[str, ...] = ()
        if number % every == 0 and number < commits * 0.9:
            # Releases of half of the components, on whatever commit comes by.
            tags = tuple(f"{one}/v1.{number // every}.0" for one in folders()[number // every % 2 :: 2])
        yield _Step(f"{kind}({folder.rsplit('/', 1)[-1]}): change {number}", {path: files[path]}, tags)


def _edited(folder: str, chance: random.Random) -> str:
    if folder == "tosca-types":
        return f"{folder}/{chance.choice(('compute', 'interactive', 'network', 'storage'))}.yaml"
    if folder.startswith("catalog/"):
        return f"{folder}/{chance.choice(('template.yaml', 'README.md'))}"
    return f"{folder}/{chance.choice(('tasks/main.yml', 'defaults/main.yml', 'README.md'))}"


def _changed(path: str, text: str, number: int) -> str:
    """A file with one more thing in it: an input, a type, a default, a task, a line."""
    if path.endswith("template.yaml"):
        more = f"    change_{number}: {{type: string, default: '', description: Change {number}.}}\n"
        return text.replace("  inputs:\n", f"  inputs:\n{more}", 1)
    if path.startswith("tosca-types/"):
        more = r"\g<0>  example.\g<1>.Change" + f"{number}: {{description: Change {number}.}}\n"
        return re.sub(r"^(\w+)_types:\n", more, text, count=1, flags=re.MULTILINE)
    more = {"main.yml": f"change_{number}: 1\n"}.get(path.rsplit("/", 1)[1], f"Change {number}.\n")
    return text + (f"- ansible.builtin.debug: {{msg: change {number}}}\n" if "/tasks/" in path else more)


def _first() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    copies = {folder: "catalog/jupyterlab" for folder in folders() if folder.startswith("catalog/")}
    copies |= {folder: "ansible-roles/jupyterlab" for folder in folders() if folder.startswith("ansible-roles/")}
    for folder, source in {**copies, "tosca-types": "tosca-types", "release": "release"}.items():
        for file in sorted((ROOT / source).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and "molecule" not in file.parts:
                files[f"{folder}/{file.relative_to(ROOT / source)}"] = _renamed(file.read_bytes(), folder, file)
    return files


def _renamed(data: bytes, folder: str, file: Path) -> bytes:
    if file.name not in {"service.yaml", "role.yaml"}:
        return data
    text = data.decode().replace("name: jupyterlab", f"name: {folder.rsplit('/', 1)[1]}", 1)
    return text.replace("  jupyterlab: ^1.0", "  role_0: ^1.0").replace("  os_users: ^1.0", "  role_1: ^1.0").encode()


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
