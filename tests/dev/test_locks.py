from __future__ import annotations

from pathlib import Path

from dev.locks import LOCKS, check, compare, listed, locked, wanted
from dev.report import ROOT, Status

LOCK = """\
alpha==1.4 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
beta-b==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:cc
beta-b==3.0 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
gamma==5.0
"""


def lock(tmp_path: Path) -> dict[str, list[tuple[str, bool]]]:
    path = tmp_path / "lock.txt"
    path.write_text(LOCK)
    return locked(path)


def test_pins_are_read_with_markers_and_hashes(tmp_path: Path) -> None:
    assert lock(tmp_path) == {
        "alpha": [("1.4", True)],
        "beta-b": [("2.0", True), ("3.0", True)],
        "gamma": [("5.0", False)],
    }


def test_absent_outdated_and_unhashed_packages_are_all_named(tmp_path: Path) -> None:
    problems = compare(["Alpha>=1.5", "Beta_B>=2", "delta"], lock(tmp_path))
    assert problems == ["gamma has no hash", "Alpha 1.4 is not >=1.5", "delta is not locked"]


def test_requirements_come_from_project_and_groups() -> None:
    project = {"project": {"dependencies": ["a"]}, "dependency-groups": {"x": ["b"], "y": ["c"]}}
    assert wanted(project, ("y",)) == ["a", "c"]


def test_plain_lists_may_have_comments() -> None:
    assert listed("# about\n\n a>=1\nb\n") == ["a>=1", "b"]


def test_locks_of_this_repository_agree_with_each_other() -> None:
    assert check()[0] is Status.PASSED
    run, dev = (locked(ROOT / f"tools/requirements/{name}.txt") for name in LOCKS)
    assert {name: pins for name, pins in run.items() if dev.get(name) != pins} == {}
