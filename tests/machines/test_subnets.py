"""The private network of a workspace."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from mattone.errors import HostError
from mattone.machines import subnets
from mattone.machines.lifecycle import hardware_address

Net = ipaddress.IPv4Network


def test_the_same_workspace_gets_the_same_network_and_two_get_different_ones() -> None:
    assert subnets.choose("0000002a", ()) == subnets.choose("0000002a", ())
    assert subnets.choose("0000002a", ()) != subnets.choose("0000002b", ())
    assert subnets.choose("ffffffff", ()).subnet_of(subnets.POOL)


def test_an_address_keeps_its_hardware_address_whatever_machine_has_it() -> None:
    assert hardware_address("0a1b2c3d", "10.213.1.16") == "02:0a:1b:2c:3d:10"
    assert hardware_address("0a1b2c3d", "10.213.1.17") != hardware_address("0a1b2c3d", "10.213.1.16")


def test_busy_networks_are_stepped_over() -> None:
    first = subnets.choose("00000000", ())
    assert first == Net("10.208.0.0/24")
    assert subnets.choose("00000000", [first, Net("10.208.1.128/25")]) == Net("10.208.2.0/24")
    assert subnets.choose("00000000", [Net("10.208.0.0/16")]) == Net("10.209.0.0/24")


def test_the_search_wraps_around_the_end_of_the_pool() -> None:
    assert subnets.choose("00000fff", [Net("10.223.255.0/24")]) == Net("10.208.0.0/24")


def test_a_host_that_routes_the_whole_pool_is_told_so() -> None:
    with pytest.raises(HostError, match="no free private network"):
        subnets.choose("00000001", [Net("10.0.0.0/8")])


def test_routes_leave_out_default_routes_and_the_own_bridge() -> None:
    text = json.dumps(
        [
            {"dst": "default", "dev": "eth0"},
            {"dst": "0.0.0.0/0", "dev": "tun0"},
            {"dst": "192.0.2.0/24", "dev": "eth0"},
            {"dst": "10.213.0.0/24", "dev": "own"},
            {"type": "local", "dst": "127.0.0.1", "dev": "lo"},
        ]
    )
    assert subnets.parse_routes(text, "own") == (Net("192.0.2.0/24"), Net("127.0.0.1/32"))
    assert subnets.parse_routes("") == ()


@pytest.fixture
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(subnets, "CLAIMS", tmp_path / "run" / "subnets.json")
    return tmp_path / "run" / "subnets.json"


def test_two_workspaces_with_the_same_first_choice_do_not_share_it(claims: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = subnets.claim("00000010", one, "b1", None)
    second = subnets.claim("00000010", two, "b2", None)
    assert not first.overlaps(second)
    assert subnets.claim("00000010", one, "b1", first) == first


def test_the_claim_of_a_workspace_that_is_gone_counts_no_more(claims: Path, tmp_path: Path) -> None:
    gone, here = tmp_path / "gone", tmp_path / "here"
    gone.mkdir()
    here.mkdir()
    first = subnets.claim("00000010", gone, "b1", None)
    gone.rmdir()
    assert subnets.claim("00000010", here, "b2", None) == first


def test_a_network_that_another_workspace_took_meanwhile_is_refused_with_what_to_do(
    claims: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    taken = subnets.claim("00000010", one, "b1", None)
    with pytest.raises(HostError) as caught:
        subnets.claim("00000010", two, "b2", taken)
    assert "demo-clean" in caught.value.hint


def test_release_leaves_no_file_behind_and_a_damaged_file_does_no_harm(claims: Path, tmp_path: Path) -> None:
    subnets.claim("00000010", tmp_path, "b1", None)
    subnets.release(tmp_path)
    assert not claims.exists()
    claims.write_text("{ not json")
    subnets.claim("00000010", tmp_path, "b1", None)
    assert str(tmp_path) in claims.read_text()
