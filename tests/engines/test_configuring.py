"""The whole way on real machines: a role configures one over SSH, fails, is interrupted, changes, goes."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mattone.engines.infrastructure_manager import machines
from mattone.engines.infrastructure_manager.adapter import InfrastructureManagerEngine
from mattone.engines.infrastructure_manager.install import Installation
from mattone.engines.infrastructure_manager.supervisor import Supervisor
from mattone.engines.interface import Observation, Phase
from mattone.machines.podman import PodmanHost
from tests.engines.bundle import Bundle

pytestmark = [pytest.mark.engine, pytest.mark.machine, pytest.mark.timeout(900)]

NAME = "team/hello"
REMOTE = machines.remote_id(NAME)
_PATIENCE = 240.0  # seconds for one configuration; 10 to 25 were measured


@dataclass(frozen=True)
class Site:
    engine: InfrastructureManagerEngine
    host: PodmanHost
    supervisor: Supervisor

    def machines(self) -> list[str]:
        return [one.spec.name for one in self.host.list() if one.spec.name != machines.CONTROLLER]

    def settled(self) -> Observation:
        deadline = time.monotonic() + _PATIENCE
        while (seen := self.engine.observe(REMOTE)).phase is Phase.PENDING and time.monotonic() < deadline:
            time.sleep(0.3)
        return seen


@pytest.fixture(scope="module")
def site(
    real_machines: None,
    cache_folder: Path,
    installation: Installation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """One workspace, one IM and one controller for the module; nothing is left of them afterwards."""
    workspace = tmp_path_factory.mktemp("site")
    host = PodmanHost(workspace / "machines", cache_folder)
    engine = InfrastructureManagerEngine(workspace, host, lambda: installation)
    try:
        yield Site(engine, host, Supervisor(workspace, lambda: installation))
    finally:
        engine.close()
        host.remove_all()


def _page(seen: Observation) -> str:
    assert seen.phase is Phase.READY, seen.reason
    with urllib.request.urlopen(str(seen.outputs["url"]), timeout=10) as answer:
        return str(answer.read().decode())


def _submit(site: Site, bundle: Bundle, operation: str, **inputs: Any) -> None:
    assert site.engine.submit(bundle.submission(NAME, operation, bundle.template(**inputs))) == REMOTE


def test_a_role_serves_a_page_then_a_changed_input_changes_it(site: Site, bundle: Bundle) -> None:
    hostile = "{{ lookup('pipe', 'id') }} it's \"me\" #1: ü"
    _submit(site, bundle, "op-1", text=hostile)
    seen = site.settled()
    (machine,) = seen.machines
    first, second = _page(seen).splitlines()
    assert first == hostile
    assert second == f'["{machine.address}", "{{{{ 6 * 7 }}}}", "it\'s \\"quoted\\""]'
    assert site.host.run(machine.name, ["findmnt", "--noheadings", "--output", "TARGET", "/data"]).output == "/data\n"

    update = bundle.submission(NAME, "op-2", bundle.template(text="changed", memory="640 MiB"))
    site.engine.update(REMOTE, update)
    after = site.settled()
    assert _page(after).startswith("changed\n")
    assert [one.name for one in after.machines] == [machine.name]
    assert (after.machines[0].address, after.machines[0].memory) == (machine.address, 640)
    assert site.engine.find(NAME)[0].operation == "op-2"
    log = site.engine.log(REMOTE)
    assert log.count("TASK [greeting-0f3a : Write the page]") == 2  # both operations, the newest last


def test_a_task_that_fails_is_named_with_its_message_and_the_next_update_repairs_it(site: Site, bundle: Bundle) -> None:
    _submit(site, bundle, "op-3", text="")
    seen = site.settled()
    assert seen.phase is Phase.FAILED
    assert seen.reason == "task [greeting-0f3a : Refuse an empty greeting] failed: there is nothing to say"
    _submit(site, bundle, "op-4", text="repaired")
    assert _page(site.settled()).startswith("repaired\n")
    assert len(site.machines()) == 1


def test_im_killed_while_it_configures_the_next_update_finishes_with_one_machine(site: Site, bundle: Bundle) -> None:
    _submit(site, bundle, "op-5", text="interrupted", delay=60)
    (name,) = site.machines()
    deadline = time.monotonic() + _PATIENCE
    asleep = ["pgrep", "-x", "sleep"]
    while not site.host.run(name, asleep, accept=(0, 1)).output and time.monotonic() < deadline:
        time.sleep(0.3)
    endpoint = site.supervisor.running()
    assert endpoint is not None
    os.kill(endpoint.pid, signal.SIGKILL)

    seen = site.settled()
    assert (seen.phase, seen.reason) == (Phase.FAILED, "the engine was interrupted while it configured; apply again")
    assert site.engine.find(NAME)[0].operation == "op-5"
    submission = bundle.submission(NAME, "op-5", bundle.template(text="finished"))
    site.engine.update(REMOTE, submission)
    assert _page(site.settled()).startswith("finished\n")
    assert site.machines() == [name]


def test_afterwards_nothing_is_left_but_the_controller_and_no_secret_on_it(site: Site, bundle: Bundle) -> None:
    _submit(site, bundle, "op-6")
    site.settled()
    site.engine.destroy(REMOTE)
    assert site.engine.observe(REMOTE).phase is Phase.GONE
    assert site.machines() == []
    left = site.host.run(machines.CONTROLLER, ["sh", "-c", "ls -A /var/tmp/.im; pgrep -f [c]txt_agent || true"])
    assert left.output == ""
