"""The questions of `mattone request`: what the form says of an input, and answers until the template takes one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mattone.commands import _questions
from mattone.platform.forms import FormField, load_form
from tests.small import MemoryTree
from tests.tosca.support import template

FORM = """\
tabs: {page: Page}
inputs:
  size:
    tab: page
    tag_type: select
    label: How large
    info_box: It can grow later.
    warning: "Large ones wait\\u001b[2J longer."
    values: {small: A small one, large: large}
  cpus: {tab: page, tag_type: select, label: Cores, values: [1, 2, 4]}
  title: {tab: page, tag_type: text, label: Title, placeholder: My page, group_overrides: {school: {label: Course}}}
  memory: {tab: page, tag_type: dependent_select, label: Memory, parent: size,
    values: {small: [1 GB, 2 GB], large: [2 GB, 4 GB]}}
"""


def fields() -> dict[str, FormField]:
    form, findings = load_form(MemoryTree({"catalog/page/form.yaml": FORM}), "page")
    assert form is not None
    assert not findings
    return dict(form.fields)


def answered(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    waiting: Iterator[str] = iter(answers)
    monkeypatch.setattr("builtins.input", lambda _question: next(waiting))


def test_a_question_shows_label_notes_warning_and_choices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(monkeypatch, "medium", "large")
    assert _questions._input(template(), "size", None, fields()["size"]) == "large"
    said = capsys.readouterr().out
    assert "\n  How large\n  It can grow later.\n  warning: Large ones wait" in said
    assert "\x1b" not in said
    assert "  choices: small (A small one), large\n" in said
    assert said.count("input `size` must be one of: small, large.") == 1, "the first answer, and not the second"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("cpus", ["Cores", "choices: 1, 2, 4"]),
        ("title", ["Title", "such as My page"]),
        ("memory", ["Memory", "choices: 1 GB, 2 GB, 4 GB"]),
    ],
)
def test_what_a_form_says_of_a_field(name: str, lines: list[str]) -> None:
    assert list(_questions._told(fields()[name])) == lines


def test_a_group_is_asked_in_its_own_words() -> None:
    title = fields()["title"]
    assert list(_questions._told(title.seen_by("school"))) == ["Course", "such as My page"]
    assert list(_questions._told(title.seen_by("other"))) == ["Title", "such as My page"]


def test_without_a_form_the_template_is_asked_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(monkeypatch, "4")
    assert _questions._input(template(), "cpus", None) == 4
    assert capsys.readouterr().out == "\ncpus (integer): Cores.\n"
