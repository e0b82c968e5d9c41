"""Providers, agreements, and where a deployment may run."""

from __future__ import annotations

import pytest

from mattone.errors import FindingsError
from mattone.platform.federation import agreement, load_federation, place
from mattone.platform.keys import KEYS, load_keys
from tests.small import FILES, MemoryTree, deployment, wish

GROUP = "federation/groups/school.yaml"
PROVIDERS = "federation/providers.yaml"


def placed(text: str, files: dict[str, str] | None = None, name: str = "school/page") -> tuple[str, list[str]]:
    provider, said = place(load_federation(MemoryTree(files or dict(FILES))), deployment(text, name))
    return provider, [f"{one.rule} {one.message} ({one.hint})" for one in said]


def test_the_first_agreement_that_offers_the_service_is_preferred() -> None:
    assert placed(wish()) == ("local", [])
    only = {**FILES, GROUP: "slas:\n  - {id: a, provider: local, services: [other]}\n  - {id: b, provider: far}\n"}
    assert placed(wish(), only) == ("far", [])


def test_a_named_provider_is_taken_when_the_group_may_use_it() -> None:
    assert placed(wish() + "provider: far\n") == ("far", [])


def test_the_agreement_is_the_first_that_covers_the_service_at_its_provider() -> None:
    slas = (
        "slas:\n  - {id: a, provider: far, services: [other]}\n  - {id: b, provider: far}\n  - {id: c, provider: far}\n"
    )
    federation = load_federation(MemoryTree({**FILES, GROUP: slas}))
    found = agreement(federation, deployment(wish() + "provider: far\n"))
    assert found is not None
    assert found.id == "b"
    assert agreement(federation, deployment(wish() + "provider: local\n")) is None


def test_a_provider_may_say_its_region() -> None:
    text = "providers:\n  local: {engine: e, region: north}\n  far: {engine: e}\n"
    found = load_federation(MemoryTree({**FILES, PROVIDERS: text})).providers
    assert (found["local"].region, found["far"].region) == ("north", "")


@pytest.mark.parametrize(
    ("text", "files", "name", "said"),
    [
        (wish(), None, "other/page", "DEP1012 the group 'other' has no agreement with a provider"),
        (
            wish() + "provider: lcoal\n",
            None,
            "school/page",
            "DEP1009 there is no provider 'lcoal' (did you mean 'local'",
        ),
        (
            wish() + "provider: far\n",
            {GROUP: "slas: [{id: a, provider: local}]\n"},
            "school/page",
            "DEP1012 the group 'school' may not run 'page' at far (providers for it: local)",
        ),
        (
            wish(),
            {GROUP: "slas: [{id: a, provider: local, services: [other]}]\n"},
            "school/page",
            "DEP1012 the group 'school' may not run 'page' (no provider of the group offers it)",
        ),
    ],
)
def test_where_it_may_not_run_is_told(text: str, files: dict[str, str] | None, name: str, said: str) -> None:
    provider, told = placed(text, {**FILES, **(files or {})}, name)
    assert provider == ""
    assert len(told) == 1
    assert told[0].startswith(said)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (PROVIDERS, "providers: []\n", "FED1004"),
        (PROVIDERS, "provider: {}\n", "FED1002"),
        (PROVIDERS, "providers: {local: }\n", "FED1001"),
        (PROVIDERS, "providers: {local: {engin: x}}\n", "FED1002 unknown field 'engin'"),
        (GROUP, "slas: [{id: a, provider: lcoal}]\n", "FED1009 there is no provider 'lcoal'"),
        (GROUP, "slas: [{id: a}]\n", "FED1003 the field 'provider' is missing"),
        (GROUP, "slas: [local]\n", "FED1001"),
        (GROUP, "group: other\nslas: []\n", "FED1007 the group must be the file's name, 'school'"),
        (GROUP, "slas: [\n", "YAML1001"),
    ],
)
def test_every_bad_file_is_refused_with_its_place(path: str, text: str, said: str) -> None:
    with pytest.raises(FindingsError, match=said):
        load_federation(MemoryTree({**FILES, path: text}))


def test_errors_of_all_files_are_told_at_once() -> None:
    with pytest.raises(FindingsError, match="2 errors") as caught:
        load_federation(MemoryTree({PROVIDERS: "providers: {a: {engine: 1}}\n", GROUP: "slas: 1\n"}))
    assert GROUP in caught.value.message
    assert PROVIDERS in caught.value.message


def test_without_a_federation_nobody_may_run_anything() -> None:
    assert load_federation(MemoryTree({})).providers == {}
    assert placed(wish(), {"x": ""})[0] == ""


def test_a_file_without_anything_in_it_is_an_empty_one() -> None:
    assert load_federation(MemoryTree({**FILES, GROUP: "# nothing yet\n"})).agreements == {}


def a_key(public: str = "A" * 43 + "=", more: str = "") -> str:
    """One entry of `federation/keys.yaml`, on one line."""
    return f'{{public: "{public}", owner: a, environments: [production], from: "2026-01-01T00:00:00Z"{more}}}'


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{}", "FED1004"),
        ("[{owner: a}]", "FED1003 the field 'public' is missing"),
        (f"[{a_key(more=', key: 1')}]", "FED1002 unknown field 'key'"),
        (f"[{a_key('not base64')}]", "FED1020"),
        (f"[{a_key('QUJD')}]", "FED1020"),
        (f"[{a_key(more=', until: tomorrow')}]", "FED1021 'until' is no time"),
        (f"[{a_key()}, {a_key()}]", "FED1022"),
    ],
)
def test_every_bad_key_is_refused(keys: str, said: str) -> None:
    with pytest.raises(FindingsError, match=said):
        load_keys(MemoryTree({**FILES, KEYS: f"keys: {keys}\n"}))


def test_without_a_file_no_key_is_trusted() -> None:
    assert load_keys(MemoryTree({})) == {}
