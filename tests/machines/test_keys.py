"""The key pair of a workspace, host keys and known hosts, made with the real ssh-keygen."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mattone import process
from mattone.machines import keys, layout
from mattone.machines.layout import Layout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(layout, "RUNTIME", tmp_path / "run")
    return Layout(tmp_path / "a workspace")


def known(place: Layout) -> list[str]:
    return (place.ssh / "known_hosts").read_text().splitlines()


def test_many_at_once_get_one_pair_that_its_owner_alone_can_read(place: Layout) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(keys.ensure_pair, [place] * 4))
    assert found == {place.ssh / "id_ed25519"}
    private = found.pop()
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert private.with_suffix(".pub").read_text().startswith("ssh-ed25519 ")
    derived = process.run(["ssh-keygen", "-y", "-f", str(private)]).output.split()[:2]
    assert derived == private.with_suffix(".pub").read_text().split()[:2]
    assert sorted(path.name for path in place.ssh.iterdir()) == ["id_ed25519", "id_ed25519.pub"]


def test_a_pair_of_which_a_crash_left_half_is_made_again(place: Layout) -> None:
    place.ssh.mkdir(parents=True)
    (place.ssh / "id_ed25519.pub").write_text("ssh-ed25519 AAAA half\n")
    (place.ssh / ".id_ed25519.new").write_text("half")
    keys.ensure_pair(place)
    assert "half" not in (place.ssh / "id_ed25519.pub").read_text()


def test_the_seed_of_a_machine_is_stable_and_its_host_key_is_known_before_it_boots(place: Layout) -> None:
    keys.seed(place, "web", "10.213.1.10")
    first = (place.seed("web") / "ssh_host_ed25519_key.pub").read_text()
    keys.seed(place, "web", "10.213.1.10")
    assert (place.seed("web") / "ssh_host_ed25519_key.pub").read_text() == first
    assert known(place) == ["10.213.1.10 " + " ".join(first.split()[:2])]
    assert (place.seed("web") / "authorized_keys").read_text() == (place.ssh / "id_ed25519.pub").read_text()
    assert "10.213.1.10 web\n" in (place.seed("web") / "hosts").read_text()
    assert stat.S_IMODE((place.seed("web") / "ssh_host_ed25519_key").stat().st_mode) == 0o600


def test_an_address_has_one_known_key_and_forgetting_leaves_the_others(place: Layout) -> None:
    place.ssh.mkdir(parents=True)
    for address, key in (("10.0.0.1", "old"), ("10.0.0.11", "other"), ("10.0.0.1", "new")):
        keys.remember(place, address, f"ssh-ed25519 {key} comment")
    assert known(place) == ["10.0.0.1 ssh-ed25519 new", "10.0.0.11 ssh-ed25519 other"]
    keys.remember(place, "10.0.0.1", None)
    keys.remember(place, "10.0.0.2", None)
    assert known(place) == ["10.0.0.11 ssh-ed25519 other"]


def test_many_machines_at_once_lose_no_known_key(place: Layout) -> None:
    place.ssh.mkdir(parents=True)
    addresses = [f"10.0.0.{number}" for number in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda address: keys.remember(place, address, "ssh-ed25519 key"), addresses))
    assert len(known(place)) == 8


def test_the_ssh_command_reads_no_configuration_trusts_no_new_key_and_asks_nothing(place: Layout) -> None:
    command = keys.ssh(place, "10.213.1.10")
    text = " ".join(command)
    assert command[-1] == "cloudadm@10.213.1.10"
    for option in ("-F none", "StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none"):
        assert option in text
    assert f'UserKnownHostsFile="{place.ssh}/known_hosts"' in command
