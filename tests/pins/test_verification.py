"""Somebody else's bundle against its sources: whatever byte was changed, on whichever side, is named."""

from __future__ import annotations

import contextlib
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from mattone.errors import HostError, InputError, MattoneError
from mattone.git import DamagedObject
from mattone.pins.archive import pack, unpack
from mattone.pins.bundle import build, role_folders
from mattone.pins.csar import BILL, LOCK, META, make
from mattone.pins.lock import dump, parse
from mattone.pins.releases import Releases
from mattone.pins.verification import compare
from tests.forges.site import git
from tests.pins.test_bundle import locked
from tests.small import Platform

Files = dict[str, tuple[bool, bytes]]


@pytest.fixture
def data(platform: Platform) -> bytes:
    return make(*locked(platform.repository)).data


def found(platform: Platform, data: bytes) -> dict[str, str]:
    releases = Releases(platform.repository, "HEAD")
    return {one.path: one.problem for one in compare(releases, "page.csar", data)[1]}


def test_what_nobody_touched_has_no_difference(platform: Platform, data: bytes) -> None:
    lock, differences = compare(Releases(platform.repository, "HEAD"), "page.csar", data)
    assert (lock, differences) == (locked(platform.repository)[1], ())


def test_commits_that_came_later_play_no_part(platform: Platform, data: bytes) -> None:
    platform.release("ansible-roles/web", "1.1.0")
    platform.write({"ansible-roles/web/tasks/main.yml": "evil"})
    assert found(platform, data) == {}


# Somebody changed an entry of the archive.

PLAYBOOK = "artifacts/tosca-types/artifacts/page.yaml"


def edited(data: bytes, change: Callable[[Files], None]) -> bytes:
    files = unpack("x", data)
    change(files)
    return pack(files, first=META)


def role_file(files: Files, inner: str) -> str:
    return next(path for path in files if path.endswith(f"/{inner}"))


def in_entry(path: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        target = path if path in files else role_file(files, path)
        assert old in files[target][1]
        files[target] = (files[target][0], files[target][1].replace(old, new, 1))

    return change


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        (in_entry("tasks/main.yml", b"web", b"evil"), "tasks/main.yml", "the file of the role 'web' is not what"),
        (in_entry(PLAYBOOK, b"hosts: all", b"hosts: localhost"), PLAYBOOK, "of the types is not what .* line 2"),
        (in_entry("template.yaml", b"title", b"tit1e"), "template.yaml", "the template is not what the lock makes"),
        (in_entry(META, b"1.1", b"1.0"), META, "the archive's metadata is not what the lock makes, from line 1 on"),
        (in_entry(LOCK, b"# Written", b"# written"), LOCK, "the lock is not what the lock makes, from line 1"),
        (in_entry(BILL, b'"name": "web"', b'"name": "wep"'), BILL, "is not that of the lock: ansible-roles/web$"),
        (in_entry(BILL, b'"purl": "pkg:generic/tosca-types', b'"purl": "pkg:x/tosca-types'), BILL, ": tosca-types$"),
        (in_entry(BILL, b'"specVersion": "1.6"', b'"specVersion": "1.5"'), BILL, "differs outside of its components"),
        (in_entry(BILL, b"{", b"["), BILL, "is not that of the lock: ansible-roles/base, "),
        (lambda files: files.pop(PLAYBOOK), PLAYBOOK, "the file of the types is missing"),
        (lambda files: files.update({"roles/x/y": (False, b"")}), "roles/x/y", "the lock makes no such file"),
        (lambda files: files.update({"evil.sh": (True, b"")}), "evil.sh", "the lock makes no such file"),
        (
            lambda files: files.update({PLAYBOOK: (True, files[PLAYBOOK][1])}),
            PLAYBOOK, "the file of the types has the right to be executed",
        ),
        (
            lambda files: files.update({role_file(files, "run.sh"): (False, b"#!/bin/sh\n")}),
            "run.sh", "the file of the role 'base' lacks the right to be executed",
        ),
    ],
)  # fmt: skip
def test_a_changed_entry_is_named_with_what_it_is(
    platform: Platform, data: bytes, change: Callable[[Files], None], path: str, problem: str
) -> None:
    [(where, what)] = found(platform, edited(data, change)).items()
    assert where == path or where.endswith(f"/{path}")
    assert re.search(problem, what), what


def test_entries_packed_in_another_order_or_time_are_told(platform: Platform, data: bytes) -> None:
    problem = {"page.csar": "the entries are right, but packed in another way: order, times, modes or remarks"}
    assert found(platform, pack(unpack("x", data), first=BILL)) == problem
    buffer = BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"a remark"
    assert found(platform, buffer.getvalue()) == problem


