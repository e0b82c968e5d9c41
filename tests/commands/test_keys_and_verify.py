"""From a key of the workspace to a platform that trusts it, and records that hold, or do not."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone.platform.keys import KEYS
from mattone.records.signing import SigningKey, workspace_key
from mattone.records.store import BRANCH
from tests import small
from tests.commands.conftest import Say
from tests.doubles.world import PAGE, World
from tests.forges.site import git


def trust(world: World, say: Say, **changes: Any) -> None:
    """Merge what `mattone keys show` prints."""
    _, text = say(world, "keys", "show")
    entry = yaml.safe_load(text)["keys"][0]
    path = world.root / KEYS
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"keys": [{**entry, "from": "2020-01-01T00:00:00Z", **changes}]}))
    world._commit()


def test_records_hold_once_the_key_is_trusted(running: World, say: Say) -> None:
    code, text = say(running, "verify")
    assert code == 3
    assert f"{PAGE}: broken, 1 record" in text
    assert "signed by a key that is not trusted" in text
    trust(running, say)
    assert say(running, "verify", PAGE) == (0, f"{PAGE}: verified, 1 record\n")
    code, text = say(running, "keys", "list")
    assert (code, text.count("counts")) == (0, 1)


def test_the_private_key_is_never_printed_nor_committed(running: World, say: Say) -> None:
    trust(running, say)
    pem = workspace_key(running.root / ".mattone").read_text()
    secret = pem.splitlines()[1]
    seed = base64.b64encode(base64.b64decode(secret)[-32:]).decode()
    printed = "".join(
        say(running, *words)[1] for words in (("keys", "show"), ("keys", "list"), ("verify",), ("trace", PAGE))
    )
    history = git(running.root, "log", "--all", "--patch").stdout
    for text in (printed, history):
        assert secret not in text
        assert seed not in text


def test_a_key_that_does_not_count_applies_nothing(running: World, say: Say) -> None:
    trust(running, say)
    workspace_key(running.root / ".mattone").unlink()
    running.wish(small.wish(title="Other"))
    code, text = say(running, "apply")
    assert code == 4
    assert "the key that would sign the records does not count: it is not in federation/keys.yaml" in text
    assert len(running.records()) == 1


def test_a_revoked_key_applies_nothing_and_what_it_signed_before_holds(running: World, say: Say) -> None:
    trust(running, say, revoked="2999-01-01T00:00:00Z", reason="lost")
    assert say(running, "verify")[0] == 0
    trust(running, say, revoked="2021-01-01T00:00:00Z", reason="lost")
    code, text = say(running, "apply")
    assert code == 4
    assert "was revoked at 2021-01-01T00:00:00Z (lost)" in text
    code, text = say(running, "verify")
    assert code == 3
    assert "was revoked" in text


def test_an_anchor_misses_what_is_cut_off_later(running: World, say: Say) -> None:
    trust(running, say)
    code, text = say(running, "verify", "--anchor")
    assert code == 0
    assert "anchored: anchors/production/" in text
    git(running.forge, "update-ref", "-d", f"refs/heads/{BRANCH}")
    git(running.root, "update-ref", "-d", f"refs/mattone/{BRANCH}")
    code, text = say(running, "verify")
    assert code == 3
    assert "its end was cut off" in text


def test_what_holds_may_have_drifted_since(running: World, say: Say) -> None:
    trust(running, say)
    assert say(running, "verify", "--look") == (0, f"{PAGE}: verified, 1 record\n")
    running.engine.destroy(running.records()[0].remote_id)
    assert say(running, "verify", "--look") == (2, f"{PAGE}: verified, but drifted, 1 record\n")
    assert say(running, "verify")[0] == 0


def test_what_does_not_hold_is_not_anchored(running: World, say: Say) -> None:
    assert say(running, "verify", "--anchor")[0] == 3
    assert git(running.forge, "tag", "--list", "anchors/*").stdout == ""


def test_the_settings_may_name_a_key(running: World, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(key.pem)
    file.chmod(0o600)
    (running.root / "mattone.toml").write_text('[records]\nkey = "env:RECORDS_KEY"\n')
    for value in (key.pem.decode(), key.pem.decode().replace("\n", "\\n"), str(file)):
        monkeypatch.setenv("RECORDS_KEY", value)
        code, text = say(running, "keys", "show", "--output", "json")
        assert code == 0
        assert json.loads(text)["key"]["public"] == base64.b64encode(key.public).decode()
    monkeypatch.setenv("RECORDS_KEY", str(tmp_path / "nothing"))
    code, text = say(running, "keys", "show")
    assert code == 1
    assert "names no key" in text
    monkeypatch.delenv("RECORDS_KEY")
    assert "has no value" in say(running, "keys", "show")[1]


def test_a_second_key_does_not_replace_the_first(running: World, say: Say) -> None:
    code, text = say(running, "keys", "new")
    assert code == 1
    assert "there is a key already" in text


def test_an_unknown_deployment_is_told_with_a_guess(running: World, say: Say) -> None:
    code, text = say(running, "verify", PAGE + "s")
    assert code == 1
    assert PAGE in text


def test_verdicts_are_data_too(running: World, say: Say) -> None:
    trust(running, say)
    code, text = say(running, "verify", "--output", "json")
    assert code == 0
    assert json.loads(text) == {
        "deployments": [{"deployment": PAGE, "verdict": "verified", "records": 1, "faults": []}],
        "lost": [],
        "anchor": "",
    }


def test_a_key_is_trusted_by_a_merge_request(running: World, say: Say) -> None:
    code, text = say(running, "keys", "trust", "--author", "operator")
    assert (code, text.splitlines()[0]) == (0, "opened !1: Trust the key of mattone apply of production")
    git(running.root, "fetch", "--quiet")
    brought = git(running.root, "show", f"origin/trust/key:{KEYS}").stdout
    shown = yaml.safe_load(say(running, "keys", "show")[1])
    assert yaml.safe_load(brought)["keys"][0]["public"] == shown["keys"][0]["public"]
    assert git(running.root, "diff", "--name-only", "origin/main...origin/trust/key").stdout == f"{KEYS}\n"


@pytest.mark.parametrize("indent", ["", "  "])
def test_another_key_is_added_and_what_stands_there_stays(running: World, say: Say, indent: str) -> None:
    trust(running, say, public=base64.b64encode(SigningKey.generate().public).decode())
    path = running.root / KEYS
    head, _, items = path.read_text().partition("\n")
    before = "# ours\n" + head + "\n" + "".join(f"{indent}{line}\n" for line in items.splitlines()) + "# end\n"
    path.write_text(before)
    running._commit()
    assert say(running, "keys", "trust", "--author", "operator")[0] == 0
    git(running.root, "fetch", "--quiet")
    after = git(running.root, "show", f"origin/trust/key:{KEYS}").stdout
    assert after.startswith(before)
    assert len(yaml.safe_load(after)["keys"]) == 2


def test_a_trusted_key_is_not_asked_for_again_nor_a_list_on_one_line_broken(running: World, say: Say) -> None:
    trust(running, say)
    code, text = say(running, "keys", "trust", "--author", "operator")
    assert (code, "has this key already" in text) == (1, True)
    public = base64.b64encode(SigningKey.generate().public).decode()
    line = f'keys: [{{public: "{public}", owner: a, environments: [b], from: "2020-01-01T00:00:00Z"}}]\n'
    (running.root / KEYS).write_text(line)
    running._commit()
    code, text = say(running, "keys", "trust", "--author", "operator")
    assert (code, "cannot be added to" in text) == (1, True)
