"""The whole story on a real machine: from a file in git to a running service and a record that explains it.

One platform for the module; the tests follow each other in the order in which they stand.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mattone.commands._teardown import teardown
from tests.scenarios.platform import Platform

pytestmark = [pytest.mark.machine, pytest.mark.engine, pytest.mark.timeout(1500)]

NOTEBOOKS = "school/notebooks"
TOKEN = secrets.token_urlsafe(24)  # a canary too: it may be seen in no output, log, record or comment


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path, real_machines: None) -> Iterator[Platform]:
    made = Platform.create(tmp_path_factory.mktemp("story"), cache_folder)
    made.secret("NOTEBOOK_TOKEN", TOKEN)
    yield made
    teardown(made.clone)
    assert not (made.clone / ".mattone").exists()


def api(url: str, path: str, token: str = TOKEN) -> dict[str, object]:
    """JupyterLab's HTTP API over its self-signed HTTPS."""
    request = urllib.request.Request(url + path, headers={"Authorization": f"token {token}"})
    context = ssl._create_unverified_context()
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def machines(platform: Platform, deployment: str) -> list[dict[str, object]]:
    rows = platform.ok("machines", "--output", "json").json["machines"]
    return [row for row in rows if row["deployment"] == deployment]


def engine_pid(platform: Platform) -> int:
    """The process of the Infrastructure Manager of this platform, by its command line."""
    mine = str(platform.clone / ".mattone" / "engine")
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if "launcher.py" in line and mine in line:
                return int(folder.name)
    raise AssertionError("no engine process runs for this platform")


def test_a_merged_request_becomes_a_jupyterlab_whose_api_answers(platform: Platform) -> None:
    number = platform.request(
        "jupyterlab", NOTEBOOKS, "--set", "num_cpus=1", "--set", "mem_size='2 GB'", "--set", "volume_size='1 GB'",
        "--secret", "token=env:NOTEBOOK_TOKEN", "--description", "Notebooks for the analysis course",
    )  # fmt: skip
    refused = platform.mattone("mr", "merge", str(number), "--user", "maintainer")
    assert refused.code == 4
    assert "pipeline" in refused.errors
    platform.merge(number)
    done = platform.ok("pipeline", "main", timeout=1200)
    assert TOKEN not in done.output + done.errors
    url = platform.ok("outputs", NOTEBOOKS, "--output", "json").json["outputs"]["endpoint"]
    assert "version" in api(url, "api")
    assert "kernels" in api(url, "api/status")
    with pytest.raises(urllib.error.HTTPError):
        api(url, "api/status", token="x" * 24)
    assert len(machines(platform, NOTEBOOKS)) == 1


def test_trace_tells_versions_merge_request_people_engine_and_times(platform: Platform) -> None:
    text = platform.ok("trace", NOTEBOOKS).output
    for words in (
        "merge request: !1", "by researcher", "approved by maintainer", "merged by maintainer",
        "Infrastructure Manager 2.0.0", "catalog/jupyterlab 1.", "tosca-types 1.", "ansible-roles/jupyterlab 1.",
        "sha256:", "(secret env:NOTEBOOK_TOKEN)", "create succeeded",
    ):  # fmt: skip
        assert words in text
    assert TOKEN not in text
    record = platform.ok("trace", NOTEBOOKS, "--output", "json").json["records"][0]
    assert set(record["times"]) == {"planned", "started", "ended"}
    assert record["merge_request"]["merged_by"] == "maintainer"
    assert all(len(row["commit"]) == 40 and row["digest"].startswith("sha256:") for row in record["lock"]["components"])


def test_a_second_apply_changes_nothing_and_says_so(platform: Platform) -> None:
    before = machines(platform, NOTEBOOKS)
    assert "no changes" in platform.ok("apply").output
    assert platform.ok("plan", "--look", "--detailed-exitcode").code == 0
    assert machines(platform, NOTEBOOKS) == before


