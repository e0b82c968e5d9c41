"""Secret references in inputs, and their values in memory alone."""

from __future__ import annotations

import secrets as random
from pathlib import Path

import pytest

from mattone import redact
from mattone.errors import InputError
from mattone.secrets.environment import EnvironmentStore
from mattone.secrets.resolve import references, resolve


@pytest.fixture
def values() -> dict[str, str]:
    return {name: random.token_urlsafe(18) for name in ("ONE", "TWO")}


def test_references_are_found_at_any_depth_by_their_path() -> None:
    inputs = {"a": {"secret": "env:ONE"}, "b": [{"c": {"secret": "vault:x/y#z"}}], "d": {"secret": "env:X", "more": 1}}
    assert {path: str(one) for path, one in references(inputs).items()} == {"a": "env:ONE", "b.0.c": "vault:x/y#z"}


def test_values_take_their_place_and_are_hidden_from_now_on(tmp_path: Path, values: dict[str, str]) -> None:
    inputs = {"a": {"secret": "env:ONE"}, "b": [1, {"c": {"secret": "env:TWO"}}], "d": "plain"}
    made = resolve(inputs, (EnvironmentStore(tmp_path, values),))
    assert made.inputs == {"a": values["ONE"], "b": [1, {"c": values["TWO"]}], "d": "plain"}
    assert inputs["a"] == {"secret": "env:ONE"}
    assert {path: row["reference"] for path, row in made.secrets.items()} == {"a": "env:ONE", "b.1.c": "env:TWO"}
    for value in values.values():
        assert value not in repr(made)
        assert value not in str(made.secrets)
        assert redact.clean(f"x{value}") == "x(secret)"


def test_keys_with_dots_do_not_mix_up_secrets(tmp_path: Path, values: dict[str, str]) -> None:
    inputs = {"a.b": {"secret": "env:ONE"}, "a": {"b": {"secret": "env:TWO"}}}
    made = resolve(inputs, (EnvironmentStore(tmp_path, values),))
    assert made.inputs == {"a.b": values["ONE"], "a": {"b": values["TWO"]}}


@pytest.mark.parametrize("text", ["env:", ":ONE", "ONE", "", "env"])
def test_what_is_no_reference_is_refused_with_its_input(text: str) -> None:
    with pytest.raises(InputError, match=r"input a.b: .* is not a secret reference"):
        references({"a": {"b": {"secret": text}}})


def test_an_unknown_store_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="input a: no secret store for 'vault'") as caught:
        resolve({"a": {"secret": "vault:x"}}, (EnvironmentStore(tmp_path, {}),))
    assert caught.value.hint == "configured: env"
