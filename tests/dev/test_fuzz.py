"""What `make fuzz` begins with, how it reads the fuzzer, and that its targets hold for what it begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev import fuzz
from tests.fuzz.target import TARGETS

DONE = """\
#2\tINITED cov: 24 ft: 24 corp: 1/1b exec/s: 0 rss: 43Mb
#832183\tDONE   cov: 2040 ft: 7500 corp: 800/790Kb lim: 4500 exec/s: 1384 rss: 270Mb
Done 832183 runs in 601 second(s)
stat::number_of_executed_units: 832183
"""
CRASH = """\
#77\tNEW    cov: 30 ft: 31 corp: 2/9b
 === Uncaught Python exception: ===
ValueError: no
==1== ERROR: libFuzzer: fuzz target exited
Test unit written to reports/fuzz/check-crash-0a1b
"""


def test_the_beginning_holds_examples_and_templates(tmp_path: Path) -> None:
    fuzz.seeds(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert {"TOSCA1032-bad-0", "TOSCA1032-good-0", "single-vm-template.yaml"} <= names
    assert len(names) > 200


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_each_target_holds_for_all_that_it_begins_with(tmp_path: Path, target: str) -> None:
    fuzz.seeds(tmp_path)
    for file in tmp_path.iterdir():
        TARGETS[target](file.read_bytes())


def test_an_end_without_a_failure_says_how_much_was_tried() -> None:
    found = fuzz.outcome("check", 0, DONE)
    assert (found.inputs, found.edges, found.failed) == (832183, 2040, "")
    assert "832,183 inputs" in found.line()
    assert "nothing found" in found.line()


def test_a_failing_input_is_named_with_the_end_of_what_was_printed() -> None:
    found = fuzz.outcome("check", 77, CRASH)
    assert found.failed == "reports/fuzz/check-crash-0a1b"
    assert "ValueError: no" in found.line()


def test_a_fuzzer_that_cannot_run_is_a_failure_too() -> None:
    assert fuzz.outcome("load", 1, "No module named atheris").failed == "exit code 1"
