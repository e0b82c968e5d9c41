from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dev.bench import synthetic
from dev.bench.checking import commands, files, row
from dev.bench.measure import Run, Runs, in_turns, once, ratio
from mattone.checks.template import check_templates
from mattone.errors import TransientError
from mattone.tosca.files import FileResolver

PYTHON = [sys.executable, "-c"]


def test_what_is_measured_is_sound(tmp_path: Path) -> None:
    texts = {
        "small.yaml": synthetic.smallest(),
        "nodes.yaml": synthetic.template(10),
        "library.yaml": synthetic.library(30),
        "user.yaml": synthetic.user("library.yaml"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert check_templates(texts, FileResolver(tmp_path)) == ()


def test_a_run_tells_exit_code_cpu_time_and_memory_of_the_command_alone(tmp_path: Path) -> None:
    idle = once([*PYTHON, "raise SystemExit(3)"], tmp_path, 60)
    busy = once([*PYTHON, "data = b'x' * 80_000_000; sum(range(5_000_000))"], tmp_path, 60)
    assert idle.code == 3
    assert busy.seconds > idle.seconds
    assert idle.memory < 60 < busy.memory


def test_a_command_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(TransientError):
        once([*PYTHON, "import time; time.sleep(60)"], tmp_path, 0.5)
    assert in_turns({"slow": [*PYTHON, "import time; time.sleep(60)"]}, tmp_path, 2, 0.5)["slow"].late


def test_cold_means_an_empty_cache_and_again_a_filled_one(tmp_path: Path) -> None:
    note = "import os, pathlib; p = pathlib.Path(os.environ['MATTONE_CACHE']); p.mkdir(exist_ok=True); "
    command = [*PYTHON, note + "raise SystemExit(len(list(p.iterdir())) or (p / 'x').write_text(''))"]
    found = in_turns({"cold": command, "again": command}, tmp_path, 2, 60)
    assert [one.code for one in found["cold"].done] == [0, 0]
    assert [one.code for one in found["again"].done] == [1, 1]


def test_ratios_are_of_pairs_and_say_their_spread() -> None:
    slow = Runs([Run(0, 2.0, 1), Run(0, 6.0, 1), Run(0, 4.0, 1)])
    fast = Runs([Run(0, 1.0, 1), Run(0, 1.0, 1), Run(0, 1.0, 1)])
    assert ratio(slow, fast) == "4.0 (2.0 to 6.0)"
    assert ratio(Runs(late=True), fast) == "-"


def test_a_rival_that_refuses_or_does_not_end_is_shown_as_such() -> None:
    fine = Runs([Run(0, 1.0, 10)])
    line = row("x", {"cold": fine, "again": fine, "tosca-parser": Runs([Run(1, 2.0, 20)]), "puccini": Runs(late=True)})
    assert "2.000 s, 20 MB, refused" in line
    assert "over 60 s" in line
    assert line.count("|") == 10


def test_every_rival_is_asked_about_the_same_files(tmp_path: Path) -> None:
    for _, paths, rivals in files(tmp_path):
        asked = commands(paths, rivals, ["puccini"])
        assert all(command[-len(paths) :] == paths for command in asked.values())
