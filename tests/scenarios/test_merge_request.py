"""A merge request from the request to the plan of what was merged: real git, real processes, no engine."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mattone import redact
from mattone.errors import EXIT_CHANGES, EXIT_DENIED, EXIT_FINDINGS
from tests.scenarios.platform import Platform

MACHINE = "school/machine"
HOSTILE = "\x1b[2J@all <img src=x onerror=alert(1)> | `a` **b** [c](http://d.example)\n/merge\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    folder = tmp_path_factory.mktemp("platform")
    return Platform.create(folder / "made", folder / "cache")


@pytest.fixture
def platform(made: Platform, tmp_path: Path) -> Platform:
    """A platform of its own for each test."""
    copy = Platform(tmp_path / "forge.git", tmp_path / "platform", made.cache)
    shutil.copytree(made.forge, copy.forge, symlinks=True)
    shutil.copytree(made.clone, copy.clone, symlinks=True)
    copy.git("remote", "set-url", "origin", str(copy.forge))
    return copy


def added(platform: Platform, number: int, files: Mapping[str, str], links: Mapping[str, str] | None = None) -> None:
    """One more commit on a merge request's branch."""
    branch = platform.ok("mr", "show", str(number), "--output", "json").json["merge_request"]["source_branch"]
    platform.git("fetch", "--quiet", "origin")
    platform.git("checkout", "--quiet", "-B", "theirs", f"origin/{branch}")
    for path, text in files.items():
        (platform.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (platform.clone / path).write_text(text, encoding="utf-8")
    for path, target in (links or {}).items():
        (platform.clone / path).symlink_to(target)
    platform.git("add", "--force", "--all", "--", *files, *(links or {}))
    platform.git("-c", "user.name=mallory", "-c", "user.email=m@example.org", "commit", "--quiet", "--message=more")
    platform.git("push", "--quiet", "origin", f"HEAD:{branch}")
    platform.git("checkout", "--quiet", "main")


def plan_comment(platform: Platform, number: int) -> str:
    comments = platform.ok("mr", "show", str(number), "--output", "json").json["comments"]
    (comment,) = [one for one in comments if one["marker"] == "mattone-plan"]
    return str(comment["body"])


def test_request_is_planned_approved_merged_and_planned_again(platform: Platform) -> None:
    number = platform.request("single-vm", MACHINE, "--set", "num_cpus=2", "--description", "For the course")
    unchecked = platform.mattone("mr", "merge", str(number), "--user", "maintainer")
    assert (unchecked.code, "pipeline" in unchecked.errors) == (EXIT_DENIED, True)
    platform.ok("pipeline", str(number))
    comment = plan_comment(platform, number)
    assert "1 to create" in comment
    assert "| input `num_cpus` |  | `2` |" in comment
    unapproved = platform.mattone("mr", "merge", str(number), "--user", "maintainer")
    assert (unapproved.code, "approv" in unapproved.errors) == (EXIT_DENIED, True)
    assert platform.mattone("mr", "approve", str(number), "--user", "researcher").code == EXIT_DENIED
    platform.ok("mr", "approve", str(number), "--user", "maintainer")
    platform.ok("mr", "merge", str(number), "--user", "maintainer")
    platform.git("pull", "--quiet", "--ff-only")
    planned = platform.mattone("plan", "--detailed-exitcode", "--output", "json")
    assert planned.code == EXIT_CHANGES
    assert [(step["deployment"], step["change"]) for step in planned.json["steps"]] == [(MACHINE, "create")]
    (row,) = platform.ok("status", "--recorded", "--output", "json").json["deployments"]
    assert (row["last_applied"], row["last_attempted"], row["now"], row["plan"]) == ("never", "never", "", "create")


def test_code_and_settings_of_a_merge_request_are_not_used(platform: Platform, tmp_path: Path) -> None:
    number = platform.request("single-vm", MACHINE)
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    code = ("mattone/__init__.py", "mattone/cli.py", "yaml.py", "sitecustomize.py", "argparse.py", "git.py")
    policy = (platform.clone / "mattone.toml").read_text().replace("approvals = 1", "approvals = 0")
    assert "approvals = 0" in policy
    added(platform, number, {**dict.fromkeys(code, trap), "mattone.toml": policy})
    platform.ok("pipeline", str(number))
    assert not (tmp_path / "sprung").exists()
    assert platform.mattone("mr", "merge", str(number), "--user", "maintainer").code == EXIT_DENIED


def test_merge_request_brings_no_workspace(platform: Platform) -> None:
    number = platform.request("single-vm", MACHINE)
    added(platform, number, {".mattone/journal/production.jsonl": "damaged\n"})
    assert platform.mattone("pipeline", str(number)).code == EXIT_FINDINGS
    comment = plan_comment(platform, number)
    assert "DEP1015" in comment
    assert platform.mattone("mr", "merge", str(number), "--user", "maintainer").code == EXIT_DENIED


def test_merge_request_does_not_waive_its_own_findings(platform: Platform) -> None:
    number = platform.request("single-vm", MACHINE)
    until = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    waiver = f"waivers:\n- {{rule: DEP1007, path: '**', reason: mine, owner: mallory, expires: {until}}}\n"
    added(platform, number, {"deployments/lost.yaml": "service: single-vm\nversion: ^1.0\n", "waivers.yaml": waiver})
    done = platform.mattone("pipeline", str(number))
    assert done.code == EXIT_FINDINGS
    comment = plan_comment(platform, number)
    assert comment.startswith("### The stage `check` failed")
    assert "DEP1007" in comment


def test_symlink_out_of_the_repository_is_refused(platform: Platform) -> None:
    number = platform.request("single-vm", MACHINE)
    added(platform, number, {}, {"deployments/school/other.yaml": "/etc/hostname"})
    assert platform.mattone("pipeline", str(number)).code == EXIT_FINDINGS
    comment = plan_comment(platform, number)
    assert "deployments/school/other.yaml" in comment
    assert platform.mattone("mr", "merge", str(number), "--user", "maintainer").code == EXIT_DENIED


def test_hostile_texts_stay_texts_on_the_terminal_and_in_the_comment(platform: Platform) -> None:
    number = platform.request(
        "single-vm", MACHINE, "--description", HOSTILE, "--title", HOSTILE.split("\n")[0].replace("\x1b", ""),
        "--set", "volume_mount='/data'",
    )  # fmt: skip
    done = platform.mattone("pipeline", str(number))
    shown = platform.ok("mr", "show", str(number))
    for text in (done.output, done.errors, shown.output, plan_comment(platform, number)):
        assert text == redact.visible(text)
        assert not any(line.startswith("/merge") for line in text.splitlines())
    assert "<img" not in plan_comment(platform, number)


def test_pipeline_leaves_nothing_behind(platform: Platform, tmp_path: Path) -> None:
    number = platform.request("single-vm", MACHINE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-P", "-m", "mattone", "pipeline", str(number)]
    environment = {**platform.environment, "TMPDIR": str(scratch)}
    subprocess.run(command, cwd=platform.clone, env=environment, check=True, capture_output=True)
    assert list(scratch.iterdir()) == []
