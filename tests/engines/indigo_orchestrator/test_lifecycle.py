"""Deployments at the orchestrator, from the first post to the last machine."""

from __future__ import annotations

import json

import pytest
import yaml

from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine
from mattone.engines.interface import Observation, Phase, Remote
from mattone.errors import RemoteError, TransientError
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.doubles.indigo_orchestrator.state import Row
from tests.engines.indigo_orchestrator import site
from tests.engines.indigo_orchestrator.site import NAME, settled, submission, template


def only(double: OrchestratorDouble) -> Row:
    (row,) = double.state.rows.values()
    return row


def test_a_deployment_lives_from_submit_to_destroy(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    assert engine.version() == "INDIGO PaaS Orchestrator 4.0.1-double"
    assert engine.instance == f"{double.url} as subject@https://iam.example.org/"
    assert engine.find(NAME) == ()
    remote = engine.submit(submission())
    assert engine.observe(remote).phase is Phase.PENDING
    seen = settled(engine, remote)
    (machine,) = seen.machines
    assert (seen.phase, seen.outputs) == (Phase.READY, {"address": "192.0.2.10", "title": "Hello"})
    assert (machine.node, machine.state, machine.address) == ("server", "started", "192.0.2.10")
    assert (machine.cpus, machine.memory, machine.volumes) == (2, 2048, {"disk1": 5 << 30})
    assert machine.ports == ("22/tcp", "8080/tcp")
    assert engine.find(NAME) == (Remote(remote, NAME, "op-1"),)
    assert "PLAY RECAP" in engine.log(remote)
    engine.destroy(remote)
    assert engine.observe(remote) == Observation(Phase.GONE)
    assert engine.find(NAME) == ()
    engine.destroy(remote)  # what is gone is no error


def test_values_of_inputs_travel_as_parameters_and_never_inside_the_template(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    engine.submit(submission(made=template(word="canary word")))
    row = only(double)
    assert row.parameters == {"title": "Hello", "word": "canary word"}
    assert "canary" not in row.template
    assert yaml.safe_load(row.template)["metadata"]["display_name"] == "Page"


def test_settings_become_the_requests_bounds_and_what_they_leave_out_is_the_servers(double: OrchestratorDouble) -> None:
    bounded = site.engine(double, timeout=240, provider_timeout=60, max_providers=3, keep_last_attempt=True)
    bounded.submit(submission())
    assert only(double).options == {
        "userGroup": "school",
        "timeoutMins": 240,
        "providerTimeoutMins": 60,
        "maxProvidersRetry": 3,
        "keepLastAttempt": True,
    }
    double.state.rows.clear()
    site.engine(double).submit(submission())
    assert only(double).options == {"userGroup": "school"}


def test_the_agreement_decides_where_it_runs(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    (policy,) = yaml.safe_load(only(double).template)["topology_template"]["policies"]
    assert policy["mattone_placement"]["properties"] == {"sla_id": "one", "region": "north"}
    assert only(double).provider == "local"


def test_update_is_found_by_its_mark_though_the_server_wrote_the_template_anew(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    assert engine.update(remote, submission("op-2", template(title="Good morning"))) == remote
    assert settled(engine, remote).outputs["title"] == "Good morning"
    assert "mattone_operation" not in only(double).template
    assert engine.find(NAME) == (Remote(remote, NAME, "op-2"),)
    assert engine.update(remote, submission("op-3")) == remote
    settled(engine, remote)
    assert site.engine(double).find(NAME) == (Remote(remote, NAME, "op-3"),)


def test_update_scales_and_removes_vanished_nodes(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission(made=template(count=3)))
    assert len(settled(engine, remote).machines) == 3
    smaller = template(count=2)
    del smaller["topology_template"]["node_templates"]["page"]
    engine.update(remote, submission("op-2", smaller))
    assert len(settled(engine, remote).machines) == 2
    assert {one.node for one in only(double).resources} == {"server"}


def test_update_waits_for_an_operation_that_is_at_work(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    double.state.delays["create"] = 50
    remote = engine.submit(submission())
    assert engine.update(remote, submission("op-2")) == remote
    assert double.state.clock.now > 50
    assert only(double).status == "UPDATE_IN_PROGRESS"


def test_update_of_what_stays_busy_says_so(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    double.state.delays["create"] = 1e9
    remote = engine.submit(submission())
    with pytest.raises(RemoteError, match="still busy with an earlier operation"):
        engine.update(remote, submission("op-2"))


def test_update_of_a_failed_creation_makes_it_anew_once(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    double.state.failing["create"] = "no quota left"
    remote = engine.submit(submission())
    failed = settled(engine, remote)
    assert (failed.phase, failed.reason) == (Phase.FAILED, "no quota left")
    anew = engine.update(remote, submission("op-2"))
    assert anew != remote
    assert [*double.state.rows] == [anew]
    assert settled(engine, anew).phase is Phase.READY


def test_update_that_failed_can_be_tried_again(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.state.failing["update"] = "task [install] failed"
    engine.update(remote, submission("op-2"))
    assert settled(engine, remote).reason == "task [install] failed"
    engine.update(remote, submission("op-3"))
    assert settled(engine, remote).phase is Phase.READY


def test_what_is_not_ours_is_never_changed(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    only(double).template = "tosca_definitions_version: tosca_simple_yaml_1_0\n"
    with pytest.raises(RemoteError, match="not the engine's id of school/page: its mark is none"):
        engine.update(remote, submission("op-2"))
    assert double.asked("^PUT") == 0
    assert engine.find(NAME) == ()


def test_deletion_that_fails_says_why_and_can_be_asked_for_again(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.state.failing["delete"] = "the provider does not answer"
    with pytest.raises(RemoteError, match="could not be deleted: the provider does not answer"):
        engine.destroy(remote)
    assert engine.observe(remote).phase is Phase.FAILED
    with pytest.raises(RemoteError, match="updates nothing that is DELETE_FAILED"):
        engine.update(remote, submission("op-2"))
    engine.destroy(remote)
    assert engine.observe(remote).phase is Phase.GONE


def test_forced_deletion_forgets_what_the_provider_keeps(double: OrchestratorDouble) -> None:
    engine = site.engine(double, force_deletion=True)
    remote = engine.submit(submission())
    settled(engine, remote)
    double.state.failing["delete"] = "the provider does not answer"
    engine.destroy(remote)
    assert double.state.rows == {}


def test_deletion_that_hangs_is_given_up_and_is_reset_only_when_asked(double: OrchestratorDouble) -> None:
    engine = site.engine(double)
    remote = engine.submit(submission())
    settled(engine, remote)
    double.state.delays["delete"] = 1e9
    with pytest.raises(TransientError, match="is not through after 600 s"):
        engine.destroy(remote)
    assert double.asked("^PATCH") == 0
    double.state.delays["delete"] = 1
    site.engine(double, reset_deletion_after=2).destroy(remote)
    assert double.asked("^PATCH") == 1
    assert double.state.rows == {}


def test_machines_are_stopped_and_started(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission(made=template(count=2)))
    first, second = settled(engine, remote).machines
    engine.stop(remote, first.name)
    engine.stop(remote, first.name)  # it is at it already
    assert double.asked("actions") == 1
    double.pass_time(10)
    assert sorted(one.state for one in engine.observe(remote).machines) == ["started", "stopped"]
    assert engine.observe(remote).phase is Phase.READY
    engine.stop(remote, second.name)
    double.pass_time(10)
    assert engine.observe(remote).phase is Phase.STOPPED
    engine.start(remote, first.name)
    double.pass_time(10)
    engine.start(remote, first.name)
    assert engine.observe(remote).phase is Phase.READY


def test_machine_that_is_none_and_one_in_a_wrong_state_are_told(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    for name in ("server", "../../x", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(RemoteError, match="has no machine"):
            engine.stop(remote, name)
    machine = next(one for one in only(double).resources if one.physical)
    machine.state = "ERROR"
    with pytest.raises(RemoteError, match="a machine in ERROR cannot start"):
        engine.start(remote, machine.uuid)


@pytest.mark.parametrize("info", ["", "{", "[]", '{"vmProperties": 3}', json.dumps({"vmProperties": [3, {}]})])
def test_machine_of_which_nothing_readable_is_said_is_still_a_machine(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, info: str
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    for one in only(double).resources:
        one.info = info
    seen = engine.observe(remote)
    (machine,) = seen.machines
    assert (seen.phase, machine.node, machine.cpus, machine.address) == (Phase.READY, "server", 0, "")


def test_each_template_is_read_once_and_that_of_the_wanted_one_again(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    for number in range(10):
        engine.submit(submission(f"op-{number}", name=f"school/page-{number}"))
    double.requests.clear()
    for number in range(10):
        assert len(engine.find(f"school/page-{number}")) == 1
    assert double.asked("/template$") <= 10 + 10


def test_an_operation_may_take_as_long_as_the_orchestrator_was_given(double: OrchestratorDouble) -> None:
    assert site.engine(double).capabilities().patience == 3600
    assert site.engine(double, timeout=240).capabilities().patience == 240 * 60 + 300


def test_private_key_that_the_server_tells_of_a_machine_is_kept_nowhere(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    canary = "-".join(["canary", "key", "of", "this", "test"])
    system = {"class": "system", "disk.0.os.credentials.private_key": canary, "cpu.count": 1}
    for one in only(double).resources:
        one.info = json.dumps({"vmProperties": [system]})
    seen = engine.observe(remote)
    assert seen.machines[0].cpus == 1
    assert canary not in repr(seen)
    assert canary not in engine.log(remote)


def test_many_deployments_come_in_pages_and_foreign_templates_are_read_once(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    (row,) = double.state.rows.values()
    double.requests.clear()
    for number in range(250):
        foreign = Row("tosca_definitions_version: tosca_simple_yaml_1_0\n", {}, "school", "subject", 10 + number)
        double.state.rows[foreign.uuid] = foreign
    assert [one.id for one in engine.find(NAME)] == [remote]
    assert (double.asked(r"GET /deployments\?"), double.asked("/template$")) == (3, 251)
    assert [one.id for one in engine.find(NAME)] == [remote]
    assert double.asked("/template$") == 252
    assert row.uuid == remote


def test_only_the_groups_own_deployments_count(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    double.state.rows[remote].group = "other"
    assert engine.find(NAME) == ()
    double.state.rows[remote].group, double.state.rows[remote].owner = "school", "somebody"
    assert engine.find(NAME) == ()
