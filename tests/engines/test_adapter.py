"""Deployments through a real IM, over a double of the machine host: what is killed or lost ends as one, or as none.

Templates here have nothing to configure, so IM is through with them at once and no machine is needed.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattone.engines.infrastructure_manager import machines
from mattone.engines.infrastructure_manager.adapter import InfrastructureManagerEngine
from mattone.engines.infrastructure_manager.client import Client
from mattone.engines.infrastructure_manager.install import Installation
from mattone.engines.infrastructure_manager.supervisor import Supervisor
from mattone.engines.interface import Observation, Phase, Remote, Submission
from mattone.errors import InputError, LockHeld, RemoteError
from mattone.machines.interface import MachineSpec, Power
from tests.engines.bundle import ROLE, Bundle
from tests.engines.hosts import DoubleHost

pytestmark = pytest.mark.engine

NAME = "team/hello"
REMOTE = machines.remote_id(NAME)


class Killed(BaseException):
    """What a kill is to the code that it hits: nothing after it runs but the kernel's cleaning up."""


@pytest.fixture
def host(tmp_path: Path) -> DoubleHost:
    return DoubleHost(tmp_path)


@pytest.fixture
def engine(
    workspace: Path, installation: Installation, host: DoubleHost, supervisor: Supervisor
) -> Iterator[InfrastructureManagerEngine]:
    """All engines of the module share one process, which `supervisor` ends."""
    made = InfrastructureManagerEngine(workspace, host, lambda: installation)
    yield made
    made.destroy(REMOTE)


def _client(workspace: Path, installation: Installation) -> Client:
    return Client(Supervisor(workspace, lambda: installation).ensure())


def _submission(bundle: Bundle, operation: str = "op-1", **inputs: Any) -> Submission:
    return bundle.submission(NAME, operation, bundle.bare(**inputs))


def _settled(engine: InfrastructureManagerEngine, remote: str = REMOTE) -> Observation:
    deadline = time.monotonic() + 30
    while (seen := engine.observe(remote)).phase is Phase.PENDING and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def _own(host: DoubleHost) -> list[str]:
    return [name for name in host.machines if name != machines.CONTROLLER]


