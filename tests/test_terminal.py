"""What people see: results on stdout, progress on stderr, nothing that drives the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mattone import terminal
from mattone.errors import InputError, Place

TOOLS = Path(terminal.__file__).resolve().parents[1]


def test_results_and_notes_go_their_own_ways_and_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("a\x1b[2J")
    terminal.note("b\rc")
    assert capsys.readouterr() == ("a\\x1b[2J\n", "b\\x0dc\n")


def test_a_name_that_is_no_utf_8_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("deployments/school/\udcff.yaml")
    terminal.say_json({"path": "\udcff", "ok": "ü"})
    shown = capsys.readouterr().out
    assert shown.startswith("deployments/school/\\udcff.yaml\n")
    assert json.loads(shown.split("\n", 1)[1])["ok"] == "ü"
    shown.encode()


def test_an_error_has_its_place_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.complain(InputError("it is bad", place=Place("a.yaml", 3, 5), hint="mend it"))
    terminal.complain(InputError("it is bad"))
    assert capsys.readouterr().err == "error: a.yaml:3:5: it is bad\n hint: mend it\nerror: it is bad\n"


def test_a_table_is_aligned_and_keeps_hostile_cells_on_their_line() -> None:
    rows: list[dict[str, object]] = [{"name": "a\nb\x1b", "much_longer": 1}, {"name": "", "much_longer": None}]
    lines = terminal.table(rows, ("name", "much_longer")).split("\n")
    assert lines == ["NAME     MUCH LONGER", "a b\\x1b  1", "-        -"]


def test_progress_off_a_terminal_is_plain_lines_without_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("create school/x") as progress:
        for text in ("sending", "sending", "configuring [bold]", "configuring [bold]"):
            progress.update(text)
    lines = [line.split("] ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines == [f"create school/x: {word}" for word in ("sending", "configuring [bold]", "done")]


def test_progress_of_what_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError), terminal.progress("work"):
        raise InputError("no")
    assert capsys.readouterr().err.endswith("work: failed\n")


@pytest.mark.parametrize("target", ["/dev/full", "closed pipe"])
def test_work_goes_on_when_nobody_can_read_its_progress(target: str) -> None:
    text = (
        "from mattone import terminal\n"
        "with terminal.progress('work') as p:\n"
        "    for n in range(2000): p.update(str(n))\n"
        "    terminal.note('x')\n"
        "print('finished')\n"
    )
    command = [sys.executable, "-c", text]
    if target == "closed pipe":
        child = subprocess.Popen(command, stdout=-1, stderr=-1, env={"PYTHONPATH": str(TOOLS)}, text=True)
        assert child.stderr is not None
        child.stderr.close()
    else:
        with Path(target).open("w") as full:
            child = subprocess.Popen(command, stdout=-1, stderr=full, env={"PYTHONPATH": str(TOOLS)}, text=True)
    assert child.stdout is not None
    assert child.stdout.read() == "finished\n"
    child.wait()
    child.stdout.close()
