from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dev import addresses, sources
from dev.report import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "pip install --index" + "-url http://mirror/simple x",
        "deb http://deb.deb" + "ian.org/debian bookworm main",
        "https://registry.npm" + "js.org/left-pad",
        f"see {ROOT}/tools",
    ],
)
def test_registry_address_or_path_of_this_machine_is_found_with_its_line(tree: Path, line: str) -> None:
    (tree / "notes.txt").write_text(f"first\n{line}\n")
    found = addresses.find(tree, sources.files(tree), addresses.patterns())
    assert [place.split(": ")[0] for place in found] == ["notes.txt:2"]


def test_mirror_set_up_on_this_machine_is_found_by_its_host(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX" + "_URL", "https://user:word@mirror.example.test/simple")
    (tree / "a.yaml").write_text("url: https://mirror.example.test/other\n")
    found = addresses.find(tree, sources.files(tree), addresses.patterns())
    assert found == ["a.yaml:1: mirror.example.test"]


def test_ordinary_text_binary_files_and_ignored_files_are_left_alone(tree: Path) -> None:
    (tree / ".gitignore").write_text("ignored\n")
    (tree / "ignored").write_text("https://registry.npm" + "js.org")
    (tree / "image.png").write_bytes(b"\x89PNG\xff\xfe https://deb.deb" + b"ian.org")
    (tree / "readme.md").write_text(
        "Debian 12, pip and npm, /etc/hosts, https://example.org\n"
        "pip install --index-url https://mirror.example.org/simple x\n"
    )
    assert addresses.find(tree, sources.files(tree), addresses.patterns()) == []


def test_shell_scripts_are_known_by_name_and_by_first_line(tree: Path) -> None:
    for name, text in {
        "a.sh": "",
        "b": "#!/usr/bin/env bash\n",
        "c": "#!/bin/sh\n",
        "d": "#!/usr/bin/env python3\n",
    }.items():
        (tree / name).write_text(text)
    assert sources.shell_scripts(tree) == ["a.sh", "b", "c"]
