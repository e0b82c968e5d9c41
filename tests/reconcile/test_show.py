"""A plan as people read it: outside text in it is text, whatever it tries."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mattone import redact
from mattone.reconcile import show
from mattone.reconcile.plan import Change, FieldChange, Plan, Step

HOSTILE = (
    "@all", "<img src=x onerror=alert(1)>", "<!-- hidden", "</details>", "[x](http://evil.example)", "![x](y)",
    "`", "``` \n", "a | b", "a \\| b", "\\", "\\`", "a\\", "&#64;all &lt;b&gt;", "&commat;all", "# Title",
    "\n/merge\n", "**bold**", "~~x~~", "<https://evil.example>", "https://evil.example", "WWW.evil.example",
    "x\n| a | b |\n|---|---|", "\x1b[2J\x1b]0;x\x07", "\u202eevil", "-----",
)  # fmt: skip
OURS = {"h3", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "sub", "br"}
outside = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join))


def plan(*steps: Step) -> Plan:
    return Plan("production", "a" * 40, "b" * 40, steps)


def step(why: str = "why", fields: tuple[FieldChange, ...] = (), change: Change = Change.UPDATE) -> Step:
    return Step("school/page", change, why, "page 1.0.0", fields)


def changed(name: str = "title", old: object = "a", new: object = "b") -> FieldChange:
    return FieldChange("input", name, old, new)


class Seen(HTMLParser):
    """The tags of a page, its text outside code, the number of cells of each row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[int] = []
        self.running = ""
        self.code: list[str] = []
        self._in_code = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        assert not attrs, (tag, attrs)
        self._in_code = tag == "code"
        if tag == "code":
            self.code.append("")
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code[-1] += data
        else:
            self.running += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def rendered(text: str) -> Seen:
    return Seen(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def assert_harmless(made: Plan, sections: int = 1) -> Seen:
    text = show.as_markdown(made)
    seen = rendered(text)
    assert set(seen.tags) <= OURS
    assert seen.tags.count("h3") == 1
    assert seen.tags.count("strong") == sections
    assert set(seen.cells) <= {3}
    assert not re.search(r"@\w", seen.running)
    assert not re.search(r"(://|www\.)\w", seen.running, re.IGNORECASE), "a link made of bare text"
    assert not re.search(r"^\s*/\w", text, re.MULTILINE), "a quick action"
    assert text == redact.visible(text)
    return seen


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_reason_name_and_value_stay_text_in_the_comment(text: str) -> None:
    fields = (changed(new=text), changed(old=text), changed(new={"secret": text}), changed(new=[text, {text: text}]))
    assert_harmless(plan(step(text, fields)))
    assert_harmless(plan(Step("school/page", Change.UPDATE, "why", text, (FieldChange(text, text, text, text),))))


@given(outside, outside, outside)
@settings(deadline=None, max_examples=150)
def test_no_text_breaks_out_of_its_cell_or_sentence(why: str, name: str, value: str) -> None:
    seen = assert_harmless(plan(step(why, (changed(name, value, value),))))
    assert seen.cells == [3, 3]


@given(outside, outside)
@settings(deadline=None, max_examples=100)
def test_no_text_makes_a_line_of_its_own_on_the_terminal(why: str, value: str) -> None:
    made = plan(step(why, (changed(value or "x", value, value),)))
    assert len(redact.visible(show.as_text(made)).splitlines()) == 3


def test_value_is_shown_as_it_is_written() -> None:
    seen = assert_harmless(plan(step(fields=(changed(old="a|b", new="<c> & *d*"),))))
    assert seen.code[-2:] == ["a|b", "<c> & *d*"]


def test_secret_is_shown_as_its_reference_alone() -> None:
    assert show.value({"secret": "env:TOKEN"}) == "(secret env:TOKEN)"
    assert show.value({"secret": "env:TOKEN", "more": 1}).startswith("{")


def test_field_that_falls_back_to_its_default_says_so() -> None:
    text = show.as_text(plan(step(fields=(changed(old=2, new=None), changed("new", None, True)))))
    assert text.splitlines()[2:] == ["    input title: 2 -> (default)", "    input new: true"]


def test_summary_counts_what_happens() -> None:
    steps = [step(change=change) for change in (Change.CREATE, Change.CREATE, Change.DELETE, Change.NONE)]
    assert show.summary(plan(*steps)) == "2 to create, 1 to delete"
    assert show.summary(plan(step(change=Change.NONE))) == "no changes"


def test_deletion_says_that_data_goes() -> None:
    assert "their data are removed" in show.as_markdown(plan(step(change=Change.DELETE)))


@pytest.mark.parametrize("count", [150, 151, 152, 153])
def test_long_plan_is_cut_between_lines_and_stays_harmless(count: int) -> None:
    hostile = "<b>@all " + "x" * count
    fields = tuple(changed(f"{hostile}{number}", hostile, hostile) for number in range(20))
    made = plan(*(step(hostile, fields) for _ in range(60)))
    text = show.as_markdown(made)
    assert len(text) < show.LIMIT + 200
    assert text.rstrip().endswith("shows it whole.")
    seen = rendered(text)
    assert "b" not in seen.tags
    assert not re.search(r"@\w", seen.running)
    assert text.count("<details>") == text.count("</details>")
