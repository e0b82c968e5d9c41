"""`[engine]` of kind `indigo-orchestrator`: what it takes, and one clear message for what it does not."""

from __future__ import annotations

import pytest

from mattone.errors import InputError
from mattone.platform.orchestrator import OrchestratorSettings
from mattone.platform.settings import Settings, load_settings
from tests.small import MemoryTree

GOOD = '[engine]\nkind = "indigo-orchestrator"\nurl = "https://paas.example.org/orchestrator/"\ngroup = "school"\n'
ENDPOINT = 'token_url = "https://iam.example.org/token"\n'


def settings(text: str) -> Settings:
    return load_settings(MemoryTree({"mattone.toml": text}))


def test_the_smallest_table_has_defaults_for_the_rest() -> None:
    made = settings(GOOD + 'token = "env:IAM_TOKEN"\n')
    assert made.engine == "indigo-orchestrator"
    assert made.orchestrator == OrchestratorSettings(
        "https://paas.example.org/orchestrator", "school", token="env:IAM_TOKEN"
    )


@pytest.mark.parametrize(
    "more",
    [
        'oidc_agent = "infn"\n',
        ENDPOINT + 'client_id = "mattone"\nrefresh_token = "env:REFRESH"\n',
        ENDPOINT + 'client_id = "mattone"\nclient_secret = "env:SECRET"\nscope = "openid"\n',
        'token = "env:T"\ntimeout = 240\nprovider_timeout = 240\nmax_providers = 3\nkeep_last_attempt = true\n',
        'token = "env:T"\nforce_deletion = true\nreset_deletion_after = 60\n',
    ],
)
def test_every_way_to_have_tokens_and_every_bound(more: str) -> None:
    assert settings(GOOD + more).orchestrator is not None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost/orchestrator", "http://[::1]:1"])
def test_this_host_needs_no_encryption(url: str) -> None:
    made = settings(GOOD.replace("https://paas.example.org/orchestrator/", url) + 'token = "env:T"\n')
    assert made.orchestrator is not None
    assert made.orchestrator.url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://paas.example.org",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "https://user:word@paas.example.org",
        "https://",
        "paas.example.org",
        "https://paas.example.org?x=1",
        "https://[",
        "https://paas.example.org:port",
    ],
)
def test_a_token_is_sent_over_https_alone(url: str) -> None:
    with pytest.raises(InputError, match=r"engine.url must be an https:// URL") as caught:
        settings(GOOD.replace("https://paas.example.org/orchestrator/", url) + 'token = "env:T"\n')
    assert str(caught.value.place) == "mattone.toml:3"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD, 1, "engine needs one source of tokens: it has none"),
        (GOOD + 'token = "env:T"\noidc_agent = "a"\n', 1, "one source of tokens: it has token and oidc_agent"),
        (GOOD + ENDPOINT, 5, "engine.token_url needs engine.client_id"),
        (GOOD + ENDPOINT + 'client_id = "m"\n', 5, "engine.token_url needs engine.client_secret"),
        (GOOD + 'token = "env:T"\nclient_id = "m"\n', 6, "engine.client_id is for engine.token_url"),
        (GOOD + 'token = "env:T"\ntimeout = 0\n', 6, "engine.timeout must be 1 or more"),
        (GOOD + 'token = "env:T"\ntimeout = 5\nprovider_timeout = 6\n', 7, "longer than engine.timeout"),
        (GOOD + 'token = "env:T"\ntimeout = "5"\n', 6, "engine.timeout must be a whole number, not a text"),
        (GOOD + 'token = "env:T"\ntimeout = true\n', 6, "engine.timeout must be a whole number, not true or false"),
        (GOOD + 'token = ""\n', 5, "engine.token is empty"),
        (GOOD + 'token = "env:T"\ntokn = "x"\n', 6, "unknown setting 'engine.tokn'"),
        ('[engine]\nkind = "indigo-orchestrator"\n', 1, "the setting 'engine.url' is missing"),
        ('[engine]\nkind = "infrastructure-manager"\nurl = "https://x"\n', 3, "unknown setting 'engine.url'"),
    ],
)
def test_bad_tables_are_one_message_with_a_place(text: str, line: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(text)
    assert message in str(caught.value)
    assert str(caught.value.place) == f"mattone.toml:{line}"
    assert caught.value.hint
