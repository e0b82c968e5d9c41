"""Redaction: secrets in every spelling a tool may print, and text that would drive a terminal."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone import redact


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_secrets", ())


def canary(tail: str = "") -> str:
    """A secret made for one test, so that no fixed one is ever committed."""
    return secrets.token_urlsafe(18) + tail


def test_a_registered_secret_is_masked_wherever_it_stands() -> None:
    value = canary()
    redact.register([value])
    assert redact.clean(f"token={value}; again {value}{value}") == "token=(secret); again (secret)(secret)"


@pytest.mark.parametrize("tail", ["", '"quoted"', "back\\slash", "ünïcode", 'ü"both"', "a b+c/d?e&f", "tab\tnew"])
def test_the_spellings_that_tools_print_are_masked_too(tail: str) -> None:
    value = canary(tail)
    redact.register([value])
    spellings = {
        "plain": value,
        "JSON": json.dumps({"x": value}),
        "JSON with its letters": json.dumps({"x": value}, ensure_ascii=False),
        "URL path": quote(value),
        "URL query": quote(value, safe=""),
        "base64": base64.b64encode(value.encode()).decode(),
        "Python": repr({"x": value}),
    }
    for name, text in spellings.items():
        shown = redact.clean(f"<{text}>")
        assert redact.MASK in shown, name
        assert value[:16] not in shown, name


def test_each_long_line_of_a_secret_of_many_lines_is_masked_alone() -> None:
    first, second = canary(), canary()
    redact.register([f"{first}\n  {second}\nend\n"])
    assert redact.clean(f"{second}\nend") == "(secret)\nend"


def test_a_secret_within_another_leaves_nothing_of_the_longer_behind() -> None:
    inner = canary()
    redact.register([inner, f"{inner}-and-more"])
    assert redact.clean(f"x {inner}-and-more y {inner}") == "x (secret) y (secret)"


def test_very_short_values_do_not_mask_ordinary_words() -> None:
    redact.register(["abc", ""])
    assert redact.clean("abc of it") == "abc of it"


def test_cleaning_twice_is_cleaning_once() -> None:
    redact.register(["secret"])
    once = redact.clean("the secret is out")
    assert redact.clean(once) == once


@pytest.mark.parametrize("kind", ["", "RSA ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys_are_masked_without_being_registered(kind: str) -> None:
    body = "\n".join(canary() for _ in range(3))
    begin, end = (f"-----{word} {kind}PRIVATE KEY-----" for word in ("BEGIN", "END"))
    assert redact.clean(f"a\n{begin}\n{body}\n{end}\nb") == "a\n(secret)\nb"
    assert redact.clean(f"a\n{begin}\n{body}") == "a\n(secret)"  # cut off before its end


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("line\rover", "line\\x0dover"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("\ufeffbom \x9b", "\\ufeffbom \\x9b"),
        ("one\u2028two\u2029", "one\\u2028two\\u2029"),
        ("\u061cmark", "\\u061cmark"),
        ("bad \udcff name", "bad \\udcff name"),
        ("tab\tand\nnewline stay", "tab\tand\nnewline stay"),
        ("Größe 🧱", "Größe 🧱"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str) -> None:
    assert redact.visible(text) == shown


@given(st.text())
def test_what_is_visible_can_be_printed_and_drives_nothing(text: str) -> None:
    shown = redact.visible(text)
    shown.encode()
    assert not any(c in shown for c in "\x1b\r\x07\x08\u202e")
    assert redact.visible(shown) == shown


@given(st.text(), st.integers(2, 50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = redact.one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_secret_is_masked_before_a_line_is_cut() -> None:
    value = canary()
    redact.register([value])
    assert value[:4] not in redact.one_line("x" * 20 + value, 30)
