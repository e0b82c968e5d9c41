"""Typing never breaks it: every question has an answer in any text, also while a large one is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from mattone.lsp.check import check
from mattone.lsp.desk import Desk, Question
from mattone.lsp.report import diagnostics
from mattone.lsp.session import Session
from tests.lsp.client import Client, span
from tests.small import SERVICE, wish
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES

_TEXTS = {
    PATH: TEMPLATE,
    "tosca-types/example.yaml": TYPES,
    "deployments/school/a.yaml": wish(cpus=2),
    "catalog/page/service.yaml": SERVICE,
    "waivers.yaml": "waivers:\n- {rule: TOSCA2001, path: a, reason: r, owner: o, expires: '2030-01-01'}\n",
}
_TYPED = st.text(st.sampled_from("{}[]:,\"'-#|>&*!<> \n\r\ta$🧱\u2028\x00"), max_size=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("typed")
    for path, text in {**FILES, "mattone.toml": "", **_TEXTS}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
    return made


@given(
    path=st.sampled_from(sorted(_TEXTS)),
    at=st.integers(0, 3000),
    typed=_TYPED,
    cut=st.booleans(),
    gone=st.integers(0, 60),
)
@settings(max_examples=250)
def test_every_question_has_an_answer_whatever_is_typed(
    folder: Path, path: str, at: int, typed: str, cut: bool, gone: int
) -> None:
    text = _TEXTS[path]
    at = min(at, len(text))
    source = text[:at] + typed + ("" if cut else text[at + gone :])
    session = Session()
    one = session.open((folder / path).as_uri(), source, 1)
    assert one is not None
    question, desk = Question(one, session.overlay(one.root), 0), Desk(session)
    found = check(question.overlay, path, one.kind).findings
    own = [finding for finding in found if finding.place.path == path]
    assert all(shown.range.end.line < len(one.text.starts) for shown in diagnostics(own, one.text, folder))
    position = one.text.position(min(at + len(typed), len(source)))
    everything = lsp.Range(lsp.Position(0, 0), lsp.Position(10**6, 0))
    desk.hover(question, position, found)
    desk.definition(question, position)
    desk.completion(question, position)
    desk.references(question, position, True)
    desk.symbols(question)
    desk.actions(question, everything, None, found)


def _large(nodes: int) -> str:
    lines = [TEMPLATE[: TEMPLATE.index("  outputs:\n")].rstrip("\n")]
    for number in range(nodes // 2):
        lines += [f"    server_{number}:", "      type: example.Server"]
        lines += [f"    app_{number}:", "      type: example.App", "      properties: {title: {get_input: title}}"]
        lines += [f"      requirements: [{{host: server_{number}}}]"]
    return "\n".join([*lines, ""])


def test_a_large_template_is_checked_once_it_is_quiet_and_questions_are_served_meanwhile(
    server: Client, templates: Path
) -> None:
    text = _large(1000)
    uri = server.open(templates / PATH, text)
    server.checked(uri, 1)
    line = text[: text.index("{host: server_7}")].count("\n")
    column = text.split("\n")[line].index("server_7")
    server.published.clear()
    seen = set()
    for version in range(2, 22):  # as fast as it goes: no check is worth while in between
        word = "sever_7" if version % 2 else "server_7"
        old = 8 if version % 2 else 8 - (version > 2)
        server.change(uri, version, {"range": span(line, column, column + old), "text": word})
        seen.add(server.versions.get(uri))
    found = server.at("completion", uri, line, column + 3)
    assert "server_7" in {one["label"] for one in found["items"]}
    assert server.versions[uri] != 21
    assert "TOSCA1032" in {one["code"] for one in server.checked(uri, 21)}
    assert len(seen) <= 3
    server.close(uri)


def test_a_thousand_files_that_open_and_close_leave_nothing(server: Client, templates: Path) -> None:
    for number in range(1000):
        uri = server.open(templates / f"{number}.yaml", "node_types: 5\n")
        server.close(uri)
    last = server.open(templates / PATH)
    assert server.checked(last, 1) == []
    here = templates.as_uri()
    server.until(lambda: not any(found for uri, found in server.published.items() if uri.startswith(here)))
