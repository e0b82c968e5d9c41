"""Fixes change the words they name and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.checks.fixes import fix_files, fixed
from mattone.tosca.source import load


def fix(text: str) -> tuple[str, int]:
    return fixed(text, load("a.yaml", text.encode()).findings)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("required: no  # as it was\n", "required: false  # as it was\n"),
        ("a: {x: yes, y: [on, Off]}\n", "a: {x: true, y: [true, false]}\n"),
        ("version: 20.10\n", 'version: "20.10"\n'),
        ("python_version:   3.10 # old\n", 'python_version:   "3.10" # old\n'),
        ("released: 2024-02-16\r\nmore: yes\r\n", 'released: "2024-02-16"\r\nmore: true\r\n'),
        ("at: 2001-12-14 21:59:43.10 -5\n", 'at: "2001-12-14 21:59:43.10 -5"\n'),
    ],
)
def test_what_is_mechanical_is_fixed_and_layout_stays(text: str, made: str) -> None:
    assert fix(text)[0] == made
    assert load("a.yaml", made.encode()).findings == ()
    assert fix(made) == (made, 0)


@pytest.mark.parametrize("text", ["ratio: 1.10\n", "mode: 0755\n", "a: 'no'\n", "no: 1\n", "at: 22:22\n", "a: [\n"])
def test_what_may_be_meant_is_left_alone(text: str) -> None:
    assert fix(text) == (text, 0)


_VALUES = st.sampled_from(
    ["yes", "No", "2024-02-16", "text", "'on'", "0755", "[yes, no]", "{x: off, y: 2.5}", "on # x"]
)


@given(st.lists(st.tuples(st.sampled_from(["a", "version", "required"]), _VALUES), max_size=6))
def test_a_fixed_file_reads_the_same(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"k{number}:\n  {key}: {value}\n" for number, (key, value) in enumerate(pairs))
    made, _ = fix(text)
    before, after = load("a.yaml", text.encode()).value, load("a.yaml", made.encode()).value
    assert before == after


def test_only_the_named_files_are_written_and_their_mode_stays(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfrequired: no\n")
        (tmp_path / name).chmod(0o640)
    found = [one for name in ("a.yaml", "b.yaml") for one in load(name, (tmp_path / name).read_bytes()).findings]
    assert fix_files(tmp_path, ["a.yaml"], found) == {"a.yaml": 1}
    assert (tmp_path / "a.yaml").read_bytes() == b"\xef\xbb\xbfrequired: false\n"
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b.yaml").read_bytes() == b"\xef\xbb\xbfrequired: no\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml"]
