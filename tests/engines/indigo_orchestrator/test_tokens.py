"""Where tokens come from, how they are renewed, and that nobody ever sees one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from mattone import redact
from mattone.engines.choose import open_engine
from mattone.engines.indigo_orchestrator.tokens import AgentToken, EndpointToken, GivenToken, subject
from mattone.errors import HostError, InputError, RemoteError, TransientError
from mattone.platform.site import open_site
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.engines.indigo_orchestrator import site
from tests.engines.indigo_orchestrator.site import NAME
from tests.small import Platform


def grant(**more: str) -> Mapping[str, str]:
    return {"grant_type": "client_credentials", "client_id": "m", "scope": "openid offline_access", **more}


ENDPOINT = 'token_url = "URL/token"\nclient_id = "m"\nclient_secret = "env:CLIENT_SECRET"\n'


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_given_token_is_read_anew_when_it_is_refused(double: OrchestratorDouble) -> None:
    old, new = double.state.issue(until=0.0), double.state.issue()
    values = iter([old, new])
    site.engine(double, site.client(double, GivenToken(lambda: next(values)))).find(NAME)
    assert double.asked(r"^GET /deployments\?") == 2


def test_token_that_is_refused_twice_is_told_with_a_hint(double: OrchestratorDouble) -> None:
    engine = site.engine(double, site.client(double, site.given(double, until=0.0)))
    with pytest.raises(RemoteError, match="does not take the token: Invalid access token") as caught:
        engine.find(NAME)
    assert "engine.token" in caught.value.hint
    assert double.asked(r"^GET /deployments\?") == 2


@pytest.mark.parametrize("bad", ["", "short", "two words", "line\nX-Evil: yes", "ключ-ключ-ключ"])
def test_token_that_is_no_word_is_never_sent(double: OrchestratorDouble, bad: str) -> None:
    engine = site.engine(double, site.client(double, GivenToken(lambda: bad)))
    with pytest.raises(RemoteError, match="is no token"):
        engine.find(NAME)
    assert double.requests == []


def test_endpoint_is_asked_once_until_shortly_before_the_end(double: OrchestratorDouble) -> None:
    hands = Hands()
    source = EndpointToken(f"{double.url}/token", grant, hands)
    first = source.token()
    hands.now = 3500.0
    assert source.token() == first
    hands.now = 3541.0
    assert source.token() != first
    assert double.refreshed == 2


def test_token_that_ends_early_is_renewed_once_and_the_call_repeated(double: OrchestratorDouble) -> None:
    source = EndpointToken(f"{double.url}/token", grant)
    engine = site.engine(double, site.client(double, source))
    engine.find(NAME)
    double.state.accounts.clear()  # revoked at the identity provider
    engine.find(NAME)
    assert double.refreshed == 2


def test_both_grants_send_what_their_sections_say(double: OrchestratorDouble) -> None:
    EndpointToken(f"{double.url}/token", grant).token()
    EndpointToken(f"{double.url}/token", lambda: grant(grant_type="refresh_token", refresh_token="r 1&2")).token()
    first, second = (parse_qs(body) for _, body in double.requests)
    assert first == {"grant_type": ["client_credentials"], "client_id": ["m"], "scope": ["openid offline_access"]}
    assert (second["grant_type"], second["refresh_token"]) == (["refresh_token"], ["r 1&2"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 401, "body": '{"error": "invalid_client", "error_description": "Bad client"}'}, "Bad client"),
        ({"status": 400, "body": '{"error": "invalid_grant"}'}, "invalid_grant"),
        ({"status": 400, "body": "{}"}, "HTTP 400"),
        ({"status": 200, "body": "{}"}, "answered without a token"),
        ({"status": 200, "body": "<html>"}, "not JSON"),
        ({"status": 200, "body": '["access_token"]'}, "not JSON"),
        ({"status": 200, "body": '{"access_token": 7}'}, "answered without a token"),
        ({"status": 200, "body": '{"access_token": "two words"}'}, "is no token"),
        ({"status": 404, "body": ""}, "HTTP 404"),
    ],
)
def test_endpoint_that_gives_none_is_one_clear_error(
    double: OrchestratorDouble, fault: dict[str, object], said: str
) -> None:
    double.fault("^POST /token$", **fault)
    with pytest.raises(RemoteError, match=said):
        EndpointToken(f"{double.url}/token", grant).token()


@pytest.mark.parametrize("lasts", ['"soon"', "-5", "true", "null", "1e300"])
def test_lifetime_that_is_none_does_not_keep_a_token_for_ever(double: OrchestratorDouble, lasts: str) -> None:
    hands = Hands()
    body = f'{{"access_token": "{double.state.issue()}", "expires_in": {lasts}}}'
    double.fault("^POST /token$", status=200, body=body)
    source = EndpointToken(f"{double.url}/token", grant, hands)
    first = source.token()
    hands.now = 100_000.0
    assert source.token() != first


def agent(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An `oidc-token` of our own on PATH; the real one needs an agent with an account."""
    folder.mkdir()
    program = folder / "oidc-token"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_agent_is_asked_for_the_account(
    double: OrchestratorDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = double.state.issue()
    agent(tmp_path / "bin", monkeypatch, f'echo "$@" >> {tmp_path}/asked; echo {token}')
    engine = site.engine(double, site.client(double, AgentToken("infn")))
    assert engine.find(NAME) == engine.find(NAME) == ()
    assert (tmp_path / "asked").read_text() == "--time=60 infn\n"


def test_agent_that_fails_is_told_without_a_token_in_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent(tmp_path / "bin", monkeypatch, 'echo "Error: account not loaded" >&2; exit 1')
    with pytest.raises(RemoteError, match="account not loaded") as caught:
        AgentToken("infn").token()
    assert "oidc-add" in caught.value.hint


def test_agent_that_is_not_there_is_the_hosts_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="'oidc-token' is not installed"):
        AgentToken("infn").token()