def test_a_deployment_lives_from_submit_to_destroy(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    assert engine.version() == "Infrastructure Manager 2.0.0"
    assert engine.find(NAME) == ()
    assert engine.observe(REMOTE) == Observation(Phase.GONE)

    assert engine.submit(_submission(bundle)) == REMOTE
    seen = _settled(engine)
    (machine,) = seen.machines
    assert (seen.phase, seen.reason) == (Phase.READY, "")
    assert (machine.node, machine.memory, machine.volumes) == ("server", 512, {"disk": 64 << 20})
    assert seen.outputs == {"url": f"http://{machine.address}:8080/", "all": [machine.address]}
    assert engine.find(NAME) == (Remote(REMOTE, NAME, "op-1"),)
    assert f"copy /var/tmp/ansible/roles/{ROLE}" in host.calls

    engine.destroy(REMOTE)
    assert engine.observe(REMOTE).phase is Phase.GONE
    assert engine.find(NAME) == ()
    assert _own(host) == []
    engine.destroy(REMOTE)  # what is gone is no error


def test_an_update_brings_new_values_and_forgets_what_the_template_no_longer_names(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    engine.submit(_submission(bundle, count=2))
    assert len(_settled(engine).machines) == 2
    smaller = bundle.bare(memory="1 GiB")
    del smaller["topology_template"]["outputs"]["all"]
    engine.update(REMOTE, bundle.submission(NAME, "op-2", smaller))
    seen = _settled(engine)
    assert [machine.memory for machine in seen.machines] == [1024]
    assert list(seen.outputs) == ["url"]
    assert engine.find(NAME) == (Remote(REMOTE, NAME, "op-2"),)
    assert len(_own(host)) == 1


def test_submit_whose_answer_was_lost_is_repeated_and_changes_nothing(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle, workspace: Path, installation: Installation
) -> None:
    engine.submit(_submission(bundle))
    _settled(engine)
    client = _client(workspace, installation)
    before, calls = client.infrastructures(), len(host.calls)
    assert engine.submit(_submission(bundle)) == REMOTE
    assert client.infrastructures() == before
    assert not [call for call in host.calls[calls:] if not call.startswith("run")]


def test_killed_after_the_machines_before_the_post_it_is_found_and_finished(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Client, "create", kill)
        with pytest.raises(Killed):
            engine.submit(_submission(bundle))
    seen = engine.observe(REMOTE)
    assert (seen.phase, len(seen.machines)) == (Phase.FAILED, 1)
    assert "interrupted" in seen.reason
    assert engine.find(NAME) == (Remote(REMOTE, NAME, "op-1"),)

    engine.update(REMOTE, _submission(bundle, "op-2"))
    assert _settled(engine).phase is Phase.READY
    assert len(_own(host)) == 1


def test_killed_after_the_post_before_its_answer_it_is_found_and_not_posted_again(
    engine: InfrastructureManagerEngine,
    host: DoubleHost,
    bundle: Bundle,
    workspace: Path,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Client.create

    def kill(client: Client, document: str) -> str:
        post(client, document)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Client, "create", kill)
        with pytest.raises(Killed):
            engine.submit(_submission(bundle))
    assert engine.find(NAME) == (Remote(REMOTE, NAME, "op-1"),)
    posted = _client(workspace, installation).infrastructures()
    engine.submit(_submission(bundle))
    assert _client(workspace, installation).infrastructures() == posted
    assert _settled(engine).phase is Phase.READY
    assert len(_own(host)) == 1


def test_killed_in_the_middle_of_an_update_the_next_one_finishes_it(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.submit(_submission(bundle))
    _settled(engine)

    def kill(_spec: MachineSpec) -> None:
        raise Killed

    host.on_create = lambda spec: kill(spec) if spec.image == "machine" else None  # the second machine is never made
    with pytest.raises(Killed):
        engine.update(REMOTE, _submission(bundle, "op-2", count=2))
    host.on_create = lambda _: None
    assert engine.find(NAME) == (Remote(REMOTE, NAME, "op-1"),)
    engine.update(REMOTE, _submission(bundle, "op-2", count=2))
    assert len(_settled(engine).machines) == 2
    assert len(_own(host)) == 2


def test_killed_while_it_destroys_the_next_destroy_ends_it(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.submit(_submission(bundle))
    _settled(engine)

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(machines, "remove", kill)
        with pytest.raises(Killed):
            engine.destroy(REMOTE)
    assert engine.observe(REMOTE).phase is Phase.FAILED
    assert engine.find(NAME) != ()  # what could not be deleted stays in sight
    engine.destroy(REMOTE)
    assert engine.find(NAME) == ()
    assert _own(host) == []


def test_im_killed_before_it_stored_the_template_leaves_nothing_behind(
    engine: InfrastructureManagerEngine, bundle: Bundle, workspace: Path, installation: Installation
) -> None:
    """An infrastructure without our marks can only be a create that IM was killed over."""
    supervisor = Supervisor(workspace, lambda: installation)
    endpoint = supervisor.ensure()
    marked = "tosca_definitions_version: tosca_simple_yaml_1_0\nmetadata: {other: mark}\n"
    node = "topology_template: {node_templates: {a: {type: tosca.nodes.Compute}}}\n"
    Client(endpoint, cloud="Dummy").create(marked + node)
    os.kill(endpoint.pid, signal.SIGKILL)
    assert engine.find(NAME) == ()
    assert _client(workspace, installation).infrastructures() == ()


def test_im_killed_the_next_command_sees_the_deployment_as_it_was(
    engine: InfrastructureManagerEngine, bundle: Bundle, workspace: Path, installation: Installation
) -> None:
    engine.submit(_submission(bundle))
    before = _settled(engine)
    endpoint = Supervisor(workspace, lambda: installation).running()
    assert endpoint is not None
    os.kill(endpoint.pid, signal.SIGKILL)
    assert engine.observe(REMOTE) == before


def test_a_machine_that_vanished_is_a_failure_and_the_next_update_makes_it_again(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    engine.submit(_submission(bundle))
    (machine,) = _settled(engine).machines
    host.delete(machine.name)
    seen = engine.observe(REMOTE)
    assert seen.phase is Phase.FAILED
    assert "1 of 1 machines no longer exist" in seen.reason
    engine.update(REMOTE, _submission(bundle))  # the same operation: the machine is reason enough
    assert _settled(engine).phase is Phase.READY


def test_machines_are_switched_off_and_on(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    engine.submit(_submission(bundle))
    (machine,) = _settled(engine).machines
    engine.stop(REMOTE, machine.name)
    assert engine.observe(REMOTE).phase is Phase.STOPPED
    engine.start(REMOTE, machine.name)
    assert engine.observe(REMOTE).phase is Phase.READY
    with pytest.raises(RemoteError, match="has no machine 'controller'"):
        engine.stop(REMOTE, machines.CONTROLLER)
    assert host.machines[machines.CONTROLLER].power is Power.RUNNING


def test_while_machines_are_being_made_others_see_it_and_keep_off(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def wait(spec: MachineSpec) -> None:
        if spec.image == "controller":
            return
        reached.set()
        assert go_on.wait(30)

    host.on_create = wait
    worker = threading.Thread(target=engine.submit, args=(_submission(bundle),))
    worker.start()
    assert reached.wait(30)
    try:
        assert engine.observe(REMOTE).phase is Phase.PENDING
        with pytest.raises(LockHeld):
            engine.destroy(REMOTE)
    finally:
        go_on.set()
        worker.join()
    assert _settled(engine).phase is Phase.READY


def test_a_template_that_cannot_be_is_refused_before_anything_is_made(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    template = bundle.template()
    greeting = template["topology_template"]["node_templates"]["greeting"]
    greeting["interfaces"] = {"Standard": {"configure": "file:///etc/passwd"}}
    with pytest.raises(InputError, match="not in the bundle"):
        engine.submit(bundle.submission(NAME, "op-1", template))
    with pytest.raises(InputError, match="cannot have -5 machines"):
        engine.submit(_submission(bundle, count=-5))
    with pytest.raises(InputError, match=r"role `\.\./x` is not in the bundle"):
        engine.submit(Submission(NAME, "op-1", bundle.bare(), bundle.files, ("../x",)))
    collections = bundle.files / "collections"
    collections.mkdir()
    with pytest.raises(InputError, match="brings Ansible collections"):
        engine.submit(_submission(bundle))
    collections.rmdir()
    assert host.calls == []
    assert engine.observe(REMOTE).phase is Phase.GONE


def test_where_im_never_ran_looking_starts_nothing(tmp_path: Path, host: DoubleHost) -> None:
    def install() -> Installation:
        raise AssertionError("nothing is to be installed")

    engine = InfrastructureManagerEngine(tmp_path / "new", host, install)
    assert engine.find(NAME) == ()
    assert engine.observe(REMOTE).phase is Phase.GONE
    engine.destroy(REMOTE)
    assert engine.log(REMOTE) == ""


def test_a_controller_that_was_switched_off_is_started(
    engine: InfrastructureManagerEngine, host: DoubleHost, bundle: Bundle
) -> None:
    engine.submit(_submission(bundle))
    _settled(engine)
    host.stop(machines.CONTROLLER)
    engine.update(REMOTE, _submission(bundle, "op-2"))
    assert host.machines[machines.CONTROLLER].power is Power.RUNNING
    assert _settled(engine).phase is Phase.READY


def test_an_id_of_another_deployment_is_refused(engine: InfrastructureManagerEngine, bundle: Bundle) -> None:
    with pytest.raises(RemoteError, match="is not the engine's id of team/hello"):
        engine.update("other-1", _submission(bundle))
    with pytest.raises(RemoteError, match="no id of this engine"):
        engine.observe("../../etc")
