"""`mattone bundle` as a process: what it writes, what it compares, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mattone
from mattone.pins.archive import pack, unpack
from mattone.pins.csar import META
from mattone.pins.lock import as_value, parse
from mattone.records.model import Action, Outcome, Record
from mattone.records.signing import SigningKey
from mattone.records.store import RecordStore
from tests.forges.site import git
from tests.small import Platform, closing, wish

LOCK = "deployments/school/page.lock.yaml"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    command = [sys.executable, "-m", "mattone", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Platform]:
    with closing(Platform(tmp_path / "platform")) as platform:
        platform.commit({"deployments/school/page.yaml": wish()})
        assert run(platform.root, "lock").returncode == 0
        platform.commit({})
        yield platform


def test_it_writes_the_archive_and_says_both_digests(locked: Platform) -> None:
    done = run(locked.root, "bundle", "school/page")
    assert (done.returncode, done.stderr) == (0, "")
    first, bundle, archive = done.stdout.splitlines()
    assert first.startswith("school/page: school-page.csar, ")
    assert bundle.startswith("bundle:  sha256:")
    assert archive.startswith("archive: sha256:")
    again = run(locked.root, "bundle", "school/page", "-o", "deep/er/other.csar", "--bom", "bill.json")
    assert again.stdout.splitlines()[1:] == [bundle, archive]
    data = (locked.root / "school-page.csar").read_bytes()
    assert (locked.root / "deep/er/other.csar").read_bytes() == data
    assert (locked.root / "bill.json").read_bytes() == unpack("x", data)["bom.cdx.json"][1]


def test_for_programs_it_prints_the_same_as_json(locked: Platform) -> None:
    done = run(locked.root, "bundle", "school/page", "--output", "json")
    found = json.loads(done.stdout)
    assert (found["deployment"], found["file"]) == ("school/page", "school-page.csar")
    assert found["bytes"] == (locked.root / "school-page.csar").stat().st_size
    assert {found[name][:7] for name in ("bundle", "digest", "lock")} == {"sha256:"}


def test_verify_compares_and_exits_with_3_when_something_differs(locked: Platform) -> None:
    run(locked.root, "bundle", "school/page")
    same = run(locked.root, "bundle", "--verify", "school-page.csar")
    assert (same.returncode, same.stdout) == (
        0, "school-page.csar: every byte is what its lock makes, for school/page\n",
    )  # fmt: skip
    file = locked.root / "school-page.csar"
    files = unpack("x", file.read_bytes())
    files["template.yaml"] = (False, files["template.yaml"][1].replace(b"title", b"tit1e"))
    file.write_bytes(pack(files, first=META))
    other = run(locked.root, "bundle", "--verify", "school-page.csar")
    assert other.returncode == 3
    assert other.stdout.startswith("template.yaml: the template is not what the lock makes, from line ")
    assert other.stdout.endswith("school-page.csar is not what its lock makes: 1 difference\n")
    found = json.loads(run(locked.root, "bundle", "--verify", "school-page.csar", "--output=json").stdout)
    assert (found["same"], [row["path"] for row in found["differences"]]) == (False, ["template.yaml"])


def test_verify_against_a_deployment_refuses_a_bundle_of_another_lock(locked: Platform) -> None:
    run(locked.root, "bundle", "school/page")
    assert run(locked.root, "bundle", "--verify", "school-page.csar", "school/page").returncode == 0
    locked.release("ansible-roles/web", "1.1.0", roles="{base: ^1.0}")
    run(locked.root, "lock", "--upgrade")
    done = run(locked.root, "bundle", "--verify", "school-page.csar", "school/page")
    assert done.returncode == 1
    assert "was made from another lock than school/page has now" in done.stderr
    assert run(locked.root, "bundle", "--verify", "school-page.csar").returncode == 0


def test_the_work_tree_plays_no_part(locked: Platform) -> None:
    before = run(locked.root, "bundle", "school/page").stdout
    locked.write({"ansible-roles/web/tasks/main.yml": "evil", "catalog/page/template.yaml": None})
    assert run(locked.root, "bundle", "school/page").stdout == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bundle"], "which deployment?"),
        (["bundle", "page"], "'page' names no deployment"),
        (["bundle", "school/other"], "there is no deployment 'school/other'"),
        (["bundle", "--verify", "gone.csar"], "there is no file 'gone.csar'"),
        (["bundle", "--verify", "."], "there is no file '.'"),
        (["bundle", "--verify", "README.md"], "README.md: this is no zip archive that can be read"),
        (["bundle", "--verify", "x", "-o", "y"], "--verify writes nothing"),
        (["bundle", "school/page", "-o", "/proc/none/x"], "No such file or directory"),
    ],
)
def test_what_it_cannot_do_is_one_message(locked: Platform, words: list[str], message: str) -> None:
    locked.write({"README.md": "a platform\n"})
    done = run(locked.root, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lock_that_was_edited_makes_no_bundle(locked: Platform) -> None:
    text = (locked.root / LOCK).read_text()
    digest = next(line for line in text.splitlines() if "digest:" in line)
    (locked.root / LOCK).write_text(text.replace(digest, "  digest: sha256:" + "0" * 64, 1))
    done = run(locked.root, "bundle", "school/page")
    assert done.returncode == 1
    assert f"{LOCK}: ansible-roles/base 1.0.0 is not what was locked" in done.stderr
    assert not (locked.root / "school-page.csar").exists()


def test_without_a_lock_it_says_how_to_make_one(locked: Platform) -> None:
    (locked.root / LOCK).unlink()
    done = run(locked.root, "bundle", "school/page")
    assert done.returncode == 1
    assert "there is no lock\n hint: run `mattone lock school/page`" in done.stderr


def recorded(platform: Platform, bundle: str) -> None:
    """A record of a creation with the present lock, on the branch of a forge that is a bare repository."""
    lock = parse(LOCK, (platform.root / LOCK).read_bytes())
    record = Record(
        "production", "school/page", 0, "a" * 32, Action.CREATE, Outcome.SUCCEEDED, platform.head(),
        lock=as_value(lock), bundle=bundle,
    )  # fmt: skip
    store = RecordStore(platform.repository, "production", SigningKey.generate)
    store.fetch()
    store.append(record)


@pytest.fixture
def with_forge(locked: Platform, tmp_path: Path) -> Platform:
    git(tmp_path, "init", "--quiet", "--bare", "forge.git")
    git(locked.root, "remote", "add", "origin", str(tmp_path / "forge.git"))
    return locked


def test_what_a_record_used_is_made_again_from_its_own_lock(with_forge: Platform) -> None:
    digest = json.loads(run(with_forge.root, "bundle", "school/page", "--output=json").stdout)["bundle"]
    recorded(with_forge, digest)
    with_forge.release("ansible-roles/web", "1.1.0", roles="{base: ^1.0}")
    run(with_forge.root, "lock", "--upgrade")
    now, then = (
        json.loads(run(with_forge.root, "bundle", "school/page", *more, "--output=json").stdout)["bundle"]
        for more in ((), ("--recorded",))
    )
    assert (then, now != then) == (digest, True)


def test_a_record_whose_bundle_comes_out_otherwise_is_told_and_nothing_is_written(with_forge: Platform) -> None:
    recorded(with_forge, "sha256:" + "0" * 64)
    done = run(with_forge.root, "bundle", "--recorded", "school/page")
    assert done.returncode == 1
    assert f"the record of school/page names the bundle sha256:{'0' * 64}, its lock makes sha256:" in done.stderr
    assert not (with_forge.root / "school-page.csar").exists()


def test_a_deployment_without_records_has_no_recorded_bundle(with_forge: Platform) -> None:
    done = run(with_forge.root, "bundle", "--recorded", "school/page")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no record of 'school/page' names a bundle" in done.stderr


def test_a_folder_as_target_is_told_before_anything_is_made(locked: Platform) -> None:
    done = run(locked.root, "bundle", "school/page", "-o", ".")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'.' is a folder" in done.stderr


def test_all_are_written_with_their_bills_and_none_when_a_lock_is_missing(locked: Platform) -> None:
    locked.commit({"deployments/other/page.yaml": wish()})
    done = run(locked.root, "bundle", "--all", "-o", "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert "deployments/other/page.lock.yaml: there is no lock" in done.stderr
    assert not (locked.root / "out").exists()
    assert run(locked.root, "lock").returncode == 0
    done = run(locked.root, "bundle", "--all", "-o", "out", "--output", "json")
    bundles = json.loads(done.stdout)["bundles"]
    assert [one["deployment"] for one in bundles] == ["other/page", "school/page"]
    assert run(locked.root, "bundle", "school/page").stdout.splitlines()[1] == f"bundle:  {bundles[1]['bundle']}"
    bill = json.loads((locked.root / "out/school/page.cdx.json").read_text())
    assert bill["specVersion"] == "1.6"
    assert run(locked.root, "bundle", "--verify", "out/other/page.csar", "other/page").returncode == 0


@pytest.mark.parametrize("words", [("school/page",), ("--recorded",), ("--bom", "x"), ("--verify", "x")])
def test_all_goes_with_nothing_else_that_chooses(locked: Platform, words: tuple[str, ...]) -> None:
    done = run(locked.root, "bundle", "--all", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint: " in done.stderr
