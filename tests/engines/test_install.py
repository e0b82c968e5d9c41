"""Installing from a pinned file, with real venvs and pip, and tiny wheels made here instead of a registry."""

from __future__ import annotations

import base64
import hashlib
import shutil
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from mattone import process
from mattone.engines.infrastructure_manager import install as module
from mattone.engines.infrastructure_manager.install import Installation, install, pinned_version
from mattone.errors import HostError


def _wheel(folder: Path) -> Path:
    """A wheel `im-9.9` with one module; real for pip, empty for us."""
    info = "im-9.9.dist-info"
    files = {
        "tiny_im.py": b"value = 42\n",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: im\nVersion: 9.9\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    path = folder / "im-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return path


def _requirements(tmp_path: Path, digest: str = "") -> Path:
    wheel = _wheel(tmp_path)
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    path = tmp_path / "requirements.txt"
    path.write_text(f"--no-index\n--find-links {tmp_path}\nim==9.9 --hash=sha256:{digest}\n")
    return path


def test_the_shipped_file_pins_im_and_every_hash_and_names_no_index() -> None:
    text = module.REQUIREMENTS.read_text()
    assert pinned_version() == "2.0.0"
    assert "index-url" not in text
    assert "://" not in text
    pins = [line for line in text.splitlines() if "==" in line]
    assert len(pins) > 40
    assert all(line.endswith("\\") for line in pins)  # each is followed by its hashes


def test_a_file_without_im_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("requests==2.0\n")
    with pytest.raises(HostError, match="does not pin IM"):
        install(tmp_path / "cache", requirements=tmp_path / "requirements.txt")


def test_an_environment_is_built_once_and_what_a_killed_build_left_is_thrown_away(tmp_path: Path) -> None:
    requirements = _requirements(tmp_path)
    said: list[str] = []
    found = module._installation(tmp_path / "cache", requirements)
    found.folder.mkdir(parents=True)
    (found.folder / "half-done").touch()

    installed = install(tmp_path / "cache", requirements=requirements, say=said.append)
    assert installed == install(tmp_path / "cache", requirements=requirements, say=said.append)

    assert installed == Installation(found.folder, found.folder / "bin" / "python", "9.9")
    assert said == ["installing Infrastructure Manager 9.9"]
    assert not (found.folder / "half-done").exists()
    assert process.run([str(installed.python), "-c", "import tiny_im; print(tiny_im.value)"]).output == "42\n"


def test_two_commands_at_once_build_one_environment(tmp_path: Path) -> None:
    requirements = _requirements(tmp_path)
    said: list[str] = []
    folders: list[Path] = []

    def run() -> None:
        folders.append(install(tmp_path / "cache", requirements=requirements, say=said.append).folder)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1
    assert len(set(folders)) == 1


def test_a_wheel_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    requirements = _requirements(tmp_path, digest="0" * 64)
    with pytest.raises(HostError, match="cannot install the engine"):
        install(tmp_path / "cache", requirements=requirements)
    assert not list((tmp_path / "cache").glob("*/complete"))


def test_a_full_disk_is_said_before_anything_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = _requirements(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10 << 20))
    with pytest.raises(HostError, match="has 10 MB free") as caught:
        install(tmp_path / "cache", requirements=requirements)
    assert "MATTONE_CACHE" in caught.value.hint


def test_a_cache_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot install the engine in"):
        install(tmp_path / "file" / "cache", requirements=_requirements(tmp_path))
