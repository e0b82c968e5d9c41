"""Finding one deployment among many records: `python -m dev.bench.tracing [RECORDS]`.

A platform whose branch of records has 100,000 of them, one a commit: made here, with no engine. Those of every
hundredth deployment are real and signed. Each command is measured beside what git itself needs for the same
answer: listing the folder of one deployment and reading one blob.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mattone import process
from mattone.git import Repository
from mattone.records.envelope import seal
from mattone.records.model import Action, Outcome, Record, digest
from mattone.records.signing import PAYLOAD_TYPE, SigningKey
from mattone.records.store import BRANCH

RECORDS = 100_000
A_GROUP, EACH = 20, 5  # deployments a group, records a deployment
LIMIT = 1.0  # seconds that tracing any of them may take, once the index is made
RUNS = 5

_COMPONENTS = ("catalog/jupyterlab", "tosca-types", *(f"ansible-roles/role_{number}" for number in range(6)))
_SETTINGS = b'environment = "production"\n'
_BATCH = 5_000  # records that git is given at once
_REAL = 100
_START = 1_700_000_000  # seconds since 1970


@dataclass(slots=True)
class Generated:
    """A forge with a platform and its records, and a clone of it; sizes in bytes.

    deployments  those whose records are real
    record       the mean size of a real record's file; packed: of all objects in the forge, a record
    """

    clone: Path
    deployments: list[str]
    record: float = 0.0
    packed: float = 0.0


@dataclass(slots=True)
class Timed:
    """Wall-clock seconds of each run of a command, and of git's part alone, taken in turns."""

    name: str
    ours: list[float] = field(default_factory=list)
    git: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    def line(self) -> str:
        ratio = self.median / statistics.median(self.git) if self.git else 0.0
        beside = f"  {ratio:5.1f} times git's {statistics.median(self.git) * 1000:.0f} ms" if self.git else ""
        return f"{self.name:<44} {self.median:7.3f} s  slowest {max(self.ours):7.3f} s{beside}"


def generate(folder: Path, count: int = RECORDS) -> Generated:
    """A platform, its forge and a clone, with so many records; the same for the same number, but for the key."""
    forge = Repository.init_bare(folder / "forge.git")
    key = SigningKey.generate()
    made = Generated(folder / "clone", [])
    _import(forge, key, count, made)
    Repository.clone(str(forge.root), made.clone)
    objects = forge.root / "objects"
    made.packed = sum(path.stat().st_size for path in objects.rglob("*") if path.is_file()) / count
    return made


def _import(forge: Repository, key: SigningKey, count: int, made: Generated) -> None:
    """Write both branches by `git fast-import`, in parts that memory can hold."""
    forge.run("fast-import", "--quiet", stdin=_commit("main", 0, "platform", {"mattone.toml": _SETTINGS, **_keys(key)}))
    sizes: list[int] = []
    rows = enumerate(records(count))
    while batch := list(itertools.islice(rows, _BATCH)):
        parts: list[bytes] = []
        for number, record in batch:
            real = _is_real(record)
            data = seal(record, key) if real else _filler(record)
            sizes += [len(data)] if real else []
            above = f"refs/heads/{BRANCH}^0" if number and not parts else ""
            parts.append(_commit(BRANCH, number, f"record({record.deployment})", {record.path: data}, above))
            if record.sequence == 1 and real:
                made.deployments.append(record.deployment)
        forge.run("fast-import", "--quiet", stdin=b"".join(parts), timeout=600)
    made.record = statistics.mean(sizes)


def _is_real(record: Record) -> bool:
    """Whether somebody will ask for it; the first and every hundredth deployment."""
    return int(record.deployment.rsplit("-", 1)[1]) % _REAL == 0