@pytest.mark.parametrize("account", ["--all", "", "a b", "a;b", "../x"])
def test_account_that_could_be_an_option_is_refused(account: str) -> None:
    with pytest.raises(InputError, match="is not the name of an oidc-agent account"):
        AgentToken(account)


@pytest.mark.parametrize(
    "token", ["opaque-token", "a.b.c", "a..c", "a.W10.c", "a.eyJzdWIiOjd9.c", "a." + "W1" * 5000 + ".c"]
)
def test_token_that_does_not_say_whose_it_is_names_nobody(token: str) -> None:
    assert subject(token) == ""


def test_no_source_lets_a_token_be_seen(double: OrchestratorDouble) -> None:
    token = EndpointToken(f"{double.url}/token", grant).token()
    given = double.state.issue()
    GivenToken(lambda: given).token()
    assert redact.clean(f"{token} {given}") == f"{redact.MASK} {redact.MASK}"


def test_unreachable_endpoint_is_transient() -> None:
    with pytest.raises(TransientError, match="cannot connect"):
        EndpointToken("http://127.0.0.1:9/token", grant).token()


@pytest.mark.parametrize(
    "source",
    [
        'token = "env:IAM_TOKEN"\n',
        ENDPOINT,
        ENDPOINT + 'refresh_token = "env:REFRESH"\n',
    ],
)
def test_settings_name_the_source_and_its_secrets(
    double: OrchestratorDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    double.client_secret = "-".join(["only", "for", "this", "test"])
    monkeypatch.setenv("IAM_TOKEN", double.state.issue())
    monkeypatch.setenv("CLIENT_SECRET", double.client_secret)
    monkeypatch.setenv("REFRESH", "-".join(["refresh", "token", "of", "this", "test"]))
    platform = Platform(tmp_path / "platform")
    text = f'[engine]\nkind = "indigo-orchestrator"\nurl = "{double.url}"\ngroup = "school"\n'
    platform.write({"mattone.toml": text + source.replace("URL", double.url)})
    engine = open_engine(open_site(platform.root))
    assert engine.find(NAME) == ()
    assert engine.instance == f"{double.url} as subject@https://iam.example.org/"
    engine.close()


def test_secret_without_a_value_is_told_before_anything_is_sent(
    double: OrchestratorDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IAM_TOKEN", raising=False)
    platform = Platform(tmp_path / "platform")
    text = f'[engine]\nkind = "indigo-orchestrator"\nurl = "{double.url}"\ngroup = "school"\ntoken = "env:IAM_TOKEN"\n'
    platform.write({"mattone.toml": text})
    with pytest.raises(InputError, match="the secret env:IAM_TOKEN has no value"):
        open_engine(open_site(platform.root)).find(NAME)
    assert double.requests == []
