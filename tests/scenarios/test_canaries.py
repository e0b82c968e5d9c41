"""A secret that is made at run time goes in by every way there is, and comes out by none."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mattone.errors import EXIT_APPLY_FAILED, EXIT_INTERNAL
from mattone.records.envelope import envelopes
from mattone.records.signing import payload_of
from mattone.records.store import BRANCH
from tests import small
from tests.doubles.command import run
from tests.doubles.engine import REFUSE_LATE
from tests.doubles.world import PAGE, World
from tests.forges.site import git

TEMPLATE = small.TEMPLATE.replace(
    "  node_templates:",
    """\
    many: {type: list, entry_schema: {type: string}, default: [], description: Several.}
    table: {type: map, entry_schema: {type: string}, default: {}, description: By name.}
    lines: {type: string, default: "", description: Of many lines.}
  node_templates:""",
    1,
)
SERVICE = small.SERVICE.replace("updatable: [title, secret_word]\n", "")
WISH = """\
service: page
version: ^1.0
inputs:
  title: Hello
  secret_word: {secret: "env:SCALAR"}
  many: [plain, {secret: "env:IN_LIST"}]
  table: {name: {secret: "env:IN_MAP"}, "a.b": {secret: "env:DOTTED"}, password: {secret: "env:KEY_LIKE"}}
  lines: {secret: "env:LINES"}
"""


@pytest.fixture(scope="module")
def canaries() -> dict[str, str]:
    """Values that no other text holds; with characters that JSON, URLs and shells write in other ways."""
    names = ("SCALAR", "IN_LIST", "IN_MAP", "DOTTED", "KEY_LIKE")
    made = {name: f'{secrets.token_hex(8)}"/\\ é{secrets.token_hex(8)}' for name in names}
    return {**made, "LINES": f"{secrets.token_hex(16)}\n{secrets.token_hex(16)}"}


@pytest.fixture
def asked(world: World) -> World:
    """A world whose wish has a secret in every place where an input can stand."""
    (world.root / "catalog/page/template.yaml").write_text(TEMPLATE)
    (world.root / "catalog/page/service.yaml").write_text(SERVICE)
    world._commit()
    world.wish(WISH)
    return world


def spellings(canaries: dict[str, str]) -> Iterator[bytes]:
    """What must be seen nowhere: each value, and what base64, URLs and JSON make of it; each line, each half."""
    for value in canaries.values():
        yield from (line.encode() for line in value.splitlines())
        yield from (half.encode() for half in (value[:16], value[-16:]))
        yield base64.b64encode(value.encode())
        yield quote(value, safe="").encode()
        yield json.dumps(value)[1:-1].encode()
        yield json.dumps(value, ensure_ascii=False)[1:-1].encode()


def assert_unseen(canaries: dict[str, str], sinks: dict[str, bytes]) -> None:
    found = {name for name, data in sinks.items() for text in spellings(canaries) if text in data}
    assert found == set()


def objects(root: Path) -> bytes:
    """Every object of a repository, reachable or not, as git prints it."""
    command = ["git", "-C", str(root), "cat-file", "--batch-all-objects", "--batch", "--unordered"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def decoded_records(world: World) -> bytes:
    """What the envelopes of all records hold, and what their subjects hold inside."""
    found = []
    for path in git(world.forge, "ls-tree", "-r", "--name-only", BRANCH).stdout.split():
        for line in envelopes(git(world.forge, "show", f"{BRANCH}:{path}").stdout.encode()):
            payload = payload_of(line)
            found += [payload, *(base64.b64decode(s.get("content", "")) for s in json.loads(payload)["subject"])]
    return b"\n".join(found)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the engine double's own state and where the secrets come from."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "engine.json"
    }


def index(world: World) -> bytes:
    """All rows of the index, as text."""
    (path,) = (world.folder / "cache/records").glob("*.sqlite")
    database = sqlite3.connect(path)
    dump = "\n".join(database.iterdump())
    database.close()
    return dump.encode()


def quoting(canaries: dict[str, str]) -> str:
    """What an Ansible task would say that prints its variables in every way it knows."""
    return "\n".join(
        f"fatal: {value} {base64.b64encode(value.encode()).decode()} {quote(value)} {json.dumps({'v': value})}"
        for value in canaries.values()
    )


def test_secrets_reach_the_engine_and_nothing_else(asked: World, canaries: dict[str, str], tmp_path: Path) -> None:
    said: dict[str, bytes] = {}

    def say(*words: str, code: int = 0) -> None:
        got, text = run(asked, *words, **canaries)
        assert got == code, text
        said[" ".join(words)] = text.encode()

    plan, page = tmp_path / "plan.json", tmp_path / "plan.md"
    say("plan", "--out", str(plan), "--markdown", str(page))
    say("apply")
    template = json.dumps(asked.engine.template(PAGE), ensure_ascii=False)
    assert all(json.dumps(value, ensure_ascii=False)[1:-1] in template for value in canaries.values())
    asked.engine.fail_with(quoting(canaries))
    asked.wish(WISH.replace("Hello", "Good morning"))
    say("apply", "--output", "json", code=EXIT_APPLY_FAILED)
    for output in ("text", "json"):
        for words in (
            ("plan", "--look"),
            ("status",),
            ("log", PAGE),
            ("trace", PAGE),
            ("outputs", PAGE),
            ("machines",),
        ):
            say(*words, "--output", output)
        say("drift", "--output", output, code=run(asked, "drift", **canaries)[0])
        say("affected", "ansible-roles/web", "--output", output)
        say("trace", "192.0.2.1", "--output", output)
    say("plan", "--look", "--out", str(tmp_path / "look.json"), "--markdown", str(tmp_path / "look.md"))
    for form in ("sarif", "junit", "gitlab"):
        said[form] = run(asked, "validate", "--format", form, **canaries)[1].encode()
    kept = {"records": decoded_records(asked), "index": index(asked)}
    kept |= {"objects of the forge": objects(asked.forge), "objects of the clone": objects(asked.root)}
    assert b"(secret)" in kept["records"]
    assert_unseen(canaries, {**said, **kept, **files(tmp_path)})


def test_an_engine_that_refuses_and_quotes_them_tells_nobody(asked: World, canaries: dict[str, str]) -> None:
    asked.engine.fault("submit", REFUSE_LATE)
    code, text = run(asked, "apply", **canaries)
    assert code == EXIT_APPLY_FAILED
    assert_unseen(canaries, {"printed": text.encode(), **files(asked.folder)})


def test_a_crash_while_they_are_in_memory_writes_none_into_its_log(asked: World, canaries: dict[str, str]) -> None:
    """The error quotes the template itself."""
    code, text = run(asked, "--defect", "apply", **canaries)
    assert code == EXIT_INTERNAL
    (log,) = (asked.folder / "state/mattone").glob("crash-*.log")
    assert "ZeroDivisionError" in log.read_text()
    assert "(secret)" in log.read_text()
    assert_unseen(canaries, {"printed": text.encode(), "log": log.read_bytes()})
    code, text = run(asked, "apply", **canaries)
    assert code == 0, text
    assert_unseen(canaries, {"printed": text.encode(), "records": decoded_records(asked), **files(asked.folder)})