def _filler(record: Record) -> bytes:
    """An envelope as large as a real one that parses, and that nobody signed: signing takes most of the time."""
    content = base64.b64encode(json.dumps({"record": 1, **asdict(record)}).encode()).decode()
    payload = {"subject": [{"content": content}], "predicate": record.lock, "padding": content[: len(content) // 2]}
    sealed = base64.b64encode(json.dumps(payload).encode()).decode()
    return json.dumps({"payload": sealed, "payloadType": PAYLOAD_TYPE, "signatures": []}).encode() + b"\n"


def _keys(key: SigningKey) -> dict[str, bytes]:
    public = base64.b64encode(key.public).decode()
    row = f"  - {{public: {public}, owner: bench, environments: [production], from: '2020-01-01T00:00:00Z'}}\n"
    return {"federation/keys.yaml": f"keys:\n{row}".encode()}


def _commit(branch: str, number: int, message: str, files: dict[str, bytes], above: str = "") -> bytes:
    who = f"mattone <mattone@localhost> {_START + 60 * number} +0000"
    head = f"commit refs/heads/{branch}\ncommitter {who}\ndata {len(message)}\n{message}\n" + (
        f"from {above}\n" if above else ""
    )
    parts = (f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n" for path, data in files.items())
    return head.encode() + b"".join(parts)


def records(count: int) -> Iterator[Record]:
    """So many records: all first ones, then all second ones, as years of operation would append them."""
    deployments = max(1, count // EACH)
    newest: dict[int, Record] = {}
    for number in range(count):
        which = number % deployments
        newest[which] = _record(number, which, newest.get(which))
        yield newest[which]


def _record(number: int, which: int, before: Record | None) -> Record:
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_START + 60 * number))
    address = f"10.{which >> 16 & 255}.{which >> 8 & 255}.{which & 255}"
    if before is not None:
        operation, sequence = f"{number:032x}", before.sequence + 1
        return replace(before, operation=operation, sequence=sequence, action=Action.UPDATE,
                       previous=digest(before), times={"ended": ended})  # fmt: skip
    return Record(
        "production", f"group-{which // A_GROUP}/service-{which}", 1, f"{number:032x}", Action.CREATE,
        Outcome.SUCCEEDED, "c" * 40, desired="sha256:" + "d" * 64, service="jupyterlab 1.4.0",
        description="Notebooks for a course", inputs={"num_cpus": 2, "mem_size": "4 GB", "token": {"secret": "env:T"}},
        lock={"components": [_component(path, which) for path in _COMPONENTS], "external": []},
        bundle="sha256:" + "b" * 64, template="sha256:" + f"{which:064x}", applied_by="bench", provider="local",
        engine={"name": "bench", "version": "1.0", "instance": "bench", "id": f"remote-{which}"},
        machines=({"name": f"machine-{which}", "node": "server", "address": address, "cpus": 2, "memory": 4096},),
        outputs={"endpoint": f"https://{address}"}, times={"ended": ended}, seconds=61.5, tool="mattone 0.0",
    )  # fmt: skip


def _component(path: str, which: int) -> dict[str, object]:
    kind = {"catalog": "service", "tosca-types": "types"}.get(path.split("/")[0], "role")
    pin = {"commit": f"{which % 97:040x}", "digest": f"sha256:{which % 97:064x}"}
    return {"component": path, "kind": kind, "constraint": "^1.0", "version": f"1.{which % 97}.0", **pin,
            "required_by": ["catalog/jupyterlab"]}  # fmt: skip


def cases(made: Generated) -> dict[str, tuple[str, ...]]:
    """What is measured, by name: about deployments from the first to the last."""
    first, middle, last = made.deployments[0], made.deployments[len(made.deployments) // 2], made.deployments[-1]
    number = int(middle.rsplit("-", 1)[1])
    return {
        "trace GROUP/NAME, the first": ("trace", first),
        "trace GROUP/NAME, one in the middle": ("trace", middle),
        "trace GROUP/NAME, the last": ("trace", last),
        "trace ADDRESS": ("trace", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"),
        "trace an operation's id": ("trace", f"{number:032x}"),
        "affected ansible-roles/role_3@1.5.0": ("affected", "ansible-roles/role_3@1.5.0"),
        "verify GROUP/NAME": ("verify", middle),
    }


def measure(made: Generated, cache: Path, runs: int = RUNS) -> tuple[Timed, list[Timed]]:
    """The first question, which makes the index; then each case in turns with git's own part."""
    first = Timed("the first question: the index is made")
    first.ours.append(_ours(made, cache, cases(made)["trace ADDRESS"]))
    found = [Timed(name) for name in cases(made)]
    for _, one in itertools.product(range(runs), found):
        one.ours.append(_ours(made, cache, cases(made)[one.name]))
        one.git.append(_git(made))
    return first, found


def _ours(made: Generated, cache: Path, words: Sequence[str]) -> float:
    command = [sys.executable, "-P", "-m", "mattone", *words]
    begun = time.monotonic()
    process.run(command, cwd=made.clone, env={**os.environ, "MATTONE_CACHE": str(cache)}, timeout=900)
    return time.monotonic() - begun


def _git(made: Generated) -> float:
    """List one deployment's folder and read its newest record, as a person would by hand."""
    git = ["git", "-C", str(made.clone)]
    under = f"records/production/{made.deployments[0]}/"
    begun = time.monotonic()
    listed = process.run([*git, "ls-tree", "-r", f"origin/{BRANCH}", "--", under]).output
    blob = listed.splitlines()[-1].split()[2]
    process.run([*git, "cat-file", "blob", blob])
    return time.monotonic() - begun


def main(words: list[str]) -> int:
    """Print the figures; fail when tracing takes longer than its limit."""
    count = int(words[0]) if words and words[0].isdecimal() else RECORDS
    with tempfile.TemporaryDirectory(prefix="mattone-bench-") as folder:
        begun = time.monotonic()
        made = generate(Path(folder), count)
        print(f"{count:,} records of {count // EACH:,} deployments, made in {time.monotonic() - begun:.0f} s")
        first, found = measure(made, Path(folder) / "cache")
        index = sum(path.stat().st_size for path in (Path(folder) / "cache/records").glob("*"))
    print(
        f"bytes a record: {made.record:.0f} as a file, {made.packed:.0f} in the forge, {index / count:.0f} in the index"
    )
    for one in (first, *found):
        print(one.line())
    return int(any(one.median > LIMIT for one in found if one.name.startswith("trace")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
