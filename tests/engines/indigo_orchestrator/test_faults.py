"""A server that is slow, breaks off, refuses, repeats itself or lies: one clear error, and nothing done twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mattone import redact
from mattone.engines.indigo_orchestrator.adapter import IndigoOrchestratorEngine
from mattone.engines.interface import Phase, Remote
from mattone.errors import MattoneError, RemoteError, TransientError
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.engines.indigo_orchestrator import site
from tests.engines.indigo_orchestrator.site import NAME, settled, submission, template

POST, PUT = "^POST /deployments$", "^PUT "
OTHER = "11111111-2222-3333-4444-555555555555"


# Answers that are lost


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"status": 504}, {"status": 500}, {"status": 201}])
def test_post_that_was_done_and_not_answered_is_found_by_its_mark(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any]
) -> None:
    double.fault(POST, after=True, **fault)
    remote = engine.submit(submission())
    assert [*double.state.rows] == [remote]
    assert double.asked(POST) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"status": 503}])
def test_post_of_which_nothing_is_seen_is_not_repeated(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any]
) -> None:
    double.fault(POST, **fault)
    with pytest.raises(TransientError, match="the answer to a create was lost"):
        engine.submit(submission())
    assert double.asked(POST) == 1
    assert double.state.rows == {}


def test_post_that_the_server_failed_at_is_a_refusal_in_its_own_words(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    double.fault(POST, status=500, body='{"code": 500, "title": "Internal Server Error", "message": "no database"}')
    with pytest.raises(RemoteError, match="the orchestrator refuses: no database") as caught:
        engine.submit(submission())
    assert not isinstance(caught.value, TransientError)
    assert double.asked(POST) == 1


def test_second_submit_of_another_operation_is_refused_before_it_is_sent(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    with pytest.raises(RemoteError, match=f"holds school/page already: {remote}"):
        engine.submit(submission("op-2"))
    assert double.asked(POST) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 504}, {"status": 500}])
def test_put_that_was_done_and_not_answered_is_seen_at_work(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any]
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault(PUT, after=True, **fault)
    assert engine.update(remote, submission("op-2", template(title="Good morning"))) == remote
    assert double.asked(PUT) == 1
    assert settled(engine, remote).outputs["title"] == "Good morning"


@pytest.mark.parametrize(("fault", "kind"), [({"drop": True}, TransientError), ({"status": 500}, RemoteError)])
def test_put_of_which_nothing_is_seen_is_told(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any], kind: type[MattoneError]
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault(PUT, **fault)
    with pytest.raises(kind):
        engine.update(remote, submission("op-2"))
    assert double.asked(PUT) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}])
def test_deletion_whose_answer_is_lost_goes_on(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any]
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault("^DELETE ", after=True, **fault)
    engine.destroy(remote)
    assert double.asked("^DELETE ") == 1
    assert double.state.rows == {}


def test_server_that_does_not_answer_in_time_is_transient(double: OrchestratorDouble) -> None:
    client = site.client(double, timeout=0.2)
    with double.state.lock, pytest.raises(TransientError, match="no answer within"):
        client.deployment(OTHER)


# Refusals that ask to come again


@pytest.mark.parametrize("status", [409, 429])
@pytest.mark.parametrize("wanted", ["0", "7", "Wed, 21 Oct 2026 07:28:00 GMT", "999999"])
def test_refusal_with_retry_after_is_obeyed(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, status: int, wanted: str
) -> None:
    double.fault(POST, status=status, headers={"Retry-After": wanted}, times=2)
    before = double.state.clock.now
    remote = engine.submit(submission())
    assert [*double.state.rows] == [remote]
    assert double.asked(POST) == 3
    waited = double.state.clock.now - before
    assert waited >= {"0": 0, "7": 14, "999999": 60}.get(wanted, 2)
    assert waited < 90


def test_server_that_always_asks_to_come_again_is_left_alone_after_five(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault(PUT, status=409, headers={"Retry-After": "0"}, body='{"message": "concurrent update"}', times=99)
    with pytest.raises(TransientError, match="HTTP 409: concurrent update"):
        engine.update(remote, submission("op-2"))
    assert double.asked(PUT) == 5


def test_conflict_without_retry_after_is_no_reason_to_come_again(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault(PUT, status=409, body='{"code": 409, "message": "Cannot update a deployment in X state"}')
    with pytest.raises(RemoteError, match="refuses: Cannot update a deployment in X state"):
        engine.update(remote, submission("op-2"))
    assert double.asked(PUT) == 1


def test_reads_are_repeated_over_a_short_outage(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    double.fault("^GET ", status=503, times=2)
    double.fault("^GET ", drop=True, times=2)
    assert engine.observe(remote).phase is Phase.READY


# Refusals


def test_group_that_the_token_does_not_name_is_a_clear_refusal(double: OrchestratorDouble) -> None:
    engine = site.engine(double, site.client(double, site.given(double, groups=("other",))))
    with pytest.raises(RemoteError, match="The group school is not in the user's authorized groups") as caught:
        engine.find(NAME)
    assert "engine.group" in caught.value.hint


def test_token_without_the_scope_for_writing_is_a_clear_refusal(double: OrchestratorDouble) -> None:
    engine = site.engine(double, site.client(double, site.given(double, scopes=("openid",))))
    with pytest.raises(RemoteError, match="Insufficient scope") as caught:
        engine.submit(submission())
    assert "offline_access" in caught.value.hint


def test_somebody_elses_deployment_is_not_changed(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    other = site.engine(double, site.client(double, site.given(double, subject="other")))
    for act in (lambda: other.update(remote, submission("op-2")), lambda: other.destroy(remote)):
        with pytest.raises(RemoteError, match="Only the owner of the deployment can perform this operation"):
            act()
    assert double.state.rows[remote].status == "CREATE_COMPLETE"


def test_template_that_the_server_does_not_take_is_told_in_its_words(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    made = template()
    made["topology_template"]["inputs"]["needed"] = {"type": "string"}
    double.fault(POST, status=400, body='{"code":400,"title":"Bad Request","message":"Input <needed> is required"}')
    with pytest.raises(RemoteError, match="the orchestrator refuses: Input <needed> is required"):
        engine.submit(submission(made=made))


def test_unknown_agreement_fails_the_creation_with_the_servers_reason(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    double.state.agreements.clear()
    seen = settled(engine, engine.submit(submission()))
    assert (seen.phase, seen.reason) == (Phase.FAILED, "No SLA with id one available")


def test_id_that_is_none_never_reaches_a_path(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    for bad in ("", "../configuration", "x?y=z", "school/page"):
        assert engine.observe(bad).phase is Phase.GONE
        engine.destroy(bad)
        with pytest.raises(RemoteError, match="is no id of the INDIGO PaaS Orchestrator"):
            engine.log(bad)
        with pytest.raises(RemoteError, match="is no id of the INDIGO PaaS Orchestrator"):
            engine.update(bad, submission())
    assert double.requests == []


# Lies


HOSTILE = {
    "not JSON": "<html>Welcome</html>",
    "no object": "[]",
    "a number": "7",
    "deep": "[" * 100_000,
    "other UUID": json.dumps({"uuid": OTHER, "status": "CREATE_COMPLETE"}),
    "no UUID": json.dumps({"uuid": "../../x", "status": "CREATE_COMPLETE"}),
    "no id": json.dumps({"status": "CREATE_COMPLETE"}),
    "status a list": json.dumps({"uuid": "UUID", "status": ["CREATE_COMPLETE"]}),
    "outputs a text": json.dumps({"uuid": "UUID", "status": "CREATE_COMPLETE", "outputs": "x"}),
    "reason a number": json.dumps({"uuid": "UUID", "status": "CREATE_COMPLETE", "statusReason": 7}),
    "a long number": '{"uuid": ' + "1" * 10_000 + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_answer_that_cannot_be_right_is_one_clear_error(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, name: str
) -> None:
    remote = engine.submit(submission())
    double.fault(f"^GET /deployments/{remote}$", status=200, body=HOSTILE[name].replace("UUID", remote))
    with pytest.raises(RemoteError, match="the orchestrator") as caught:
        engine.observe(remote)
    assert not isinstance(caught.value, TransientError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


PAGES = {
    "no page": {"content": []},
    "content a text": {"content": "x", "page": {"totalPages": 1, "totalElements": 1}},
    "content of numbers": {"content": [1], "page": {"totalPages": 1, "totalElements": 1}},
    "pages a text": {"content": [], "page": {"totalPages": "1", "totalElements": 0}},
    "pages negative": {"content": [], "page": {"totalPages": -1, "totalElements": 0}},
    "pages true": {"content": [], "page": {"totalPages": True, "totalElements": 0}},
}


@pytest.mark.parametrize("name", PAGES)
def test_list_that_cannot_be_right_is_one_clear_error(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, name: str
) -> None:
    double.fault(r"^GET /deployments\?", status=200, body=json.dumps(PAGES[name]))
    with pytest.raises(RemoteError, match="the orchestrator's list of deployments"):
        engine.find(NAME)


def test_list_without_end_is_left(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mattone.engines.indigo_orchestrator.client._PAGES", 20)
    endless = {"content": [], "page": {"totalPages": 1 << 30, "totalElements": 0}}
    double.fault(r"^GET /deployments\?", status=200, body=json.dumps(endless), times=10_000)
    with pytest.raises(RemoteError, match="has no end"):
        engine.find(NAME)
    assert double.asked(r"^GET /deployments\?") == 20


def test_list_that_shrinks_while_it_is_read_is_read_again(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    remote = engine.submit(submission())
    short = {"content": [], "page": {"totalPages": 1, "totalElements": 1}}
    double.requests.clear()
    double.fault(r"^GET /deployments\?", status=200, body=json.dumps(short), times=2)
    assert engine.find(NAME) == (Remote(remote, NAME, "op-1"),)
    double.fault(r"^GET /deployments\?", status=200, body=json.dumps(short), times=3)
    with pytest.raises(TransientError, match="changes while it is read"):
        engine.find(NAME)


def test_links_of_an_answer_are_never_followed(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    double.fault(r"^GET /deployments\?", status=302, headers={"Location": "http://elsewhere.invalid/"})
    with pytest.raises(RemoteError, match=re.escape("redirects (HTTP 302)")):
        engine.find(NAME)


def test_wrong_address_is_told_as_one(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    double.fault(r"^GET /deployments\?", status=404, body="<html>nginx</html>")
    with pytest.raises(RemoteError, match=re.escape("the orchestrator is not there (HTTP 404)")) as caught:
        engine.find(NAME)
    assert caught.value.hint == "check engine.url"


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 403}, {"status": 200, "body": "[]"}])
def test_server_that_does_not_say_what_it_is_can_still_be_recorded(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, fault: dict[str, Any]
) -> None:
    double.fault("^GET /info$", **fault)
    assert engine.version() == "INDIGO PaaS Orchestrator (of unknown version)"


def test_huge_answer_is_not_read_to_its_end(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mattone.engines.indigo_orchestrator.client._LARGEST", 100_000)
    double.fault(r"^GET /deployments\?", status=200, body="x" * 200_000)
    with pytest.raises(RemoteError, match="the answer is longer than 100,000 bytes"):
        engine.find(NAME)


@pytest.mark.parametrize("text", ["", "mattone: [", "- mattone", "mattone", "a: &a [*a, mattone]\n b: {"])
def test_template_that_speaks_of_mattone_and_cannot_be_read_is_an_error_and_never_nothing(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble, text: str
) -> None:
    remote = engine.submit(submission())
    double.state.rows[remote].template = text
    with pytest.raises(RemoteError, match=f"template of {remote} cannot be read"):
        engine.find(NAME)


def test_status_that_nobody_knows_says_nothing(engine: IndigoOrchestratorEngine, double: OrchestratorDouble) -> None:
    remote = engine.submit(submission())
    settled(engine, remote)
    for status in ("UNKNOWN", "SOMETHING\x1b[2J", ""):
        double.state.rows[remote].status = status
        seen = engine.observe(remote)
        assert seen.phase is Phase.UNKNOWN
        assert "\x1b" not in seen.reason


def test_words_of_the_server_cannot_drive_a_terminal_or_carry_a_secret(
    engine: IndigoOrchestratorEngine, double: OrchestratorDouble
) -> None:
    canary = "canary-" + "x" * 12
    redact.register([canary])
    remote = engine.submit(submission())
    row = double.state.rows[remote]
    row.status, row.reason, row.provider = "CREATE_FAILED", f"\x1b[2J{canary}\r\nfake line", "local"
    row.log = f"TASK [x]\n{canary}\x1b[2J\n"
    for said in (engine.observe(remote).reason, engine.log(remote)):
        assert canary not in said
        assert "\x1b" not in said
    double.fault("^GET ", status=400, body=json.dumps({"message": f"{canary}\n\x1b[2J"}))
    with pytest.raises(RemoteError) as caught:
        engine.observe(remote)
    assert canary not in str(caught.value)
    assert "\x1b" not in str(caught.value)
