"""Secrets from the environment or from a file of the workspace."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.secrets.environment import EnvironmentStore


def put(folder: Path, text: str, mode: int = 0o600) -> None:
    path = folder / "secrets.env"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(mode)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    one, two = secrets.token_hex(), secrets.token_hex()
    put(tmp_path, f"# TOKEN=never-this-one\nOTHER = x\nTOKEN={two}=with = signs \n")
    assert EnvironmentStore(tmp_path, {"TOKEN": one}).read("TOKEN").value == one
    assert EnvironmentStore(tmp_path, {"TOKEN": ""}).read("TOKEN").value == f"{two}=with = signs "


def test_a_version_follows_the_value_and_tells_nothing_without_the_key(tmp_path: Path) -> None:
    value = secrets.token_hex()
    versions = [EnvironmentStore(tmp_path, {"T": text}).read("T").version for text in (value, value, value + "x")]
    assert versions[0] == versions[1] != versions[2]
    assert (tmp_path / "version.key").stat().st_mode & 0o777 == 0o600
    other = EnvironmentStore(tmp_path / "elsewhere", {"T": value}).read("T").version
    assert other != versions[0]


def test_a_secret_does_not_show_itself(tmp_path: Path) -> None:
    value = secrets.token_hex()
    assert value not in repr(EnvironmentStore(tmp_path, {"T": value}).read("T"))


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        ("T", {}, "the secret env:T has no value"),
        ("T", {"T": "short"}, "shorter than 8 characters"),
        ("a-b", {}, "is not the name of an environment variable"),
        ("", {}, "is not the name"),
        ("T\n", {}, "is not the name"),
        ("../T", {}, "is not the name"),
    ],
)
def test_what_is_no_secret_is_refused(tmp_path: Path, name: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        EnvironmentStore(tmp_path, environment).read(name)
    assert caught.value.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    put(tmp_path, f"T={secrets.token_hex()}\n", mode)
    with pytest.raises(InputError, match="others may read this file") as caught:
        EnvironmentStore(tmp_path, {}).read("T")
    assert "chmod 600" in caught.value.hint
    assert caught.value.place is not None


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "T=\udcff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        EnvironmentStore(tmp_path, {}).read("T")