def test_a_changed_input_is_a_plan_with_one_change_and_an_update_in_place(platform: Platform) -> None:
    address = machines(platform, NOTEBOOKS)[0]["address"]
    platform.merge(platform.request("-", NOTEBOOKS, "--set", "num_cpus=2"))
    plan = platform.mattone("plan", "--detailed-exitcode", "--output", "json")
    assert plan.code == 2
    (step,) = plan.json["steps"]
    assert (step["change"], [(f["name"], f["old"], f["new"]) for f in step["fields"]]) == (
        "update",
        [("num_cpus", 1, 2)],
    )
    platform.ok("apply")
    (machine,) = machines(platform, NOTEBOOKS)
    assert (machine["cpus"], machine["address"]) == (2, address)
    url = platform.ok("outputs", NOTEBOOKS, "--output", "json").json["outputs"]["endpoint"]
    assert "version" in api(url, "api")


def test_engine_killed_while_it_configures_loses_nothing_and_leaves_one_machine(platform: Platform) -> None:
    platform.merge(platform.request("single-vm", "school/scratch", "--set", "mem_size='512 MB'"))
    applying = platform.start("apply")
    try:
        _wait_for(lambda: _sent(platform, "school/scratch"), 120)
        signal_engine(platform)
        applying.communicate(timeout=900)
    finally:
        applying.kill()
    platform.ok("apply")
    assert len(machines(platform, "school/scratch")) == 1
    status = platform.ok("status", "school/scratch", "--output", "json").json["deployments"][0]
    assert (status["now"], status["plan"]) == ("ready", "no change")


def signal_engine(platform: Platform) -> None:
    os.kill(engine_pid(platform), signal.SIGKILL)


def _sent(platform: Platform, deployment: str) -> bool:
    """Whether the engine has taken the deployment and is working on it, by the journal."""
    journal = platform.clone / ".mattone" / "journal" / "production.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    states = [event["state"] for event in events if event["deployment"] == deployment]
    return states[-1:] == ["sent"]


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def test_a_stopped_machine_starts_again_at_its_address_with_its_service(platform: Platform) -> None:
    (before,) = machines(platform, NOTEBOOKS)
    platform.ok("stop", NOTEBOOKS)
    assert machines(platform, NOTEBOOKS)[0]["state"] == "stopped"
    platform.ok("start", NOTEBOOKS)
    (after,) = machines(platform, NOTEBOOKS)
    assert (after["state"], after["address"]) == ("running", before["address"])
    url = platform.ok("outputs", NOTEBOOKS, "--output", "json").json["outputs"]["endpoint"]
    _wait_for(lambda: _answers(url), 60)


def _answers(url: str) -> bool:
    try:
        return "version" in api(url, "api")
    except OSError:
        return False


def test_deleting_is_asked_for_confirmed_and_leaves_no_machine(platform: Platform) -> None:
    platform.merge(platform.request("-", "school/scratch", "--delete"))
    unasked = platform.ok("apply").output
    assert "school/scratch" in unasked
    assert len(machines(platform, "school/scratch")) == 1
    platform.ok("apply", "--prune")
    assert machines(platform, "school/scratch") == []
    platform.merge(platform.request("-", NOTEBOOKS, "--delete"))
    empty = platform.mattone("apply", "--prune")
    assert empty.code == 4
    assert "the desired state is empty" in empty.errors
    platform.ok("apply", "--confirm", NOTEBOOKS)
    assert machines(platform, NOTEBOOKS) == []
    assert "delete succeeded" in platform.ok("trace", NOTEBOOKS).output


def test_the_secret_is_in_no_git_object_journal_or_bundle(platform: Platform) -> None:
    objects = platform.git("-C", str(platform.forge), "cat-file", "--batch-all-objects", "--batch")
    assert "env:NOTEBOOK_TOKEN" in objects
    assert TOKEN not in objects
    kept = [platform.clone / ".mattone" / name for name in ("journal", "bundles")]
    for folder in kept:
        for path in folder.rglob("*"):
            if path.is_file():
                assert TOKEN.encode() not in path.read_bytes(), path
