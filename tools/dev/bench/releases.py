"""Planning releases beside python-semantic-release on the same repository: `python -m dev.bench.releases [--all]`."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.report import ROOT
from mattone import process
from mattone.git import Repository

COMMITS = 10_000
SERVICES, ROLES = 20, 19  # and the type library: 40 components

COLD, WARM = 6.0, 2.0  # seconds that planning may take
RATIO = 50  # how many times less processor time than python-semantic-release, run once a component
RUNS = 5
SAMPLE = ("tosca-types", "catalog/service-0", "ansible-roles/role_0")  # what it is run for, but for `--all`

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


def _settings(component: str) -> str:
    """python-semantic-release's configuration for one component, as its guide for monorepos has it."""
    return f"""\
[semantic_release]
commit_parser = "conventional-monorepo"
tag_format = "{component}/v{{version}}"
allow_zero_version = true
[semantic_release.commit_parser_options]
path_filters = ["."]
[semantic_release.branches.main]
match = "main"
[semantic_release.remote]
type = "gitlab"
"""


@dataclass(frozen=True, slots=True)
class _Time:
    """Seconds: by the clock on the wall, and of this and other processors in the command and what it starts."""

    wall: float
    cpu: float


def _timed(command: list[str], folder: Path, env: Mapping[str, str]) -> tuple[_Time, str]:
    before, started = os.times(), time.monotonic()
    output = process.run(command, cwd=folder, env={**os.environ, **env}).output
    wall, after = time.monotonic() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return _Time(wall, cpu), output


def ours(repository: Path, cache: Path) -> tuple[_Time, _Time, dict[str, str]]:
    """All components at once: cold (nothing cached, neither by mattone nor, where we may drop it, by the kernel), warm,
    and the versions that came out."""
    mattone = str(Path(sys.executable).parent / "mattone")
    command = [mattone, "release", "--dry-run", "--output", "json"]
    _drop_page_cache()
    cold, _ = _timed(command, repository, {"MATTONE_CACHE": str(cache)})
    runs = [_timed(command, repository, {"MATTONE_CACHE": str(cache)}) for _ in range(RUNS)]
    warm = sorted((run for run, _ in runs), key=lambda run: run.wall)[RUNS // 2]
    return cold, warm, {one["component"]: one["to"] for one in json.loads(runs[0][1])["releases"]}


def _drop_page_cache() -> None:
    with contextlib.suppress(OSError):  # only root may
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("1\n", "utf-8")


def theirs(repository: Path, component: str, scratch: Path) -> tuple[_Time, str]:
    """One component, by python-semantic-release with its monorepo parser: the time, and the version."""
    program, settings = str(Path(sys.executable).parent / "semantic-release"), scratch / "settings.toml"
    settings.write_text(_settings(component), "utf-8")
    command = [program, "--noop", "--config", str(settings), "version", "--print"]
    found, output = _timed(command, repository / component, {"GITLAB_TOKEN": "none"})
    return found, output.split()[-1]


def main(words: list[str]) -> int:
    """Print both, and fail when a limit is missed or the versions differ where nothing but commits decides."""
    sample = folders() if "--all" in words else SAMPLE
    with tempfile.TemporaryDirectory(prefix="mattone-bench-") as folder:
        scratch = Path(folder)
        repository = generate(scratch / "platform").root
        Repository(repository).run("remote", "add", "origin", "https://git.example.org/group/platform.git")
        cold, warm, versions = ours(repository, scratch / "cache")
        others = {one: theirs(repository, one, scratch) for one in sample}
    mean = sum(run.cpu for run, _ in others.values()) / len(others)
    ratio = mean * len(folders()) / warm.cpu
    print(f"{COMMITS:,} commits, {len(folders())} components, {len(versions)} to release")
    print(f"mattone release --dry-run, all, cold   {cold.wall:6.2f} s  CPU {cold.cpu:6.2f} s  limit {COLD:.0f} s")
    print(f"mattone release --dry-run, all, warm   {warm.wall:6.2f} s  CPU {warm.cpu:6.2f} s  limit {WARM:.0f} s")
    measured = f"mean of {len(others)} components measured"
    print(f"python-semantic-release, one component {'':>8}  CPU {mean:6.2f} s  ({measured})")
    print(f"ratio of CPU for all {len(folders())} components: {ratio:.0f}, at least {RATIO}")
    differing = {one: (version, versions.get(one)) for one, (_, version) in others.items() if version != versions[one]}
    if differing:
        print(f"other versions than python-semantic-release's: {differing}")
    return int(cold.wall > COLD or warm.wall > WARM or ratio < RATIO or bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
