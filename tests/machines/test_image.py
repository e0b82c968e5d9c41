"""The cache of machine images. That the recipes build and boot is tested on real machines."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dev.locks import compare, listed, locked
from mattone.errors import HostError
from mattone.machines import image, surroundings
from mattone.machines.surroundings import Surroundings

HOST = Surroundings(
    distribution="debian",
    suite="bookworm",
    sources="Types: deb\n",
    apt_options=(),
    certificates=(("site.crt", "PEM"),),
    pip="",
    environment="",
)


def test_the_hash_changes_with_the_recipe_and_with_what_the_host_passes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = image.digest("machine", HOST)
    assert before == image.digest("machine", HOST)
    assert before != image.digest("controller", HOST)
    assert before != image.digest("machine", replace(HOST, certificates=()))
    assert before != image.digest("machine", replace(HOST, sources="Types: deb\nURIs: elsewhere\n"))
    controller = image.digest("controller", HOST)
    shutil.copytree(image.RECIPES, tmp_path / "recipes")
    monkeypatch.setattr(image, "RECIPES", tmp_path / "recipes")
    with (tmp_path / "recipes/machine/packages.txt").open("a") as stream:
        stream.write("vim\n")
    assert before != image.digest("machine", HOST)
    assert controller != image.digest("controller", HOST), "the controller is built on the machine"


def test_package_lists_have_no_comments_and_no_doubles() -> None:
    for name in image.BASES:
        found = image.packages(name)
        assert len(set(found)) == len(found)
        assert all(word.replace("-", "").replace(".", "").isalnum() for word in found)
    assert "openssh-server" in image.packages("machine")


def test_the_controllers_python_packages_are_locked_with_hashes_and_name_no_index() -> None:
    for name in ("requirements.txt", "collections.txt"):
        lines = (image.RECIPES / "controller" / name).read_text().splitlines()
        pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert pinned
        assert all("==" in line and line.endswith("\\") for line in pinned)
        assert not any("://" in line or line.startswith("-") for line in lines)
        asked = listed((image.RECIPES / "controller" / name).with_suffix(".in").read_text())
        assert compare(asked, locked(image.RECIPES / "controller" / name)) == []


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces mmdebstrap, which takes a minute, by a double that writes a file; returns the images that were built."""
    made: list[str] = []

    def command(name: str, target: Path, *_rest: object) -> list[str]:
        made.append(name)
        return ["sh", "-c", 'echo building; sleep 0.3; printf %s "$1" >"$2"', "sh", name, str(target)]

    monkeypatch.setattr(image, "_command", command)
    monkeypatch.setattr(surroundings, "read", lambda: HOST)
    monkeypatch.setattr(image, "_check_host", lambda _cache: None)
    return made


def test_an_image_is_built_once_however_many_ask_and_taken_from_the_cache_afterwards(
    tmp_path: Path, builds: list[str]
) -> None:
    cache = tmp_path / "missing" / "cache"
    lines: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: image.ensure("controller", cache, lines.append), range(4)))
    assert builds == ["machine", "controller"]
    assert lines == ["building", "building"]
    assert len(found) == 1
    assert found.pop().tarball.read_text() == "controller"
    assert image.ensure("machine", cache).tarball.read_text() == "machine"
    assert builds == ["machine", "controller"]
    assert {path.suffix for path in (cache / "images").iterdir()} == {".tar", ".lock"}, "no half work is left"


def test_what_a_killed_builder_left_is_cleared_by_the_next(tmp_path: Path, builds: list[str]) -> None:
    left = tmp_path / "images" / ".machine.1.2"
    left.mkdir(parents=True)
    (left / "image.tar").write_text("half")
    image.ensure("machine", tmp_path)
    assert not left.exists()


def test_a_build_that_fails_leaves_its_log_and_no_image(
    tmp_path: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "_command", lambda *_: ["sh", "-c", "echo no such package >&2; exit 1"])
    with pytest.raises(HostError, match="no such package") as caught:
        image.ensure("machine", tmp_path)
    assert str(tmp_path / "images" / "machine.log") in caught.value.hint
    assert (tmp_path / "images" / "machine.log").read_text() == "no such package\n"
    assert not list(tmp_path.glob("**/*.tar"))


def test_old_images_leave_the_cache_after_a_few_newer_ones(
    tmp_path: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        monkeypatch.setattr(surroundings, "read", lambda number=number: replace(HOST, pip=str(number)))
        newest = image.ensure("machine", tmp_path)
    assert newest.tarball.exists()
    assert len(list(tmp_path.glob("images/machine-*.tar"))) == 3


def test_a_full_disk_is_said_before_the_build_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "read", lambda: HOST)
    monkeypatch.setattr(image, "NEEDED_SPACE", 1 << 60)
    with pytest.raises(HostError):
        image.ensure("machine", tmp_path)
