from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dev.check import main as check_main
from dev.check import program
from dev.report import Outcome, Status, show, summary
from dev.test import Counts, Stage, command, counted

REPORT = """<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>"""


def test_counts_come_from_the_junit_report(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text(REPORT)
    assert str(counted(report)) == "3 passed, 2 failed, 2 skipped"
    assert str(counted(tmp_path / "absent.xml") + Counts(passed=1)) == "1 passed, 0 failed"


def test_marks_of_the_user_narrow_those_of_the_stage(tmp_path: Path) -> None:
    stage = Stage("unit tests", "not machine", workers=2)
    words = command(stage, tmp_path / "r.xml", ["-x", "-m", "slow", "-k", "lock"])
    assert words[3:7] == ["-m", "(not machine) and (slow)", "-n", "2"]
    assert words[-3:] == ["-x", "-k", "lock"]


def test_failed_step_shows_all_its_lines_and_a_passed_one_only_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show(Outcome("lint", Status.FAILED, 1.25, "a.py:1\nb.py:2"))
    show(Outcome("yaml", Status.PASSED, 0, "3 files"))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "lint                     FAILED      1.2 s",
        "    a.py:1",
        "    b.py:2",
        "yaml                     passed      0.0 s  3 files",
    ]


def test_not_done_is_counted_apart_from_passed() -> None:
    outcomes = [Outcome("a", Status.PASSED, 0), Outcome("b", Status.NOT_DONE, 0)]
    assert summary(outcomes) == "1 passed, 1 NOT DONE"


def test_check_by_program_fails_with_what_the_program_said() -> None:
    name = Path(sys.executable).name
    assert program(name, "-c", "print('seen'); raise SystemExit(3)")() == (Status.FAILED, "seen")
    assert program(name, "-c", "")() == (Status.PASSED, "")


def test_unknown_check_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_main(["speling"]) == 2
    assert "dependency audit" in capsys.readouterr().err
