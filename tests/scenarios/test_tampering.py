"""What somebody changed behind mattone's back is refused, as an operator meets it: exit code and message."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from mattone.errors import EXIT_DENIED, EXIT_ERROR, EXIT_FINDINGS
from mattone.git import Repository
from mattone.pins.releases import Releases
from mattone.pins.resolve import Resolver
from mattone.platform.deployments import lock_path
from mattone.platform.keys import KEYS
from mattone.records.envelope import seal, unseal
from mattone.records.model import Record
from mattone.records.signing import SigningKey, read_key, workspace_key
from mattone.records.store import BRANCH
from tests import small
from tests.commands.conftest import Say
from tests.doubles.world import PAGE, World
from tests.forges.site import git
from tests.small import Platform


def trust(world: World, say: Say, **changes: str) -> None:
    """Merge what `mattone keys show` prints."""
    entry = yaml.safe_load(say(world, "keys", "show")[1])["keys"][0]
    (world.root / KEYS).write_text(yaml.safe_dump({"keys": [{**entry, "from": "2020-01-01T00:00:00Z", **changes}]}))
    world._commit()


@pytest.fixture
def trusted(running: World, say: Say) -> World:
    """A world with two records of a key that it trusts."""
    trust(running, say)
    running.wish(small.wish("Good morning"))
    assert running.apply() == 0
    assert say(running, "verify") == (0, f"{PAGE}: verified, 2 records\n")
    return running


def fresh(world: World, folder: Path) -> World:
    """The same forge, and a clone that has seen nothing of it before."""
    other = World(folder)
    other.forge = world.forge
    git(world.folder, "clone", "--quiet", str(world.forge), str(other.root))
    return other


def own_key(world: World) -> SigningKey:
    key = read_key(workspace_key(world.root / ".mattone"))
    assert key is not None
    return key


def rewritten(world: World, change: Callable[[str, bytes], bytes]) -> str:
    """One more commit on the forge's branch of records in which the newest record's file is another; its path."""
    forge = Repository(world.forge)
    newest = forge.files(BRANCH, "records")[-1]
    tree = forge.write_tree({newest.path: change(newest.path, forge.blob(newest.blob))}, onto=BRANCH)
    parent = forge.resolve(BRANCH) or ""
    forge.move_ref(f"refs/heads/{BRANCH}", forge.write_commit(tree, [parent], "an append like any other"), parent)
    forge.close()
    return newest.path


def resealed(key: SigningKey, **changes: object) -> Callable[[str, bytes], bytes]:
    """The record with other fields, signed anew."""

    def change(path: str, data: bytes) -> bytes:
        record: Record = replace(unseal(path, data), **changes)  # type: ignore[arg-type]
        return seal(record, key)

    return change


def test_an_altered_record(trusted: World, say: Say) -> None:
    def alter(_path: str, data: bytes) -> bytes:
        envelope = json.loads(data)
        statement = json.loads(base64.b64decode(envelope["payload"]))
        subject = statement["subject"][0]
        told = base64.b64decode(subject["content"]).replace(b"Good morning", b"Good mourning")
        subject["content"] = base64.b64encode(told).decode()
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
        return json.dumps(envelope).encode() + b"\n"

    path = rewritten(trusted, alter)
    code, text = say(trusted, "verify")
    assert code == EXIT_FINDINGS
    assert f"{PAGE}: broken" in text
    assert f"{path}: it was changed or removed after it was written" in text


def test_an_altered_record_whose_digests_were_made_to_fit(trusted: World, say: Say) -> None:
    stranger = SigningKey.generate()

    def alter(path: str, data: bytes) -> bytes:
        envelope = json.loads(data)
        forged = json.loads(seal(replace(unseal(path, data), provider="far"), stranger))
        return json.dumps({**envelope, "payload": forged["payload"]}).encode() + b"\n"

    path = rewritten(trusted, alter)
    code, text = say(trusted, "verify", PAGE)
    assert code == EXIT_FINDINGS
    assert f"{path}: the signature does not fit the content: one of them was changed" in text


def test_a_truncated_chain_in_a_clone_that_has_seen_it(trusted: World, say: Say) -> None:
    git(trusted.forge, "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    calls = trusted.engine.calls()
    for words in (("verify",), ("plan",), ("apply",)):
        code, text = say(trusted, *words)
        assert code == EXIT_ERROR
        assert "was rewritten: records that this clone has seen are gone from it" in text
    assert trusted.engine.calls() == calls


def test_a_truncated_chain_in_a_fresh_clone_with_an_anchor(trusted: World, say: Say, tmp_path: Path) -> None:
    assert say(trusted, "verify", "--anchor")[0] == 0
    git(trusted.forge, "update-ref", f"refs/heads/{BRANCH}", f"{BRANCH}~1")
    code, text = say(fresh(trusted, tmp_path / "fresh"), "verify")
    assert code == EXIT_FINDINGS
    assert f"{PAGE}: verified, 1 record" in text  # what is left holds; only the anchor knows better
    assert f"the branch {BRANCH!r} no longer holds what the anchor " in text
    assert "its end was cut off" in text


def test_a_truncated_chain_with_its_middle_cut_out(trusted: World, say: Say, tmp_path: Path) -> None:
    forge = Repository(trusted.forge)
    tree = forge.without(BRANCH, [forge.files(BRANCH, "records")[0].path])
    git(trusted.forge, "update-ref", f"refs/heads/{BRANCH}", forge.write_commit(tree, [], "records"))
    code, text = say(fresh(trusted, tmp_path / "fresh"), "verify")
    assert code == EXIT_FINDINGS
    assert "record 1 before it is missing" in text


def test_a_swapped_template_in_a_record(trusted: World, say: Say, tmp_path: Path) -> None:
    rewritten(trusted, resealed(own_key(trusted), template="sha256:" + "7" * 64))
    code, text = say(trusted, "replay", PAGE, "--dry-run")
    assert code == EXIT_FINDINGS
    assert f"{PAGE}#2: differs" in text
    assert "the record says 7777" in text
    assert say(trusted, "verify")[0] == EXIT_FINDINGS


def test_a_swapped_template_in_a_bundle(trusted: World, say: Say) -> None:
    """The folder that the engine is given lies on disk from one apply to the next."""
    (swapped,) = (trusted.root / ".mattone/bundles").rglob("template.yaml")
    swapped.chmod(0o644)
    swapped.write_text(swapped.read_text().replace("A page on a machine", "A miner on a machine"))
    trusted.wish(small.wish("Good night"))
    calls = trusted.engine.calls()
    code, text = say(trusted, "apply")
    assert code == EXIT_ERROR
    assert "template.yaml` of the bundle " in text
    assert "was changed since it was written" in text
    assert trusted.engine.calls() == calls


def test_a_moved_tag_of_what_is_locked_off_the_trunk(world: World, say: Say) -> None:
    """A maintenance release: only its tag says that somebody let it in."""
    platform = Platform.__new__(Platform)
    platform.root, platform.repository = world.root, Repository(world.root)
    git(world.root, "checkout", "--quiet", "-b", "maintenance")
    platform.release("ansible-roles/web", "1.0.1")
    git(world.root, "checkout", "--quiet", "main")
    world.wish(small.wish("Locked to the maintenance release"))
    resolver = Resolver(Releases(Repository(world.root), "HEAD"))
    assert any(str(pin.version) == "1.0.1" for pin in resolver.lock(small.deployment()).pins.values())
    assert say(world, "plan")[0] == 0
    git(world.root, "tag", "--force", "ansible-roles/web/v1.0.1", "main")
    code, text = say(world, "apply")
    assert code == EXIT_FINDINGS
    assert "that ansible-roles/web is locked to is neither merged nor a release" in text
    assert world.engine.calls() == 0


def test_a_moved_tag_of_what_is_locked_on_the_trunk_changes_nothing(running: World, say: Say) -> None:
    git(running.root, "tag", "ansible-roles/web/v1.0.0", "HEAD")
    role = running.root / "ansible-roles/web/tasks/main.yml"
    role.write_text("- ansible.builtin.debug: {msg: a miner}\n")
    running._commit()
    git(running.root, "tag", "--force", "ansible-roles/web/v1.0.0", "HEAD")
    calls = running.engine.calls()
    assert say(running, "apply")[0] == 0
    assert running.engine.calls() == calls
    assert say(running, "replay", PAGE, "--dry-run")[0] == 0


def test_a_forged_signature(trusted: World, say: Say) -> None:
    path = rewritten(trusted, resealed(SigningKey.generate(), provider="far"))
    code, text = say(trusted, "verify", PAGE)
    assert code == EXIT_FINDINGS
    assert f"{path}: signed by a key that is not trusted: " in text


def test_a_revoked_key(trusted: World, say: Say) -> None:
    trust(trusted, say, revoked="2020-02-01T00:00:00Z", reason="the laptop was stolen")
    why = "was revoked at 2020-02-01T00:00:00Z (the laptop was stolen)"
    code, text = say(trusted, "verify")
    assert (code, text.count(why)) == (EXIT_FINDINGS, 2)
    trusted.wish(small.wish("Good night"))
    calls = trusted.engine.calls()
    code, text = say(trusted, "apply")
    assert code == EXIT_DENIED
    assert f"the key that would sign the records does not count: the key of mattone apply of production {why}" in text
    assert trusted.engine.calls() == calls


def test_an_edited_lock(running: World, say: Say) -> None:
    path = running.root / lock_path(PAGE)
    lock = yaml.safe_load(path.read_text())
    row = next(row for row in lock["components"] if row["component"] == "ansible-roles/web")
    path.write_text(path.read_text().replace(row["digest"], "sha256:" + "7" * 64))
    running._commit()
    for words in (("validate",), ("plan",), ("apply",)):
        code, text = say(running, *words)
        assert code == EXIT_FINDINGS
        assert lock_path(PAGE) in text
        assert "ansible-roles/web 1.0.0 is not what was locked" in text


@pytest.fixture
def planned(running: World, say: Say, tmp_path: Path) -> Path:
    running.wish(small.wish("Good morning"))
    path = tmp_path / "plan.json"
    assert say(running, "plan", "--look", "--out", str(path))[0] == 0
    return path


def test_an_altered_plan(running: World, say: Say, planned: Path) -> None:
    """Who approved it saw another change than the one that would be made."""
    shown = planned.read_text()
    planned.write_text(shown.replace("Good morning", "Good evening"))
    calls = running.engine.calls()
    code, text = say(running, "apply", "--plan", str(planned))
    assert code == EXIT_DENIED
    assert "this plan was altered after it was made" in text
    assert running.engine.calls() == calls
    planned.write_text(shown)
    assert say(running, "apply", "--plan", str(planned))[0] == 0


def test_a_stale_plan(running: World, say: Say, planned: Path) -> None:
    running.wish(small.wish("Good evening"))
    calls = running.engine.calls()
    code, text = say(running, "apply", "--plan", str(planned))
    assert code == EXIT_DENIED
    assert "the plan no longer holds: commits, locks, records or the engine's state have changed" in text
    assert running.engine.calls() == calls