def test_every_single_bit_counts(platform: Platform, data: bytes) -> None:
    """Sampled over the whole file: wherever a bit is turned, the bundle is not accepted."""
    releases = Releases(platform.repository, "HEAD")
    for position in range(0, len(data), max(1, len(data) // 150)):
        changed = data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1 :]
        with contextlib.suppress(MattoneError):
            assert compare(releases, "page.csar", changed)[1], position


# Somebody edited the lock in the archive.


def relocked(data: bytes, old: str, new: str) -> bytes:
    def change(files: Files) -> None:
        text = files[LOCK][1].decode()
        assert old in text
        files[LOCK] = (False, text.replace(old, new).encode())

    return edited(data, change)


def test_an_edited_digest_in_the_lock_is_told_with_its_component(platform: Platform, data: bytes) -> None:
    lock = locked(platform.repository)[1]
    web = next(pin for which, pin in lock.pins.items() if which.name == "web")
    problems = found(platform, relocked(data, web.digest, "sha256:" + "0" * 64))
    assert set(problems) == {LOCK, BILL}
    assert problems[LOCK].startswith("the lock says ansible-roles/web 1.0.0 with sha256:000000000000…, commit ")
    assert problems[BILL] == "the bill of materials is not that of the lock: ansible-roles/web"


def test_an_edited_version_in_the_lock_is_told(platform: Platform, data: bytes) -> None:
    problems = found(platform, relocked(data, "version: 1.0.0", "version: 1.0.9"))
    assert "the lock says" in problems[LOCK]
    assert "holds 1.0.0" in problems[LOCK]


def test_a_commit_that_is_not_here_is_told(platform: Platform, data: bytes) -> None:
    commit = locked(platform.repository)[1].service.commit
    with pytest.raises(
        InputError, match=r"the commit abababababab that .* is locked to is not in this repository"
    ) as caught:
        found(platform, relocked(data, commit, "ab" * 20))
    assert str(caught.value.place) == "page.csar:lock.yaml"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: files.pop(LOCK), "it has no lock.yaml: it is no bundle"),
        (lambda files: files.update({LOCK: (False, b"lock: [")}), "YAML1001"),
        (lambda files: files.update({LOCK: (False, b"lock: 9\n")}), "lock"),
    ],
)
def test_a_lock_that_cannot_be_read_is_told(
    platform: Platform, data: bytes, change: Callable[[Files], None], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        found(platform, edited(data, change))
    assert "page.csar" in f"{caught.value.place} {caught.value}"


# Somebody changed a source in the repository.


def moved(platform: Platform, data: bytes, path: str, text: str) -> bytes:
    """The same bundle, its lock naming a commit where one file is another: a source rewritten under it."""
    commit = platform.commit({path: text})
    lock = parse(LOCK, unpack("x", data)[LOCK][1])
    pins = {
        which: replace(pin, commit=commit) if path.startswith(f"{which.path}/") else pin
        for which, pin in lock.pins.items()
    }
    return edited(data, lambda files: files.update({LOCK: (False, dump(replace(lock, pins=pins)))}))


@pytest.mark.parametrize(
    ("path", "old", "new", "named"),
    [
        ("ansible-roles/web/tasks/main.yml", "web", "evil", "tasks/main.yml"),
        ("tosca-types/artifacts/page.yaml", "all", "localhost", PLAYBOOK),
        ("tosca-types/page.yaml", "word: {type: string", "word: {type: integer", "template.yaml"),
        ("catalog/page/template.yaml", "What it says", "What it said", "template.yaml"),
    ],
)
def test_a_byte_changed_in_a_source_is_named(
    platform: Platform, data: bytes, path: str, old: str, new: str, named: str
) -> None:
    text = (platform.root / path).read_text()
    assert old in text
    problems = found(platform, moved(platform, data, path, text.replace(old, new, 1)))
    assert any(where == named or where.endswith(f"/{named}") for where in problems), problems
    assert "the lock says" in problems[LOCK]


def forged(platform: Platform, path: str, data: bytes) -> None:
    """Put other content under the object id of a file, as whoever may write to the disk can."""
    blob = git(platform.root, "rev-parse", f"HEAD:{path}").stdout.strip()
    file = platform.root / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(zlib.compress(b"blob %d\0" % len(data) + data))
    assert git(platform.root, "cat-file", "blob", blob).stdout == data.decode()


@pytest.mark.parametrize(
    "path",
    [
        "ansible-roles/web/tasks/main.yml",
        "ansible-roles/base/role.yaml",
        "tosca-types/artifacts/page.yaml",
        "tosca-types/page.yaml",
        "catalog/page/template.yaml",
        "catalog/page/service.yaml",
    ],
)
def test_content_forged_under_its_object_id_is_refused_by_name(platform: Platform, data: bytes, path: str) -> None:
    lock = locked(platform.repository)[1]
    forged(platform, path, b"evil: true\n")
    platform.repository.close()  # its reader has the true content in memory
    with pytest.raises(MattoneError, match="was changed in the repository") as caught:
        make(Releases(platform.repository, "HEAD"), lock)
    assert path in f"{caught.value.place} {caught.value}"
    with pytest.raises(DamagedObject):
        found(platform, data)


# Somebody changed a bundle that lies in the workspace, from where the engine is fed.


@pytest.mark.parametrize("how", ["edit", "remove", "add", "link", "mode"])
def test_a_stored_bundle_that_was_changed_is_not_used(platform: Platform, tmp_path: Path, how: str) -> None:
    releases, lock = locked(platform.repository)
    folder = build(releases, lock, tmp_path / "store").folder
    path = f"roles/{role_folders(lock)['web']}/tasks/main.yml"
    file = folder / path
    match how:
        case "edit":
            file.write_text("evil")
        case "remove":
            file.unlink()
        case "add":
            path = "artifacts/evil.yaml"
            (folder / path).write_text("evil")
        case "link":
            file.rename(tmp_path / "main.yml")
            file.symlink_to(tmp_path / "main.yml")
        case "mode":
            file.chmod(0o755)
    with pytest.raises(HostError, match=f"the file `{path}` of the bundle {folder.name} was changed") as caught:
        build(releases, lock, tmp_path / "store")
    assert str(caught.value.place) == str(folder / path)
    shutil.rmtree(folder)
    assert build(releases, lock, tmp_path / "store").folder == folder
