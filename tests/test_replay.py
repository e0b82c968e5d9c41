"""Kept answers: the same words and exit code as the work itself, never a stale one, never a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mattone
from mattone import replay
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES

LIBRARY = "tosca-types/example.yaml"
BROKEN = TEMPLATE.replace("- host: server", "- host: sever")


class Folder:
    """A folder of templates with a cache of its own, and the command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "work"
        self.cache = root / "cache"
        self.write({**FILES, PATH: BROKEN})

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)

    def run(self, *words: str) -> tuple[int, str, str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
        done = subprocess.run(
            [sys.executable, "-m", "mattone", "validate", PATH, *words],
            cwd=self.root,
            env={**environment, "MATTONE_CACHE": str(self.cache)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def answers(self) -> list[Path]:
        return sorted((self.cache / "answers").glob("*"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_second_answer_is_the_first_and_comes_from_the_cache(folder: Folder) -> None:
    first = folder.run()
    assert first[0] == 3
    (entry,) = folder.answers()
    entry.write_text(entry.read_text().replace("TOSCA1032", "TOSCA-from-the-cache"))
    again = folder.run()
    assert again == (3, first[1].replace("TOSCA1032", "TOSCA-from-the-cache"), "")
    assert folder.run("--no-cache") == first


@pytest.mark.parametrize(
    "change",
    [
        {PATH: TEMPLATE},
        {LIBRARY: TYPES.replace("example.Server:", "example.Servant:")},
        {"waivers.yaml": "waivers: 7\n"},
        {".git/HEAD": "x"},
    ],
    ids=["template", "imported library", "waivers appear", "a repository appears"],
)
def test_a_change_of_anything_that_decides_is_seen(folder: Folder, change: dict[str, str]) -> None:
    folder.run()
    folder.write(change)
    kept = len(folder.answers())
    answer = folder.run()
    assert answer == folder.run("--no-cache")
    assert len(folder.answers()) == kept  # the same question, answered anew
    assert folder.run() == answer


def test_an_import_that_goes_and_comes_back_is_seen(folder: Folder) -> None:
    first = folder.run()
    (folder.root / LIBRARY).unlink()
    assert "TOSCA1005" in folder.run()[1]
    folder.write({LIBRARY: TYPES})
    assert folder.run() == first


def test_a_library_that_became_a_pipe_is_not_waited_for(folder: Folder) -> None:
    folder.run()
    (folder.root / LIBRARY).unlink()
    os.mkfifo(folder.root / LIBRARY)
    for _ in range(2):
        assert "TOSCA1005" in folder.run()[1]


def test_a_file_that_became_a_link_is_refused_though_its_content_is_the_same(folder: Folder) -> None:
    folder.run()
    (folder.root / LIBRARY).rename(folder.root / "elsewhere.yaml")
    (folder.root / LIBRARY).symlink_to(folder.root / "elsewhere.yaml")
    assert "symbolic links are not followed" in folder.run()[1]


def test_other_options_are_other_questions(folder: Folder) -> None:
    assert folder.run()[1] != folder.run("--output", "json")[1]
    assert len(folder.answers()) == 2


@pytest.mark.parametrize("option", ["--fix", "--watch", "--oracle", "--no-cache", "--changed-since=main", "--help"])
def test_what_changes_waits_or_asks_others_is_never_answered_from_the_cache(option: str) -> None:
    assert not replay.is_kept(["validate", PATH, option])


@pytest.mark.parametrize("words", [[], ["plan"], ["--help", "validate"]])
def test_other_commands_have_no_kept_answers(words: list[str]) -> None:
    assert not replay.is_kept(words)


@pytest.mark.parametrize("junk", ["", "3", "3 x\n", "3 9\n", "x 0\n", "3 1\nabc\n", "\udcff"])
def test_a_broken_entry_is_the_same_as_none(folder: Folder, junk: str) -> None:
    first = folder.run()
    (entry,) = folder.answers()
    entry.write_text(junk, errors="surrogateescape")
    assert folder.run() == first


def test_a_cache_that_cannot_be_written_is_the_same_as_none(folder: Folder) -> None:
    folder.cache.write_text("a file where the folder should be")
    assert folder.run() == folder.run("--no-cache")


def test_answers_of_other_code_do_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path))
    file = tmp_path / "file.yaml"
    file.write_text("x")
    words = ["validate", str(file)]
    replay.keep(words, 0, "fine\n", {str(file): replay.state_of(str(file))})
    assert replay.replay(words) == 0
    package = Path(replay.__file__).parent
    copy = tmp_path / "package"
    for name in ("commands", "checks", "tosca"):
        (copy / name).mkdir(parents=True)
        for source in (package / name).glob("*.py"):
            (copy / name / source.name).write_bytes(source.read_bytes() + b"\n")
    monkeypatch.setattr(replay, "__file__", str(copy / "replay.py"))
    assert replay.replay(words) is None


def test_the_oldest_answers_go_when_there_are_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path))
    monkeypatch.setattr(replay, "_KEPT", 10)
    for number in range(11):
        replay.keep(["validate", f"{number}.yaml"], 0, "", {})
    assert len(list((tmp_path / "answers").iterdir())) == 5
    assert replay.replay(["validate", "10.yaml"]) == 0


def test_many_at_once_leave_one_whole_answer(folder: Folder) -> None:
    first = folder.run("--no-cache")
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "mattone", "validate", PATH],
            cwd=folder.root, env={**environment, "MATTONE_CACHE": str(folder.cache)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    for child in children:
        out, errors = child.communicate(timeout=60)
        assert (child.returncode, out, errors) == first
    assert len(folder.answers()) == 1
