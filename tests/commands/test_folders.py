"""`mattone validate FOLDER`: every template and type file below it, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mattone
from dev.bench.synthetic import smallest
from mattone.commands._folders import expand
from mattone.errors import InputError

_BROKEN = smallest().replace("Compute", "Comptue")


def _run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, "-m", "mattone", "validate", *words],
        cwd=cwd,
        env={**environment, "MATTONE_CACHE": str(cwd.parent / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    texts = {
        "templates/page.yaml": smallest(),
        "templates/inner/other.yml": _BROKEN,
        "templates/inner/quoted.yaml": '\ufeff{ "tosca_definitions_version": tosca_simple_yaml_1_3 }\n',
        "templates/playbook.yaml": "- hosts: all\n  # tosca_definitions_version: none\n",
        "templates/notes.txt": smallest(),
        "templates/.hidden/page.yaml": _BROKEN,
        "empty/playbook.yaml": "- hosts: all\n",
    }
    for path, text in texts.items():
        file = tmp_path / "work" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (tmp_path / "work/templates/link.yaml").symlink_to("page.yaml")
    os.mkfifo(tmp_path / "work/templates/pipe.yaml")
    return tmp_path / "work"


def test_a_folder_stands_for_its_templates_in_order_and_each_once(work: Path) -> None:
    found = expand([str(work / "templates/inner/other.yml"), str(work / "templates")]).files
    names = ["templates/inner/other.yml", "templates/page.yaml", "templates/inner/quoted.yaml"]
    assert [file.relative_to(work).as_posix() for file in found] == names


def test_a_folder_is_checked_as_its_files_are(work: Path) -> None:
    files = ["templates/page.yaml", "templates/inner/other.yml", "templates/inner/quoted.yaml"]
    for where, words in ((work, ["templates/"]), (work / "templates", ["."]), (work.parent, [str(work / "templates")])):
        done = _run(where, *words, "--output=json")
        assert (done.returncode, done.stderr) == (3, "")
        found = [(one["rule"], Path(one["path"]).name, one["line"]) for one in json.loads(done.stdout)["findings"]]
        assert ("TOSCA1010", "other.yml", 6) in found
        assert {name for _, name, _ in found} <= {Path(file).name for file in files}
    assert _run(work, "templates", "--no-cache").stdout == _run(work, *files, "--no-cache").stdout


def test_what_is_no_tosca_is_told_only_when_it_is_named(work: Path) -> None:
    done = _run(work, "empty")
    assert done.returncode == 1
    assert "no TOSCA template or type file below 'empty'" in done.stderr
    assert _run(work, "empty/playbook.yaml").returncode == 3
    with pytest.raises(InputError, match="below"):
        expand([str(work / "empty")])


@pytest.mark.parametrize("path", ["templates/new.yaml", "templates/inner/new.yaml", "templates/playbook.yaml"])
def test_a_kept_answer_does_not_hide_a_file_that_came(work: Path, path: str) -> None:
    (work / "templates/inner/other.yml").write_text(smallest(), "utf-8")
    assert _run(work, "templates").returncode == _run(work, "templates").returncode == 0
    assert len(list((work.parent / "cache/answers").iterdir())) == 1
    (work / path).write_text(_BROKEN, "utf-8")
    assert _run(work, "templates").returncode == 3
