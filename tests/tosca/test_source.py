"""Loading YAML: values, places, syntax errors, limits."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.errors import Place
from mattone.tosca.limits import MAX_BYTES
from mattone.tosca.source import Document, load

TEXT = """\
# a comment
service: jupyterlab
inputs:
  cpus: 4
  ports:
    - {name: https, port: 443}
    - name: ssh
"""


def doc(text: str) -> Document:
    return load("a.yaml", text.encode())


def rules(text: str | bytes) -> list[str]:
    return [found.rule for found in load("a.yaml", text if isinstance(text, bytes) else text.encode()).findings]


def test_values_are_plain() -> None:
    assert doc(TEXT).value == {
        "service": "jupyterlab",
        "inputs": {"cpus": 4, "ports": [{"name": "https", "port": 443}, {"name": "ssh"}]},
    }


def test_places_of_keys_values_and_list_items() -> None:
    document = doc(TEXT)
    assert document.place("service") == Place("a.yaml", 2, 10)
    assert document.key_place("service") == Place("a.yaml", 2, 1)
    assert document.place("inputs", "ports", 0, "port") == Place("a.yaml", 6, 27)
    assert document.key_place("inputs", "ports", 1) == Place("a.yaml", 7, 7)
    assert document.place() == Place("a.yaml", 2, 1)


def test_a_missing_path_is_placed_at_the_key_of_its_nearest_ancestor() -> None:
    document = doc(TEXT)
    assert document.place("inputs", "memory") == document.key_place("inputs")
    assert document.place("inputs", "ports", 1, "port") == document.key_place("inputs", "ports", 1)
    assert document.place("nothing", "at", "all") == Place("a.yaml", 2, 1)
    assert not document.has("inputs", "memory")
    assert document.has("inputs", "cpus")


def test_span_gives_the_text_of_a_value() -> None:
    document = doc(TEXT)
    begin, end = document.span("inputs", "ports", 0)
    assert document.text[begin:end] == "{name: https, port: 443}"
    assert document.span("missing") == (0, 0)


def test_bom_and_crlf_are_tolerated_and_places_stay_right() -> None:
    document = load("a.yaml", b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert document.value == doc(TEXT).value
    assert document.findings == ()
    assert document.place("inputs", "cpus") == Place("a.yaml", 4, 9)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_none_without_findings(text: str) -> None:
    document = doc(text)
    assert (document.value, document.findings, document.broken) == (None, (), False)
    assert document.place("a") == Place("a.yaml", document.place("a").line, 1)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, 2),
        ("a: 1\n\tb: 2\n", 2, 1),
        ("a: b: c\n", 1, 5),
        ("a: 'open\n", 2, 1),
        ("a: 1\n b: 2\n", 2, 3),
    ],
)
def test_a_syntax_error_is_a_finding_with_its_place(text: str, line: int, column: int) -> None:
    document = doc(text)
    assert document.broken
    assert document.value is None
    (found,) = document.findings
    assert (found.rule, found.place.line, found.place.column) == ("YAML1001", line, column)


def test_an_undecodable_byte_is_placed() -> None:
    document = load("a.yaml", "a: 1\nné: ".encode() + b"\xff\n")
    (found,) = document.findings
    assert (found.rule, found.place) == ("YAML1002", Place("a.yaml", 2, 5))


def test_a_control_character_is_a_finding_and_is_not_repeated_raw() -> None:
    (found,) = doc("a: 1\nb: x\x1b[31m\n").findings
    assert (found.rule, found.place) == ("YAML1001", Place("a.yaml", 2, 5))
    assert "U+001B" in found.message
    assert "\x1b" not in found.message


def test_a_duplicate_key_names_both_lines() -> None:
    document = doc("a:\n  b: 1\n  c: 2\n  b: 3\n")
    (found,) = document.findings
    assert (found.rule, found.place) == ("YAML1003", Place("a.yaml", 4, 3))
    assert "line 2" in found.message
    assert not document.broken


def test_two_documents_are_refused() -> None:
    assert rules("a: 1\n---\nb: 2\n") == ["YAML1007"]


def test_anchors_aliases_and_merge_keys_are_followed() -> None:
    document = doc("base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nall:\n  <<: [*b, *m]\n  y: 5\nsame: *b\n")
    assert document.value["all"] == {"y": 5, "x": 1, "z": 3}
    assert document.value["same"] == {"x": 1, "y": 2}
    assert document.place("all", "x") == Place("a.yaml", 1, 14)
    assert document.place("all", "y") == Place("a.yaml", 5, 6)
    assert document.findings == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: &a [*a]\n", "YAML1006"),
        ("? [a, b]\n: 1\n", "YAML1008"),
        ("? {a: b}\n: 1\n", "YAML1008"),
        ("a: !!python/object/apply:os.system [ls]\n", "YAML1009"),
        ("a: !vault abc\n", "YAML1009"),
        ("a: !!int abc\n", "YAML1009"),
        ("a: !!binary abcd\n", "YAML1009"),
        ("a: 1\n<<: 3\n", "YAML1010"),
        ("a: *nothing\n", "YAML1001"),
    ],
)
def test_what_has_no_plain_value_is_refused(text: str, rule: str) -> None:
    document = doc(text)
    assert [found.rule for found in document.findings] == [rule]
    assert document.value is None


def test_an_alias_bomb_is_refused_quickly() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 60))
    begun = time.process_time()
    document = doc(f"a0: &a0 [x, x]\n{levels}\n")
    assert [found.rule for found in document.findings] == ["YAML1006"]
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5_000, "\n".join(" " * n + "a:" for n in range(200))])
def test_deep_nesting_is_refused_without_a_crash(text: str) -> None:
    assert rules(text) == ["YAML1005"]


def test_a_huge_file_is_refused() -> None:
    assert rules(b"a" * (MAX_BYTES + 1)) == ["YAML1004"]


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("required: no", False, ["YAML3001"]),
        ("required: false", False, []),
        ("required: 'no'", "no", []),
        ("no: x", None, ["YAML2001"]),
        ("version: 20.04", 20.04, ["YAML2002"]),
        ("x: 1.10", 1.1, ["YAML2002"]),
        ("x: 1.0", 1.0, []),
        ("version: '20.04'", "20.04", []),
        ("mode: 0755", 493, ["YAML2003"]),
        ("mode: 0o755", "0o755", []),
        ("time: 22:22", 1342, ["YAML2004"]),
        ("x: 2024-02-16", "2024-02-16", ["YAML2005"]),
        ("x: 1_000", 1000, ["YAML2006"]),
        ("x: 0x1F", 31, []),
        ("x: 0", 0, []),
        ("x: ~", None, []),
        ("x: -1.5e+3", -1500.0, []),
        ("x: !!str 12", "12", []),
    ],
)
def test_yaml_1_1_traps(text: str, value: object, found: list[str]) -> None:
    document = doc(text)
    assert [finding.rule for finding in document.findings] == found
    assert next(iter(document.value.values())) == value or "no: x" in text


def test_values_are_those_of_pyyaml() -> None:
    numbers = "1 -1 +1 0b11 0x1f 017 1:30 1.5 .5 5. 1e3 1.e+3 .inf -.INF 190:20:30.15 0 00 1__0 685_230.15"
    words = ["yes", "No", "TRUE", "off", "~", "null", "", "a b", "'1'", '"2"']
    text = "\n".join(f"k{n}: {value}" for n, value in enumerate([*numbers.split(), *words]))
    assert doc(text).value == yaml.safe_load(text)


@settings(max_examples=200, deadline=1000)
@given(st.text(max_size=200))
def test_any_text_loads_or_is_explained(text: str) -> None:
    document = load("a.yaml", text.encode("utf-8", "surrogatepass"))
    assert document.value is None or not document.broken
    if document.broken:
        assert document.findings
    for found in document.findings:
        assert found.place.line >= 1


@settings(max_examples=200, deadline=1000)
@given(st.binary(max_size=100))
def test_any_bytes_load_or_are_explained(data: bytes) -> None:
    document = load("a.yaml", data)
    assert not document.broken or document.findings


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=1000)
@given(_PLAIN)
def test_what_pyyaml_writes_loads_equal_and_every_value_has_a_place(value: object) -> None:
    document = load("a.yaml", yaml.safe_dump(value).encode())
    assert not document.broken, document.findings
    assert document.value == value
    lines = document.text.count("\n") + 1
    for keys in _paths(value):
        assert document.has(*keys)
        assert 1 <= document.place(*keys).line <= lines


def _paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [above]
    pairs = list(value.items()) if isinstance(value, dict) else []
    pairs += list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in pairs:
        found += _paths(inner, (*above, key))
    return found
